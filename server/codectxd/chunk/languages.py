"""Which language a file is in, by its name and, where that says too little, by its text; and which of them can be parsed.

A table and a look-up, cheap to import: it knows the names of grammars, never the grammars (those are `syntax`'s). Every
path has a language, "text" where nothing better is known.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec


class Language(msgspec.Struct, frozen=True):
    """A language: what its files are called, who interprets its scripts, and the grammar and queries that read it.

    `suffixes` are without the dot, `names` and `suffixes` in lower case. `grammar` is the module of its grammar, `function`
    that module's entry; `queries` are the files in `chunk/queries` that say what a definition is. Definitions are not looked
    for deeper in the tree than `depth`: what is deeper is inside functions, and half of all nodes need no look.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    grammar: str | None = None
    function: str = "language"
    queries: tuple[str, ...] = ()
    depth: int | None = None


def language_of(path: str, text: bytes = b"") -> str:
    """The language of the file at `path` (POSIX); `text` names it in scripts without a suffix, and in headers."""
    name = path.rpartition("/")[2].lower()
    found = _BY_NAME.get(name) or _by_suffix(name)
    if found == "c" and name.endswith(".h"):
        return _of_header(text)
    return found or _by_first_line(text) or "text"


def grammar_of(language: str) -> Language | None:
    """The entry of a language that can be parsed, or None."""
    entry = _BY_LANGUAGE.get(language)
    return entry if entry is not None and entry.grammar is not None else None


def _by_suffix(name: str) -> str | None:
    """By the longest suffix known: `x.blade.php` before `x.php`; Dockerfile.dev is a Dockerfile, x.yml.j2 is YAML."""
    parts = name.split(".")
    if len(parts) > 2 and parts[-1] in _TEMPLATES and parts[-2] in _BY_SUFFIX:
        return _BY_SUFFIX[parts[-2]]
    for first in range(max(1, len(parts) - _MOST_SUFFIXES), len(parts)):
        found = _BY_SUFFIX.get(".".join(parts[first:]))
        if found is not None:
            return found
    return _BY_NAME.get(parts[0]) if parts[0] in _STEMS else None


def _by_first_line(text: bytes) -> str | None:
    """By `#!/usr/bin/env -S python3 -u` and the like, or `<?php` and `<?xml`."""
    match = _SHEBANG.match(text[:_LONGEST_FIRST_LINE])
    if match is not None:
        return _BY_INTERPRETER.get(match.group(1).decode("ascii", "ignore").lower())
    return next((name for mark, name in _MARKS if text.startswith(mark)), None)


def _of_header(text: bytes) -> str:
    """What calls itself .h may be C++ or Objective-C; a header that C++ can read as well is C."""
    head = text[:_LONGEST_HEADER]
    if _OBJECTIVE_C.search(head) is not None:
        return "objective-c"
    if _ALSO_CPLUSPLUS.search(head) is not None:
        return "c"
    return "c++" if _CPLUSPLUS.search(head) is not None else "c"


_MOST_SUFFIXES: Final = 2
_LONGEST_FIRST_LINE: Final = 256
_STEMS: Final = frozenset(("dockerfile", "containerfile", "makefile", "jenkinsfile", "vagrantfile"))
_TEMPLATES: Final = frozenset(
    ("dist", "ejs", "erb", "example", "hbs", "in", "j2", "jinja", "jinja2", "mustache", "sample", "template", "tmpl", "tpl")
)
"""What a file is called that something else is made from: what it makes is named before."""
_SHEBANG: Final = re.compile(
    rb"\xef?\xbb?\xbf?#![ \t]*(?:\S*/)?(?:env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*(?:\S*/)?)?([A-Za-z]+(?:-[A-Za-z]+)?)"
)
_LONGEST_HEADER: Final = 200_000
_OBJECTIVE_C: Final = re.compile(rb"^@(?:interface|protocol|class|import)\b", re.MULTILINE)
_ALSO_CPLUSPLUS: Final = re.compile(rb"^[ \t]*#[ \t]*if(?:def[ \t]+|[ \t]+defined[ \t]*\(?[ \t]*)__cplusplus", re.MULTILINE)
_CPLUSPLUS: Final = re.compile(
    rb"^[ \t]*(?:(?:inline[ \t]+)?namespace\b[\w: \t]*+\s*+\{|template[ \t]*<"
    rb"|class[ \t]+\w[\w \t]*+(?:;|(?::[^;{\n]*+)?\s*+\{)"
    rb"|(?:class|struct)[ \t]+\w[\w \t]*+:[ \t]*(?:public|private|protected)\b"
    rb"|enum[ \t]+(?:class|struct)\b|(?:(?:static|inline)[ \t]+)?constexpr\b|(?:friend|virtual|explicit)\b"
    rb"|(?:public|private|protected)[ \t]*:|using[ \t]+(?:namespace[ \t]|\w+[ \t]*=)|extern[ \t]+\"C\""
    rb"|#[ \t]*include[ \t]*<[a-z_]+>)",
    re.MULTILINE,
)
_MARKS: Final = ((b"<?php", "php"), (b"<?xml", "xml"), (b"<!DOCTYPE html", "html"), (b"<!doctype html", "html"))

PARSED: Final = (
    Language(
        "python", ("py", "pyi", "pyw", "pyx", "pxd", "wsgi", "gyp", "gypi"), ("sconstruct", "sconscript", "wscript"),
        ("python", "pypy", "uv", "pytest"), "tree_sitter_python", queries=("python",), depth=10,
    ),
    Language(
        "javascript", ("js", "mjs", "cjs", "jsx", "es6"), ("jakefile",), ("node", "nodejs", "bun"), "tree_sitter_javascript",
        queries=("javascript", "ecmascript"), depth=12,
    ),
    Language(
        "typescript", ("ts", "mts", "cts"), (), ("deno", "ts-node", "tsx"), "tree_sitter_typescript", "language_typescript",
        ("javascript", "typescript"), 12,
    ),
    Language("tsx", ("tsx",), (), (), "tree_sitter_typescript", "language_tsx", ("javascript", "typescript"), 12),
    Language("go", ("go",), grammar="tree_sitter_go", queries=("go",), depth=10),
    Language("rust", ("rs",), (), ("rust-script", "cargo"), "tree_sitter_rust", queries=("rust",), depth=10),
    Language("java", ("java", "jav"), grammar="tree_sitter_java", queries=("java",), depth=10),
    Language("c", ("c", "h"), (), ("tcc",), "tree_sitter_c", queries=("c",), depth=16),
    Language(
        "c++", ("cpp", "cc", "cxx", "c++", "cppm", "ixx", "hpp", "hh", "hxx", "h++", "ipp", "inl", "tcc", "tpp", "ino"),
        grammar="tree_sitter_cpp", queries=("cpp",), depth=28,
    ),
    Language("c#", ("cs", "csx"), grammar="tree_sitter_c_sharp", queries=("csharp",), depth=20),
    Language("swift", ("swift",), (), ("swift",), "tree_sitter_swift", queries=("swift",), depth=28),
    Language("kotlin", ("kt", "kts"), (), ("kotlin",), "tree_sitter_kotlin", queries=("kotlin",), depth=24),
    Language("scala", ("scala", "sc", "sbt"), (), ("scala",), "tree_sitter_scala", queries=("scala",), depth=32),
    Language("dart", ("dart",), (), ("dart",), "tree_sitter_dart", queries=("dart",), depth=24),
    Language(
        "markdown", ("md", "markdown", "mdx", "mkd", "mdown", "rmd", "qmd"), ("readme", "changelog", "contributing"),
        grammar="tree_sitter_markdown", queries=("markdown",),
    ),
    Language("toml", ("toml",), ("cargo.lock", "poetry.lock", "pipfile"), grammar="tree_sitter_toml", queries=("toml",)),
    Language(
        "ruby", ("rb", "rake", "gemspec", "ru", "rbi", "podspec", "thor"),
        ("rakefile", "gemfile", "podfile", "vagrantfile", "brewfile", "fastfile", "guardfile", "capfile"),
        ("ruby", "jruby", "rake"), "tree_sitter_ruby", queries=("ruby",), depth=24,
    ),
    Language("php", ("php", "phtml", "php5", "inc"), (), ("php",), "tree_sitter_php", "language_php", ("php",), 14),
    Language("lua", ("lua", "luau", "rockspec"), (), ("lua", "luajit"), "tree_sitter_lua", queries=("lua",), depth=24),
    Language(
        "bash", ("sh", "bash", "zsh", "ksh", "bats", "ebuild"),
        (".bashrc", ".bash_profile", ".bash_aliases", ".profile", ".zshrc", ".zshenv", "pkgbuild"),
        ("sh", "bash", "zsh", "dash", "ksh", "ash", "bats"), "tree_sitter_bash", queries=("bash",), depth=12,
    ),
    Language("elixir", ("ex", "exs"), (), ("elixir",), "tree_sitter_elixir", queries=("elixir",), depth=16),
    Language(
        "haskell", ("hs", "hsc", "hs-boot"), (), ("runhaskell", "stack"), "tree_sitter_haskell",
        queries=("haskell",), depth=6,
    ),
    Language("ocaml", ("ml",), (), ("ocaml",), "tree_sitter_ocaml", "language_ocaml", ("ocaml", "ocaml_let"), 20),
    Language("ocaml interface", ("mli",), (), (), "tree_sitter_ocaml", "language_ocaml_interface", ("ocaml",), 20),
    Language("zig", ("zig",), (), (), "tree_sitter_zig", queries=("zig",), depth=28),
    Language("sql", ("sql", "ddl", "dml", "psql", "pgsql", "plsql"), (), (), "tree_sitter_sql", queries=("sql",), depth=3),
)  # fmt: skip
"""The languages with a grammar, and with definition queries of our own."""

OUTLINED: Final = (
    Language("asciidoc", ("adoc", "asciidoc")),
    Language("css", ("css", "pcss", "postcss")),
    Language("dockerfile", ("dockerfile", "containerfile"), ("dockerfile", "containerfile")),
    Language("hcl", ("hcl", "tf", "tfvars", "tofu", "nomad")),
    Language("html", ("html", "htm", "xhtml", "jinja", "jinja2", "j2", "hbs", "ejs", "erb", "cshtml", "blade.php")),
    Language(
        "ini", ("ini", "cfg", "conf", "properties", "editorconfig", "service", "socket", "timer", "desktop"),
        (".gitconfig", ".gitmodules", ".npmrc", ".flake8", ".editorconfig", ".coveragerc", ".pylintrc"),
    ),
    Language(
        "json", ("json", "jsonc", "json5", "webmanifest", "code-workspace"),
        (".babelrc", ".eslintrc", ".prettierrc", ".swcrc", ".stylelintrc"),
    ),
    Language("jupyter", ("ipynb",)),
    Language("just", ("just",), ("justfile", ".justfile")),
    Language("latex", ("tex", "sty", "cls", "ltx")),
    Language("less", ("less",)),
    Language("makefile", ("mk", "mak", "make"), ("makefile", "gnumakefile", "bsdmakefile"), ("make",)),
    Language("org", ("org",)),
    Language("restructuredtext", ("rst", "rest")),
    Language("scss", ("scss",)),
    Language("svelte", ("svelte",)),
    Language("vue", ("vue",)),
    Language("yaml", ("yaml", "yml"), (".clang-format", ".clang-tidy")),
)  # fmt: skip
"""The languages whose outline we read ourselves (`outline`): their grammars are slow, fragile, or not to be had."""

NAMED: Final = (
    Language("ada", ("adb", "ads")),
    Language("assembly", ("asm", "s")),
    Language("awk", ("awk",), (), ("awk", "gawk", "mawk")),
    Language("batch", ("bat", "cmd")),
    Language("bazel", ("bzl", "bazel", "star"), ("build", "workspace", "tiltfile")),
    Language("bibtex", ("bib",)),
    Language("clojure", ("clj", "cljs", "cljc", "edn"), (), ("bb",)),
    Language("cmake", ("cmake",), ("cmakelists.txt",)),
    Language("cobol", ("cob", "cbl", "cpy")),
    Language("coffeescript", ("coffee",)),
    Language("common lisp", ("lisp", "lsp", "cl", "asd"), (), ("sbcl",)),
    Language("crystal", ("cr",)),
    Language("cuda", ("cu", "cuh")),
    Language("cue", ("cue",)),
    Language("d", ("d", "di")),
    Language("elm", ("elm",)),
    Language("emacs lisp", ("el",)),
    Language("erlang", ("erl", "hrl"), ("rebar.config",), ("escript",)),
    Language("f#", ("fs", "fsi", "fsx")),
    Language("fish", ("fish",), (), ("fish",)),
    Language("fortran", ("f", "f77", "f90", "f95", "f03", "f08", "for")),
    Language("gleam", ("gleam",)),
    Language("glsl", ("glsl", "vert", "frag", "comp", "geom", "tesc", "tese")),
    Language("gradle", ("gradle",)),
    Language("graphql", ("graphql", "gql")),
    Language("groovy", ("groovy",), ("jenkinsfile",), ("groovy",)),
    Language("hlsl", ("hlsl", "fx")),
    Language("julia", ("jl",), (), ("julia",)),
    Language("literate haskell", ("lhs",)),
    Language("matlab", ("mlx",)),
    Language("meson", (), ("meson.build", "meson_options.txt", "meson.options")),
    Language("nim", ("nim", "nims", "nimble"), (), ("nim",)),
    Language("nix", ("nix",)),
    Language("objective-c", ("m", "mm")),
    Language("ocamllex", ("mll", "mly")),
    Language("odin", ("odin",)),
    Language("pascal", ("pas", "dpr", "lpr")),
    Language("perl", ("pl", "pm", "t", "pod"), (), ("perl",)),
    Language("powershell", ("ps1", "psm1", "psd1"), (), ("pwsh", "powershell")),
    Language("prisma", ("prisma",)),
    Language("prolog", ("prolog",)),
    Language("protobuf", ("proto",)),
    Language("puppet", ("pp", "epp")),
    Language("purescript", ("purs",)),
    Language("qml", ("qml",)),
    Language("r", ("r",), (".rprofile",), ("rscript",)),
    Language("racket", ("rkt",), (), ("racket",)),
    Language("razor", ("razor",)),
    Language("sass", ("sass",)),
    Language("scheme", ("scm", "ss", "sld"), (), ("guile", "scheme")),
    Language("solidity", ("sol",)),
    Language("starlark", ("sky",)),
    Language("systemverilog", ("sv", "svh")),
    Language("tcl", ("tcl", "tk"), (), ("tclsh", "wish", "expect")),
    Language("thrift", ("thrift",)),
    Language("vala", ("vala", "vapi")),
    Language("verilog", ("v", "vh")),
    Language("vhdl", ("vhd", "vhdl")),
    Language("vim script", ("vim",), (".vimrc", "_vimrc"), ("vim",)),
    Language("visual basic", ("vb", "vbs", "bas")),
    Language("webassembly", ("wat", "wast")),
    Language("wgsl", ("wgsl",)),
    Language(
        "xml", ("xml", "xsd", "xsl", "xslt", "plist", "csproj", "fsproj", "vcxproj", "props", "targets", "xaml", "svg"),
    ),
    Language("zon", ("zon",)),
)  # fmt: skip
"""Languages that are known by name; their files are cut into windows of lines."""

_ALL: Final = (*PARSED, *OUTLINED, *NAMED)
_BY_LANGUAGE: Final = {entry.name: entry for entry in _ALL}
_BY_SUFFIX: Final = {suffix: entry.name for entry in _ALL for suffix in entry.suffixes}
_BY_NAME: Final = {name: entry.name for entry in _ALL for name in entry.names}
_BY_INTERPRETER: Final = {name: entry.name for entry in _ALL for name in entry.interpreters}
