; Definitions in TOML: tables by the last part of their name, repeated ones by the name that is set in them; and the keys of
; tables that hold what somebody named.
(table . [(bare_key) (quoted_key)] @name) @key
(table . (dotted_key (_) @container . [(bare_key) (quoted_key)] @name .)) @key
(table_array_element . (_) @container (pair . (bare_key) @_word (string) @name) (#eq? @_word "name")) @key
(table . (bare_key) @_word (pair . [(bare_key) (quoted_key)] @name) @key (#any-of? @_word "alias" "features" "tasks" "scripts"))
(table
  . (dotted_key (bare_key) @_word .)
  (pair . [(bare_key) (quoted_key)] @name) @key
  (#any-of? @_word "alias" "features" "tasks" "scripts"))
