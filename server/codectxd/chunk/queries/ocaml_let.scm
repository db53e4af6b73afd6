; Definitions that only an OCaml module has, not its interface.
(compilation_unit
  (value_definition
    (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)] (parameter)) @function))
(structure
  (value_definition
    (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)] (parameter)) @function))
(compilation_unit
  (value_definition
    (let_binding
      pattern: [(value_name) @name (parenthesized_operator (_) @name)]
      body: [(fun_expression) (function_expression)]) @function))
(structure
  (value_definition
    (let_binding
      pattern: [(value_name) @name (parenthesized_operator (_) @name)]
      body: [(fun_expression) (function_expression)]) @function))
(value_definition (let_binding pattern: (string (string_content) @name))) @test
(compilation_unit
  (value_definition (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)]) @variable))
(structure
  (value_definition (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)]) @variable))
(compilation_unit
  (value_definition
    (let_binding
      pattern: [
        (tuple_pattern (value_name) @name)
        (parenthesized_pattern (tuple_pattern (value_name) @name))
      ]) @variable))
(structure
  (value_definition
    (let_binding
      pattern: [
        (tuple_pattern (value_name) @name)
        (parenthesized_pattern (tuple_pattern (value_name) @name))
      ]) @variable))
