; Definitions in Python. Functions in a class become methods; assignments count only at module level.
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(decorated_definition) @outer
(module (expression_statement (assignment left: (identifier) @name) @assigned))
(module (type_alias_statement left: (type (identifier) @name)) @type)
(module (type_alias_statement left: (type (generic_type (identifier) @name))) @type)
