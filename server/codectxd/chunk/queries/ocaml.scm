; Definitions in OCaml, in modules and in their interfaces. What `let ... in` names does not count, nor what is
; in a module that it names.
(let_expression (module_definition (module_binding . (module_name) @name) @local))
(module_binding . (module_name) @name) @module
(module_type_definition (module_type_name) @name) @interface
(class_binding (class_name) @name) @class
(class_type_binding (class_type_name) @name) @interface
(method_definition (method_name) @name) @method
(method_specification (method_name) @name) @method
(type_binding name: (type_constructor) @name) @type
(type_binding body: (variant_declaration (constructor_declaration (constructor_name) @name) @constant))
(exception_definition (constructor_declaration (constructor_name) @name)) @type
(external [(value_name) @name (parenthesized_operator (_) @name)]) @function
(value_specification
  [(value_name) @name (parenthesized_operator (_) @name)]
  type: [(function_type) (polymorphic_type (function_type))]) @function
(value_specification [(value_name) @name (parenthesized_operator (_) @name)]) @variable
