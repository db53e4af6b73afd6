; Definitions in Scala, 2 and 3. An extension is a scope for what it adds to a type; values count where they are members.
(package_clause name: (_) @name body: (_)) @namespace
(package_object name: (identifier) @name) @module
(trait_definition name: (identifier) @name) @trait
(class_definition name: (identifier) @name) @class
(object_definition name: (identifier) @name) @class
(enum_definition name: (identifier) @name) @enum
(simple_enum_case name: (identifier) @name) @constant
(full_enum_case name: (identifier) @name) @constant
(type_definition name: (type_identifier) @name) @type.global
(given_definition name: (_) @name) @class
(extension_definition parameters: (parameters (parameter type: (_) @name))) @impl

(function_definition name: (_) @name) @function
(function_declaration name: (_) @name) @function

(compilation_unit (val_definition pattern: (identifier) @name) @variable)
(compilation_unit (val_definition pattern: (tuple_pattern (identifier) @name)) @variable)
(compilation_unit (var_definition pattern: (identifier) @name) @variable)
(template_body (val_definition pattern: (identifier) @name) @property.global)
(template_body (val_definition pattern: (tuple_pattern (identifier) @name)) @property.global)
(template_body (val_definition pattern: (identifiers (identifier) @name)) @property.global)
(template_body (var_definition pattern: (identifier) @name) @property.global)
(template_body (val_declaration name: (identifier) @name) @property.global)
(template_body (var_declaration name: (identifier) @name) @property.global)
(with_template_body (val_definition pattern: (identifier) @name) @property.global)
(enum_body (val_definition pattern: (identifier) @name) @property.global)
(class_parameter ["val" "var"] name: (identifier) @name) @property
