; Definitions in Bash and its relatives. Of the variables those count that a script sets at its top, in capitals.
(function_definition name: (word) @name) @function
(program (variable_assignment name: (variable_name) @name) @capitals)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @capitals)
; And what it sets there under a condition.
(program
  (if_statement
    [
      (variable_assignment name: (variable_name) @name)
      (declaration_command (variable_assignment name: (variable_name) @name))
    ] @capitals))
(program
  (if_statement
    (_
      [
        (variable_assignment name: (variable_name) @name)
        (declaration_command (variable_assignment name: (variable_name) @name))
      ] @capitals)))
(program
  (list
    [
      (variable_assignment name: (variable_name) @name)
      (declaration_command (variable_assignment name: (variable_name) @name))
    ] @capitals))
(program
  (case_statement
    (case_item
      [
        (variable_assignment name: (variable_name) @name)
        (declaration_command (variable_assignment name: (variable_name) @name))
      ] @capitals)))
(command
  name: (command_name (word) @_command)
  argument: (concatenation . (word) @name)
  (#eq? @_command "alias")) @function
