; Definitions in C++. Prototypes count where no function around them makes them local; of what a class holds, data members do
; not count unless they belong to the class itself. A qualified name says the container of what is defined outside of it.

; Functions with a body. What bears no type is a constructor or the like if it stands in a class or is qualified, and
; else the use of a macro; of those, tests are known.
(function_definition
  declarator: [
    (function_declarator declarator: (qualified_identifier) @name)
    (_ (function_declarator declarator: (qualified_identifier) @name))
    (_ (_ (function_declarator declarator: (qualified_identifier) @name)))
    (qualified_identifier) @name
  ]) @method
(function_definition
  type: (_)
  declarator: [
    (function_declarator declarator: [(identifier) (operator_name)] @name)
    (_ (function_declarator declarator: [(identifier) (operator_name)] @name))
    (_ (_ (function_declarator declarator: [(identifier) (operator_name)] @name)))
  ]) @function
(field_declaration_list
  (function_definition
    declarator: [
      (function_declarator declarator: [(identifier) (field_identifier) (operator_name) (destructor_name)] @name)
      (_ (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name))
      (_ (_ (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name)))
      (operator_cast) @name
    ]) @function)
(field_declaration_list
  (template_declaration
    (function_definition
      !type
      declarator: [(function_declarator declarator: (identifier) @name) (operator_cast) @name]) @function))
(function_definition
  !type
  declarator: (function_declarator
    declarator: (identifier) @_macro
    parameters: (parameter_list
      .
      (parameter_declaration type: (type_identifier) @container)
      .
      (parameter_declaration type: (type_identifier) @name)
      .))
  (#match? @_macro "^(TYPED_)?TEST")) @function

; Prototypes.
(declaration
  type: (_)
  declarator: [
    (function_declarator declarator: [(identifier) (operator_name)] @name)
    (_ (function_declarator declarator: [(identifier) (operator_name)] @name))
    (_ (_ (function_declarator declarator: [(identifier) (operator_name)] @name)))
  ]) @function.global
(field_declaration_list
  (declaration
    declarator: [
      (function_declarator declarator: [(identifier) (destructor_name)] @name)
      (operator_cast) @name
    ]) @function.global)
(field_declaration_list
  (template_declaration
    (declaration
      !type
      declarator: [(function_declarator declarator: (identifier) @name) (operator_cast) @name]) @function.global))
(field_declaration
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))
    (_ (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name)))
  ]) @function.global

; Types.
(template_declaration) @outer
(namespace_definition name: (_) @name) @module
(class_specifier name: (_) @name body: (_)) @class
(struct_specifier name: (_) @name body: (_)) @struct
(union_specifier name: (_) @name body: (_)) @struct
(enum_specifier name: (_) @name body: (_)) @enum
(enumerator name: (identifier) @name) @constant
(concept_definition name: (identifier) @name) @type
(alias_declaration name: (type_identifier) @name) @type.global
(type_definition
  declarator: [
    (type_identifier) @name
    (pointer_declarator declarator: (type_identifier) @name)
    (array_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))
    (function_declarator declarator: (type_identifier) @name)
  ]) @type.global

; Macros, which no scope holds.
(preproc_def name: (identifier) @name value: (_)) @constant.root
(preproc_function_def name: (identifier) @name) @macro.root

; Constants and variables, and the members that all objects of a class share.
(declaration
  (type_qualifier) @_qualifier
  declarator: (init_declarator
    declarator: [
      (identifier) @name
    (qualified_identifier) @name
      (array_declarator declarator: [(identifier) (qualified_identifier)] @name)
      (pointer_declarator declarator: (identifier) @name)
      (pointer_declarator declarator: (array_declarator declarator: (identifier) @name))
    ])
  (#match? @_qualifier "^const")) @constant.global
(declaration
  declarator: [
    (identifier) @name
    (qualified_identifier) @name
    (array_declarator declarator: [(identifier) (qualified_identifier)] @name)
    (init_declarator
      declarator: [
        (identifier) @name
    (qualified_identifier) @name
        (array_declarator declarator: [(identifier) (qualified_identifier)] @name)
        (pointer_declarator declarator: (identifier) @name)
        (reference_declarator (identifier) @name)
        (pointer_declarator declarator: (array_declarator declarator: (identifier) @name))
      ])
  ]) @variable.global
(field_declaration
  (storage_class_specifier) @_static
  (type_qualifier) @_qualifier
  declarator: [
    (field_identifier) @name
    (array_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (field_identifier) @name)
  ]
  (#eq? @_static "static")
  (#match? @_qualifier "^const")) @constant
(field_declaration
  (storage_class_specifier) @_static
  declarator: [
    (field_identifier) @name
    (array_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (field_identifier) @name)
  ]
  (#eq? @_static "static")) @variable
