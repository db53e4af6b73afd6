; Definitions in Rust. An impl block is a scope for what stands in it, not a definition of its own.
(function_item name: (_) @name) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (type_identifier) @name) @struct
(union_item name: (type_identifier) @name) @struct
(enum_item name: (type_identifier) @name) @enum
(enum_variant name: (identifier) @name) @constant
(trait_item name: (type_identifier) @name) @trait
(type_item name: (type_identifier) @name) @type
(associated_type name: (type_identifier) @name) @type
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @variable
(macro_definition name: (identifier) @name) @macro
(mod_item name: (identifier) @name body: (_)) @module
(impl_item type: (_) @name) @impl
