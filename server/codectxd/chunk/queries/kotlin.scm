; Definitions in Kotlin. What an unnamed companion holds belongs to its class; an extension belongs to the type it extends.
(class_declaration "interface" name: (identifier) @name) @interface
(class_declaration
  (modifiers (class_modifier) @_enum)
  name: (identifier) @name
  (#eq? @_enum "enum")) @enum
(class_declaration name: (identifier) @name) @class
(object_declaration name: (identifier) @name) @class
(companion_object name: (identifier) @name) @class

; After an annotation the grammar takes some classes for expressions: `annotation class A`, `data object A`, `enum class A {`.
(annotated_expression
  (infix_expression . (identifier) . (identifier) @_word . (identifier) @name)
  (#any-of? @_word "class" "object")) @class
(annotated_expression
  (infix_expression . (identifier) . (identifier) @_word . (call_expression . (identifier) @name))
  (#eq? @_word "class")) @enum

(enum_entry . (identifier) @name) @constant
(enum_entry (modifiers) . (identifier) @name) @constant
(type_alias type: (identifier) @name) @type

(function_declaration
  [(user_type) @container (nullable_type (user_type) @container) (parenthesized_type (_) @container)]
  .
  name: (identifier) @name) @method
(enum_entry (class_body (function_declaration name: (identifier) @name) @method))
(function_declaration name: (identifier) @name) @function
(secondary_constructor "constructor" @name) @constructor

(property_declaration
  (modifiers (property_modifier) @_const)
  (variable_declaration . (identifier) @name)
  (#eq? @_const "const")) @constant.global
(source_file
  (property_declaration
    [(user_type) @container (nullable_type (user_type) @container)]
    .
    (variable_declaration . (identifier) @name)) @property)
(source_file (property_declaration (variable_declaration . (identifier) @name)) @property)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @property.global)
(enum_class_body (property_declaration (variable_declaration . (identifier) @name)) @property.global)
(class_parameter ["val" "var"] . (identifier) @name) @property
