; Definitions in Ruby. What `class << self` holds belongs to the class around it. Tests are named by what they say.
(module name: (_) @name) @module
(class name: (_) @name) @class
(method name: (_) @name) @function.member
(singleton_method name: (_) @name) @method
(alias name: [(identifier) (constant) (setter) (operator) (simple_symbol)] @name) @method

; Classes that are made by a call, and constants.
(assignment
  left: [(constant) (scope_resolution)] @name
  right: (call receiver: (constant) @_class method: (identifier) @_method)
  (#any-of? @_class "Struct" "Class" "Data" "Module")
  (#any-of? @_method "new" "define")) @class
(assignment left: [(constant) (scope_resolution)] @name) @constant
(assignment left: (left_assignment_list [(constant) @name (rest_assignment (constant) @name)])) @constant

; Methods that are made by a call.
(call
  !receiver
  method: (identifier) @_method
  arguments: (argument_list [(simple_symbol) (string)] @name)
  (#any-of? @_method
    "attr_accessor" "attr_reader" "attr_writer" "mattr_accessor" "mattr_reader" "cattr_accessor" "cattr_reader"
    "class_attribute")) @property
(call
  !receiver
  method: (identifier) @_method
  arguments: (argument_list . [(simple_symbol) (string)] @name)
  (#any-of? @_method "define_method" "define_singleton_method" "alias_method")) @method
(call
  !receiver
  method: (identifier) @_method
  arguments: (argument_list . (simple_symbol) @name . (lambda))
  (#eq? @_method "scope")) @method

; Tasks and tests. What a test is about is a scope.
(call
  !receiver
  method: (identifier) @_method
  arguments: (argument_list . [(simple_symbol) @name (pair key: (_) @name)])
  (#eq? @_method "task")) @function
(call
  method: (identifier) @_method
  arguments: (argument_list . [(constant) (scope_resolution)] @name)
  block: (_)
  (#any-of? @_method "describe" "context" "feature")) @namespace
(call
  method: (identifier) @_method
  arguments: (argument_list . (string . (string_content) @name))
  block: (_)
  (#any-of? @_method
    "describe" "context" "feature" "it" "specify" "scenario" "example" "test" "should" "shared_examples" "shared_examples_for"
    "shared_context")) @test
