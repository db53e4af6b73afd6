; Definitions in Lua. What is written `M.a:b` stands in M.a.
(function_declaration name: [(identifier) (dot_index_expression)] @name) @function
(function_declaration name: (method_index_expression) @name) @method
(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @name)
  (expression_list . value: (function_definition))) @function
(assignment_statement
  (variable_list
    . name: (bracket_index_expression table: (_) @container field: (string content: (string_content) @name)))
  (expression_list . value: (function_definition))) @function

; Functions in tables, which have the table's name where it has one.
(assignment_statement
  (variable_list . name: [(identifier) (dot_index_expression)] @container)
  (expression_list
    . value: (table_constructor
      (field
        name: [(identifier) @name (string content: (string_content) @name)]
        value: (function_definition)) @function)))
(field name: [(identifier) @name (string content: (string_content) @name)] value: (function_definition)) @function

; What a file requires, or calls by a shorter name, is defined elsewhere; of the other variables those count that are written like constants or classes.
(assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list
    . value: [
      (function_call name: (identifier) @_require)
      (dot_index_expression table: (function_call name: (identifier) @_require))
    ])
  (#eq? @_require "require")) @nothing
(variable_declaration
  (assignment_statement
    (variable_list . name: (identifier) @name)
    (expression_list . value: [(dot_index_expression) (identifier)]))) @nothing
(chunk (assignment_statement (variable_list name: [(identifier) (dot_index_expression)] @name)) @assigned.class)
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @assigned.class)

; Tests, which are named by what they say.
(function_call
  name: (identifier) @_function
  arguments: (arguments . (string content: (string_content) @name) . (function_definition))
  (#any-of? @_function "describe" "context" "insulate" "it" "test" "spec")) @test
