; Definitions in Zig. What is imported is defined elsewhere; local variables do not count, local types and tests do.
(function_declaration name: (identifier) @name) @function
(variable_declaration
  "const" . (identifier) @name . "=" . (builtin_function (builtin_identifier) @_builtin)
  (#any-of? @_builtin "@import" "@cImport" "@This")) @nothing
(variable_declaration
  "const" . (identifier) @name . "="
  . (field_expression
    object: [
      (builtin_function (builtin_identifier) @_builtin)
      (field_expression object: (builtin_function (builtin_identifier) @_builtin))
      (field_expression object: (field_expression object: (builtin_function (builtin_identifier) @_builtin)))
    ])
  (#eq? @_builtin "@import")) @nothing
(variable_declaration "pub" "const" . (identifier) @name . "=" . (field_expression)) @constant.global
(variable_declaration "const" . (identifier) @name . "=" . (field_expression)) @nothing
(variable_declaration "const" . (identifier) @name "=" . (struct_declaration)) @struct
(variable_declaration "const" . (identifier) @name "=" . (union_declaration)) @struct
(variable_declaration "const" . (identifier) @name "=" . (enum_declaration)) @enum
(variable_declaration "const" . (identifier) @name "=" . (error_set_declaration)) @enum
(variable_declaration "const" . (identifier) @name "=" . (opaque_declaration)) @struct
(source_file (variable_declaration "const" . (identifier) @name) @constant)
(source_file (variable_declaration "var" . (identifier) @name) @variable)
(struct_declaration (variable_declaration "const" . (identifier) @name) @constant)
(struct_declaration (variable_declaration "var" . (identifier) @name) @variable)
(union_declaration (variable_declaration "const" . (identifier) @name) @constant)
(enum_declaration (variable_declaration "const" . (identifier) @name) @constant)
(opaque_declaration (variable_declaration "const" . (identifier) @name) @constant)
(enum_declaration (container_field name: (identifier) @name) @constant (#not-eq? @name "_"))
(variable_declaration (error_set_declaration (identifier) @name @constant))
(test_declaration [(string (string_content) @name) (identifier) @name]) @test
