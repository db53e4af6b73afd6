; Definitions that only plain JavaScript writes so.
(class_body (field_definition property: (_) @name value: [(arrow_function) (function_expression)]) @method)
