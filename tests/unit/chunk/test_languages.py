"""Which language a file is in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from codectxd.chunk.languages import NAMED, OUTLINED, PARSED, grammar_of, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b/main.py", "python"),
        ("stubs/x.pyi", "python"),
        ("App.TSX", "tsx"),
        ("lib/index.d.ts", "typescript"),
        ("lib/index.mjs", "javascript"),
        ("include/ring.h", "c"),
        ("src/lib.rs", "rust"),
        ("README", "markdown"),
        ("docs/a.b.md", "markdown"),
        ("Dockerfile", "dockerfile"),
        ("docker/Dockerfile.dev", "dockerfile"),
        ("Makefile", "makefile"),
        ("Makefile.am", "makefile"),
        ("CMakeLists.txt", "cmake"),
        ("site.conf.j2", "ini"),
        ("docker-compose.yml.example", "yaml"),
        ("index.html.erb", "html"),
        ("page.j2", "html"),
        ("settings.in", "text"),
        ("a.vue", "vue"),
        ("train.ipynb", "jupyter"),
        ("main.tf", "hcl"),
        ("guide.rst", "restructuredtext"),
        ("view.blade.php", "html"),
        ("index.php", "php"),
        (".bashrc", "bash"),
        ("a.c++", "c++"),
        ("View.m", "objective-c"),
        ("x.cs", "c#"),
        ("notes.txt", "text"),
        ("no_suffix", "text"),
        (".hidden", "text"),
        ("folder.py/file", "text"),
        ("", "text"),
    ],
)
def test_a_name_says_the_language(path: str, language: str) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/usr/bin/env python3\n", "python"),
        (b"#!/usr/bin/python2.7 -u", "python"),
        (b"#!/usr/bin/env -S LANG=C node --harmony", "javascript"),
        (b"#! /bin/sh", "bash"),
        (b"#!/bin/bash -e\r\n", "bash"),
        (b"\xef\xbb\xbf#!/usr/bin/perl", "perl"),
        (b"<?php echo 1;", "php"),
        (b"#!/usr/bin/unknown", "text"),
        (b"#!", "text"),
        (b"\xff\xfe\x00", "text"),
        (b"#" * 100_000, "text"),
    ],
)
def test_a_first_line_says_the_language_where_the_name_does_not(line: bytes, language: str) -> None:
    assert language_of("bin/tool", line) == language


def test_a_name_counts_more_than_a_first_line() -> None:
    assert language_of("x.py", b"#!/bin/sh") == "python"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (b"namespace a::b {\n", "c++"),
        (b"#pragma once\n  template <typename T>\n", "c++"),
        (b"class Ring final : public Base\n{\n public:\n", "c++"),
        (b"using std::string;\nusing namespace std;\n", "c++"),
        (b"struct ring { int class_size; };\nint template_of(int using_it);\n", "c"),
        (b'#ifdef __cplusplus\nextern "C" {\n#endif\nclass Wrapper {\n', "c"),
        (b"// class names\nint f(void);\n", "c"),
        (b"#include <string>\n", "c++"),
        (b"#include <string.h>\n", "c"),
        (b"struct Ring : public Base {\n};\n", "c++"),
        (b"struct ring;\nstruct flags {\n  int private: 1;\n};\n", "c"),
        (b"class Ring;\n", "c++"),
        (b'extern "C" int ring();\n', "c++"),
        (b"enum class Colour { red };\n", "c++"),
        (b"#if __cplusplus >= 201703L\nconstexpr int a = 1;\n#endif\n", "c++"),
        (b"#import <Foundation/Foundation.h>\n@interface Ring : NSObject\n@end\n", "objective-c"),
        (b"class a" + b" " * 100_000, "c"),
        (b"namespace " * 20_000, "c"),
        (b"", "c"),
    ],
)
def test_a_header_says_whether_it_is_c_or_cplusplus(text: bytes, language: str) -> None:
    assert language_of("include/ring.h", text) == language
    assert language_of("ring.c", text) == "c"
    assert language_of("ring.rs", text) == "rust"


def test_no_suffix_or_name_belongs_to_two_languages() -> None:
    for names in ("suffixes", "names", "interpreters"):
        claimed = [name for entry in (*PARSED, *OUTLINED, *NAMED) for name in getattr(entry, names)]
        assert sorted({name for name in claimed if claimed.count(name) > 1}) == []


def test_only_parsed_languages_have_a_grammar() -> None:
    assert all(grammar_of(entry.name) is entry for entry in PARSED)
    assert grammar_of("perl") is None
    assert grammar_of("no such language") is None


def test_the_table_is_imported_without_any_grammar() -> None:
    code = "import sys, codectxd.chunk.languages; print([m for m in sys.modules if 'tree_sitter' in m])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
