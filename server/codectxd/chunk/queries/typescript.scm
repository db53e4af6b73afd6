; Definitions that TypeScript adds to JavaScript's.
(abstract_class_declaration name: (type_identifier) @name) @class
(interface_declaration name: (type_identifier) @name) @interface
(type_alias_declaration name: (type_identifier) @name) @type
(enum_declaration name: (identifier) @name) @enum
(enum_body name: (property_identifier) @name @constant)
(enum_assignment name: (property_identifier) @name) @constant
(enum_assignment name: (string (string_fragment) @name)) @constant
(internal_module name: (_) @name) @module
(module name: (identifier) @name) @module
(module name: (string (string_fragment) @name)) @module
(function_signature name: (identifier) @name) @function
(method_signature name: (property_identifier) @name) @method
(abstract_method_signature name: (property_identifier) @name) @method
(class_body (public_field_definition name: (_) @name value: [(arrow_function) (function_expression)]) @method)
(internal_module
  body: (statement_block
    (export_statement
      [
        (lexical_declaration (variable_declarator name: (identifier) @name))
        (variable_declaration (variable_declarator name: (identifier) @name))
      ] @variable)))
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name)) @variable)
(ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name)) @variable)

; What a module of somewhere else holds, or the global scope, or a namespace that is only declared.
(module
  body: (statement_block
    [
      (lexical_declaration (variable_declarator name: (identifier) @name))
      (variable_declaration (variable_declarator name: (identifier) @name))
    ] @variable))
(module
  body: (statement_block
    (export_statement
      [
        (lexical_declaration (variable_declarator name: (identifier) @name))
        (variable_declaration (variable_declarator name: (identifier) @name))
      ] @variable)))
(ambient_declaration
  [(statement_block
    [
      (lexical_declaration (variable_declarator name: (identifier) @name))
      (variable_declaration (variable_declarator name: (identifier) @name))
    ] @variable)
   (internal_module
    body: (statement_block
      [
        (lexical_declaration (variable_declarator name: (identifier) @name))
        (variable_declaration (variable_declarator name: (identifier) @name))
      ] @variable))])
