; Definitions in Elixir, where all of them are calls. Functions of one name differ by how many arguments they take. What leads
; to a function (its documentation, its types) belongs to it.
(call
  target: (identifier) @_call
  (arguments . [(alias) (dot)] @name)
  (#eq? @_call "defmodule")) @module
(call
  target: (identifier) @_call
  (arguments . (alias) @name)
  (#eq? @_call "defprotocol")) @interface
(call
  target: (identifier) @_call
  (arguments . (alias) @name .)
  (#eq? @_call "defimpl")) @impl
(call
  target: (identifier) @_call
  (arguments . (alias) @name . (keywords . (pair value: [(list) (identifier)])))
  (#eq? @_call "defimpl")) @impl
(call
  target: (identifier) @_call
  (arguments . (alias) . (keywords . (pair value: (alias) @name)))
  (#eq? @_call "defimpl")) @impl

(call
  target: (identifier) @_call
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name (arguments) @arguments)
      (binary_operator
        left: [(identifier) @name (call target: (identifier) @name (arguments) @arguments)]
        operator: "when")
    ])
  (#any-of? @_call "def" "defp" "defdelegate" "defn" "defnp")) @function
(call
  target: (identifier) @_call
  (arguments
    . [
      (binary_operator operator: _ @name)
      (unary_operator operator: _ @name)
      (binary_operator left: (binary_operator operator: _ @name) operator: "when")
    ])
  (#any-of? @_call "def" "defp" "defdelegate")
  (#not-eq? @name "when")) @function
(call
  target: (identifier) @_call
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name (arguments) @arguments)
      (binary_operator
        left: [(identifier) @name (call target: (identifier) @name (arguments) @arguments)]
        operator: "when")
    ])
  (#any-of? @_call "defmacro" "defmacrop" "defguard" "defguardp")) @macro
(call
  target: (identifier) @_call
  (arguments
    . [
      (binary_operator operator: _ @name)
      (unary_operator operator: _ @name)
      (binary_operator left: (binary_operator operator: _ @name) operator: "when")
    ])
  (#any-of? @_call "defmacro" "defmacrop")
  (#not-eq? @name "when")) @macro
(call
  target: (identifier) @_call
  (arguments . (string (quoted_content) @name))
  (do_block)
  (#any-of? @_call "test" "describe" "property")) @test
; A struct has no name but its module's: it is called by the word that says what it is.
(call
  target: (identifier) @name
  (arguments . (_))
  (#any-of? @name "defstruct" "defexception")) @struct

; Module attributes.
(unary_operator
  operator: "@"
  operand: (call
    target: (identifier) @_attribute
    (arguments
      . (binary_operator
        left: [
          (identifier) @name
          (call target: (identifier) @name)
          (binary_operator left: [(identifier) @name (call target: (identifier) @name)])
        ])))
  (#any-of? @_attribute "type" "typep" "opaque")) @type
(unary_operator
  operator: "@"
  operand: (call
    target: (identifier) @_attribute
    (arguments
      . (binary_operator
        left: [(call target: (identifier) @name) (binary_operator left: (call target: (identifier) @name))])))
  (#any-of? @_attribute "callback" "macrocallback")) @method
(unary_operator
  operator: "@"
  operand: (call target: (identifier) @_attribute)
  (#any-of? @_attribute
    "doc" "spec" "impl" "typedoc" "deprecated" "since" "dialyzer" "tag" "describetag" "decorate" "desc" "shortdoc")) @lead
(call
  target: (identifier) @_call
  (arguments . (atom))
  (#any-of? @_call "attr" "slot")) @lead
(unary_operator
  operator: "@"
  operand: (call target: (identifier) @name)
  (#any-of? @name
    "moduledoc" "doc" "typedoc" "shortdoc" "spec" "type" "typep" "opaque" "callback" "macrocallback" "optional_callbacks"
    "impl" "behaviour" "derive" "enforce_keys" "deprecated" "since" "dialyzer" "compile" "before_compile" "after_compile"
    "on_load" "on_definition" "external_resource" "fallback_to_any" "tag" "moduletag" "describetag" "requirements" "desc"
    "decorate" "file" "nifs" "vsn")) @nothing
(unary_operator operator: "@" operand: (call target: (identifier) @name (arguments . (_)))) @constant.global
