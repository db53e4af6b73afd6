; Definitions in PHP. A namespace is around what follows it, except what `define` says; properties do not count.
(namespace_definition name: (namespace_name) @name body: (_)) @namespace
(namespace_definition name: (namespace_name) @name !body) @namespace.open
(class_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(trait_declaration name: (name) @name) @trait
(enum_declaration name: (name) @name) @enum
(enum_case name: (name) @name) @constant
(function_definition name: (name) @name) @function
(method_declaration name: (name) @name) @method
(const_declaration (const_element . (name) @name)) @constant
(expression_statement
  (function_call_expression
    function: [(name) (qualified_name)] @_function
    arguments: (arguments . (argument [(string (string_content) @name) (encapsed_string (string_content) @name)])))
  (#any-of? @_function "define" "\\define")) @constant.root
(program
  (expression_statement
    (assignment_expression
      left: (variable_name (name) @name)
      right: [(anonymous_function) (arrow_function)])) @function)
