; Definitions in JavaScript, and those that TypeScript shares with it.
(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(class_declaration name: (_) @name) @class
(export_statement decorator: (decorator)) @outer
; What an object holds that is assigned belongs to what it is assigned to: `exports.handlers = {one() {}}`.
(assignment_expression
  left: (member_expression) @container
  right: (object (method_definition name: (property_identifier) @name) @method.global))
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @method

; A function that is given a name by the variable, the property or the export it is assigned to.
(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(variable_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function) (function_expression) (generator_function)])) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (class))) @class
; What a module exports is called by its own name, where it has one.
(program
  (expression_statement
    (assignment_expression
      left: (member_expression object: (_) @_module property: (property_identifier) @name)
      right: (_ name: (_)))) @nothing
  (#eq? @_module "module"))
(program
  (expression_statement
    (assignment_expression
      left: (member_expression object: (_) @_module)
      right: (class name: (_) @name))) @class
  (#eq? @_module "module"))
(program
  (expression_statement
    (assignment_expression
      left: (member_expression object: (_) @_module)
      right: [(function_expression name: (_) @name) (generator_function name: (_) @name)])) @function
  (#eq? @_module "module"))
(program
  (expression_statement
    (assignment_expression
      left: (member_expression object: (_) @container property: (property_identifier) @name)
      right: (class))) @class)
(program
  (expression_statement
    (assignment_expression
      left: (member_expression object: (_) @container property: (property_identifier) @name)
      right: [(arrow_function) (function_expression) (generator_function)])) @function)

; A component behind a wrapper: `const Row = memo(() => ...)`, `export default memo(function Shop() {})`.
(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: (call_expression arguments: (arguments . [(arrow_function) (function_expression)])))
  (#match? @name "^[A-Z]")) @function.global
(program
  (export_statement
    value: (call_expression arguments: (arguments . (function_expression name: (identifier) @name)))) @function)

; Methods of objects that stand at module level.
(program
  (lexical_declaration
    (variable_declarator
      value: (object
        (pair
          key: (property_identifier) @name
          value: [(arrow_function) (function_expression) (generator_function)]) @method))))
(program
  (export_statement
    (lexical_declaration
      (variable_declarator
        value: (object
          (pair
            key: (property_identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @method)))))

; And of objects that are exported or assigned, with what they hold in one object: `export default {methods: {go: () => 1}}`.
(export_statement
  value: [
    (object
      (pair
        key: (property_identifier) @name
        value: [(arrow_function) (function_expression) (generator_function)]) @method)
    (object
      (pair
        value: (object
          (pair
            key: (property_identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @method)))
    (_
      arguments: (arguments
        (object
          (pair
            key: (property_identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @method)))
    (_
      arguments: (arguments
        (object
          (pair
            value: (object
              (pair
                key: (property_identifier) @name
                value: [(arrow_function) (function_expression) (generator_function)]) @method)))))
  ])
(assignment_expression
  left: (member_expression) @container
  right: [
    (object
      (pair
        key: (property_identifier) @name
        value: [(arrow_function) (function_expression) (generator_function)]) @method.global)
    (object
      (pair
        value: (object
          (pair
            key: (property_identifier) @name
            value: [(arrow_function) (function_expression) (generator_function)]) @method.global)))
  ])

; A function or a class with a name of its own, wherever it stands; not where what holds it is called the same.
(function_expression name: (identifier) @name) @function.distinct
(generator_function name: (identifier) @name) @function.distinct
(class name: (_) @name) @class.distinct

; Everything else that is declared at module level; what a pattern above named already is not named again.
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @variable)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @variable))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name)) @variable))
