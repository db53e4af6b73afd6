; Definitions in Dart. The grammar has a function's body beside its signature: both together are the function.
(class_definition name: (identifier) @name) @class
(class_definition (mixin_application_class . (identifier) @name)) @class
(mixin_declaration (mixin) . (identifier) @name) @trait
(extension_declaration name: (identifier) @name) @class
(extension_declaration !name class: (_) @name) @impl
(extension_type_declaration name: (identifier) @name) @class
(enum_declaration name: (identifier) @name) @enum
(enum_constant name: (identifier) @name) @constant
(type_alias "typedef" . (type_identifier) @name . (type_parameters)? . "=") @type
(type_alias (type_identifier) @name . (type_parameters)? . (formal_parameter_list)) @type

; Functions with a body.
(program ((function_signature name: (identifier) @name) @function . (function_body) @function))
(program ((getter_signature name: (identifier) @name) @property . (function_body) @property))
(program ((setter_signature name: (identifier) @name) @property . (function_body) @property))
((method_signature (function_signature name: (identifier) @name)) @method . (function_body) @method)
((method_signature (getter_signature name: (identifier) @name)) @property . (function_body) @property)
((method_signature (setter_signature name: (identifier) @name)) @property . (function_body) @property)
((method_signature (operator_signature "operator" @name . _ @name)) @method . (function_body) @method)
((method_signature (constructor_signature (identifier) @name . (formal_parameter_list))) @constructor
  . (function_body) @constructor)
((method_signature (factory_constructor_signature (identifier) @name . (formal_parameter_list))) @constructor
  . (function_body) @constructor)
(local_function_declaration (lambda_expression (function_signature name: (identifier) @name))) @function

; Functions without one.
(program (function_signature name: (identifier) @name) @function)
(program (getter_signature name: (identifier) @name) @property)
(program (setter_signature name: (identifier) @name) @property)
(declaration (function_signature name: (identifier) @name)) @method
(declaration (getter_signature name: (identifier) @name)) @property
(declaration (setter_signature name: (identifier) @name)) @property
(declaration (operator_signature "operator" @name . _ @name)) @method
(declaration
  [
    (constructor_signature (identifier) @name . (formal_parameter_list))
    (constant_constructor_signature (identifier) @name . (formal_parameter_list))
    (factory_constructor_signature (identifier) @name . (formal_parameter_list))
    (redirecting_factory_constructor_signature (identifier) @name . (formal_parameter_list))
  ]) @constructor

; Fields, constants and variables.
(declaration (const_builtin) (static_final_declaration_list (static_final_declaration . (identifier) @name))) @constant
(declaration (static_final_declaration_list (static_final_declaration . (identifier) @name))) @property
(declaration (initialized_identifier_list (initialized_identifier . (identifier) @name))) @property
(program
  (const_builtin)
  . (type_identifier)? . (type_arguments)?
  . (static_final_declaration_list (static_final_declaration . (identifier) @name)) @constant)
(program (static_final_declaration_list (static_final_declaration . (identifier) @name) @variable))
(program (initialized_identifier_list (initialized_identifier . (identifier) @name) @variable))
