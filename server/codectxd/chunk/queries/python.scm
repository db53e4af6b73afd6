; Definitions in Python. Functions in a class become methods; assignments count at module level, also in what is there
; under a condition, and constants in classes.
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(decorated_definition) @outer
(module
  (expression_statement
    [
      (assignment
        left: [
          (identifier) @name
          (pattern_list (identifier) @name)
          (tuple_pattern (identifier) @name)
        ])
      (assignment right: (assignment left: (identifier) @name))
    ] @assigned))
(module (type_alias_statement left: (type (identifier) @name)) @type)
(module (type_alias_statement left: (type (generic_type (identifier) @name))) @type)

; Assignments under `if`, `try` and `with` at module level, and under one of these in another.
(module
  [
    (if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])
    (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])
    (with_statement (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))
  ])
(module
  [
    (if_statement [(block [(if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))]) (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])]) (_ (block [(if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))]) (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])]))])
    (try_statement [(block [(if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))]) (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])]) (_ (block [(if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))]) (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])]))])
    (with_statement (block [(if_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))]) (try_statement [(block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)) (_ (block (expression_statement (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @assigned)))])]))
  ])

; What a class holds: the members of an enumeration, whatever they are called, and else what is called like a constant.
(class_definition
  superclasses: (argument_list [(identifier) @_base (attribute attribute: (identifier) @_base)])
  body: (block
    (expression_statement
      (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @constant))
  (#match? @_base "(Enum|Flag)$")
  (#not-match? @name "^_"))
(class_definition
  body: (block
    (expression_statement
      (assignment left: [(identifier) @name (pattern_list (identifier) @name)]) @capitals)))
