; Definitions in Python. Functions in a class become methods. Assignments count outside of functions: at module level also
; under conditions, in classes those of constants, and the members of enumerations whatever they are called.
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(decorated_definition) @outer
(type_alias_statement left: (type [(identifier) @name (generic_type (identifier) @name)])) @type.global
(class_definition
  superclasses: (argument_list [(identifier) @_base (attribute attribute: (identifier) @_base)])
  body: (block
    (expression_statement
      (assignment left: [(identifier) @name (pattern_list (identifier) @name)])) @constant)
  (#match? @_base "(Enum|Flag)$")
  (#not-match? @name "^_"))
(class_definition
  body: (block
    (expression_statement
      (assignment left: [(identifier) @name (pattern_list (identifier) @name)])) @capitals))
(module
  (expression_statement
    [
      (assignment left: [(identifier) @name (pattern_list (identifier) @name) (tuple_pattern (identifier) @name)])
      (assignment right: (assignment left: (identifier) @name))
    ]) @assigned)
([
  (if_statement (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (elif_clause (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (else_clause (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (try_statement (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (except_clause (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (finally_clause (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
  (with_statement (block (expression_statement (assignment left: (identifier) @name)) @assigned.global))
]
  (#match? @name "^_?[A-Z]"))
