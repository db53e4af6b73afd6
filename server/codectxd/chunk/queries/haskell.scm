; Definitions in Haskell. An instance is a scope; what `where` and `let` name does not count. A signature and the equations
; after it are one function.
(header module: (module) @name) @module
(declarations (data_type name: (_) @name) @type)
(declarations (newtype name: (_) @name) @type)
(declarations (type_synonym name: (_) @name) @type)
(declarations (type_family name: (_) @name) @type)
(declarations (data_family name: (_) @name) @type)
(class_declarations (type_family name: (_) @name) @type)
(class_declarations (data_family name: (_) @name) @type)
(class name: (_) @name) @class
; What makes values of a type; one that is called as the type is no second definition.
(data_constructor
  [
    (prefix name: [(constructor) @name (prefix_id (constructor_operator) @name)])
    (record name: [(constructor) @name (prefix_id (constructor_operator) @name)])
    (infix operator: [(constructor_operator) @name (infix_id (constructor) @name)])
  ]) @constant.distinct
(newtype_constructor name: (constructor) @name) @constant.distinct
(gadt_constructor name: (constructor) @name) @constant.distinct
(gadt_constructor names: (binding_list name: (constructor) @name)) @constant.distinct
(instance patterns: (type_patterns) @name) @impl

(declarations
  (signature name: [(variable) @name (prefix_id (operator) @name)]) @function)
(declarations
  (function name: [(variable) @name (prefix_id (operator) @name)]) @function)
(declarations
  (function (infix operator: [(operator) @name (infix_id (variable) @name)])) @function)
(declarations
  (bind name: [(variable) @name (prefix_id (operator) @name)]) @function)
(foreign_import signature: (signature name: (variable) @name)) @function
(class_declarations
  (signature
    [
      name: [(variable) @name (prefix_id (operator) @name)]
      names: (binding_list name: [(variable) @name (prefix_id (operator) @name)])
    ]) @method)
(instance_declarations
  (function name: [(variable) @name (prefix_id (operator) @name)]) @method)
(instance_declarations
  (function (infix operator: [(operator) @name (infix_id (variable) @name)])) @method)
(instance_declarations
  (bind name: [(variable) @name (prefix_id (operator) @name)]) @method)
(pattern_synonym (signature synonym: (constructor) @name)) @function
(pattern_synonym
  (equation
    synonym: [
      (constructor) @name
      (apply function: (constructor) @name)
      (apply function: (apply function: (constructor) @name))
      (record constructor: (constructor) @name)
    ])) @function
