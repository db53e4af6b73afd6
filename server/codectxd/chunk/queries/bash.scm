; Definitions in Bash and its relatives. Of the variables those count that a script sets outside of functions, in
; capitals, and not for one command.
(function_definition name: (word) @name) @function
(command (variable_assignment name: (variable_name) @name)) @nothing
((variable_assignment name: (variable_name) @name) @capitals.global (#match? @name "^_?[A-Z]"))
(command
  name: (command_name (word) @_command)
  argument: (concatenation . (word) @name)
  (#eq? @_command "alias")) @function
