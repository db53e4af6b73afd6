"""What is indexable, and which role a file has."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codectxd.chunk.languages import NAMED, OUTLINED, PARSED
from codectxd.types import Role
from codectxd.workspace.filters import REASONS, Limits, by_path, by_text, role_of

LIMITS = Limits()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("logo.PNG", "binary"),
        ("a/b/archive.tar.gz", "binary"),
        ("x/.DS_Store", "binary"),
        ("Cargo.lock", "lock file"),
        ("web/package-lock.json", "lock file"),
        ("go.sum", "lock file"),
        ("dist/app.min.js", "minified"),
        ("dist/app.bundle.mjs", "minified"),
        ("app.js.map", "minified"),
        ("table.csv", "data"),
        ("icon.svg", "data"),
        (".env", "secret"),
        ("deploy/.env.production", "secret"),
        ("keys/id_ed25519", "secret"),
        ("server.pem", "secret"),
        ("latin-\udce9.py", "name not utf-8"),
        (".env.example", None),
        ("src/admin.js", None),
        ("package.json", None),
        ("src/lock.py", None),
        ("über/größe.py", None),
        ("Makefile", None),
        (".gitignore", None),
        ("no.suffix.", None),
    ],
)
def test_a_path_alone_may_say_why_a_file_is_skipped(path: str, reason: str | None) -> None:
    assert by_path(path) == reason


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("a.py", b"", "empty"),
        ("a.py", b"x = 1\n", None),
        ("a.py", b"x\0y", "binary"),
        ("a.js", b"var a=1;" * 1000, "minified"),
        ("a.js", b"// licence\n// of it\n" + b"f();" * 2000, "minified"),
        ("a.md", b"word " * 1000, None),
        ("a.ipynb", b'{\n "cells": [\n  "image/png": "' + b"iVBO" * 5000 + b'"\n ]\n}\n', None),
        ("a.ipynb", b'{"cells": [' + b'{"source": ["x"]},' * 500 + b"]}", "minified"),
        ("a.py", b"x = 1\n" * 1000 + b"KEY = '" + b"A" * 4000 + b"'\n", None),
        ("a.py", b"x" * 900, None),
        ("a.py", b" \n\t\n", None),
    ],
)
def test_the_text_may_say_why_a_file_is_skipped(path: str, data: bytes, reason: str | None) -> None:
    assert by_text(path, data, LIMITS) == reason


@pytest.mark.parametrize(
    ("path", "language", "role"),
    [
        ("src/app.py", "python", "source"),
        ("main.go", "go", "source"),
        ("src/contest.py", "python", "source"),
        ("src/testing/tools.py", "python", "source"),
        ("src/latest.py", "python", "source"),
        ("pkg/attest.go", "go", "source"),
        ("lib/request.ts", "typescript", "source"),
        ("openapi/spec/server.ts", "typescript", "source"),
        ("src/news.py", "python", "source"),
        ("src/license.rs", "rust", "source"),
        ("src/zig/thing.zig", "text", "source"),
        ("tests/test_app.py", "python", "test"),
        ("app/test_views.py", "python", "test"),
        ("pkg/conftest.py", "python", "test"),
        ("pkg/parse_test.go", "go", "test"),
        ("src/app.spec.ts", "typescript", "test"),
        ("src/App.test.tsx", "typescript", "test"),
        ("src/__tests__/app.js", "javascript", "test"),
        ("src/test/java/org/FooTest.java", "java", "test"),
        ("src/main/java/org/FooTest.java", "java", "test"),
        ("src/main/java/org/Contest.java", "java", "source"),
        ("src/parser/tests.rs", "rust", "test"),
        ("benches/speed.rs", "rust", "test"),
        ("crates/backend-tests/src/lib.rs", "rust", "test"),
        ("spec/models/user_spec.rb", "ruby", "test"),
        ("src/Polly.Core.Tests/Helpers/Clock.cs", "c#", "test"),
        ("src/jvmTest/kotlin/Recorded.kt", "kotlin", "test"),
        ("src/testFixtures/java/Samples.java", "java", "test"),
        ("src/latest/java/Samples.java", "java", "source"),
        ("spring-test/src/main/java/Runner.java", "java", "source"),
        ("src/ConnectionSpec.kt", "kotlin", "source"),
        ("app/PoolSpec.scala", "scala", "test"),
        ("examples/hello.py", "python", "example"),
        ("src/Snippets/Docs/Retry.cs", "c#", "example"),
        ("crates/x/examples/main.rs", "rust", "example"),
        ("README.md", "markdown", "docs"),
        ("tests/README.md", "markdown", "docs"),
        ("man/man1/rake.1", "text", "docs"),
        ("share/1.8.1", "text", "source"),
        ("patches/0001-fix.patch", "text", "generated"),
        ("LICENSE", "text", "docs"),
        ("LICENSE-MIT", "text", "docs"),
        ("docs/conf.py", "python", "example"),
        ("src/docs/server.ts", "typescript", "source"),
        ("docs/index.html", "html", "docs"),
        ("docs/tutorial.ipynb", "jupyter", "example"),
        ("tools/license-checker.js", "javascript", "source"),
        ("web/index.html", "html", "source"),
        ("web/App.vue", "vue", "source"),
        ("web/main.scss", "scss", "source"),
        ("notebooks/train.ipynb", "jupyter", "source"),
        ("templates/site.conf.j2", "ini", "config"),
        ("charts/shop/templates/web.yaml", "yaml", "config"),
        ("notes.txt", "text", "docs"),
        ("requirements-dev.txt", "text", "config"),
        ("CMakeLists.txt", "text", "config"),
        ("pyproject.toml", "toml", "config"),
        ("Dockerfile", "text", "config"),
        ("tests/data/case.json", "json", "config"),
        (".gitignore", "text", "config"),
        (".github/workflows/ci.yml", "yaml", "config"),
        ("vendor/github.com/x/y.go", "go", "vendored"),
        ("third_party/lib/README.md", "markdown", "vendored"),
        ("pip/_vendor/requests/api.py", "python", "vendored"),
        ("web/node_modules/x/index.js", "javascript", "vendored"),
        ("api/service_pb2.py", "python", "generated"),
        ("api/service.pb.go", "go", "generated"),
        ("src/generated/model.ts", "typescript", "generated"),
        ("lib/model.g.dart", "text", "generated"),
        ("", "text", "source"),
        ("/", "text", "source"),
    ],
)
def test_the_role_of_a_file_follows_from_its_path(path: str, language: str, role: str) -> None:
    assert role_of(path, language) == role


def test_every_language_is_code_or_prose_or_configuration_whatever_the_files_name() -> None:
    by_role: dict[Role, set[str]] = {}
    for entry in (*PARSED, *OUTLINED, *NAMED):
        by_role.setdefault(role_of("src/thing", entry.name), set()).add(entry.name)
    assert by_role.pop("docs") == {"asciidoc", "bibtex", "latex", "markdown", "org", "restructuredtext"}
    config = {"bazel", "cmake", "dockerfile", "gradle", "hcl", "ini", "json", "just", "makefile", "meson", "nix", "starlark"}
    assert by_role.pop("config") == {*config, "toml", "xml", "yaml"}
    assert set(by_role) == {"source"}


@pytest.mark.parametrize(
    "name", ["Cargo.lock", "poetry.lock", "pnpm-lock.yaml", "gradle.lockfile", "obj/project.assets.json"]
)
def test_what_a_package_manager_locks_is_no_configuration(name: str) -> None:
    assert by_path(name) == "lock file"


@pytest.mark.parametrize(
    ("head", "role"),
    [
        (b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n", "generated"),
        (b"#!/bin/sh\n# This file is @generated by a tool\n", "generated"),
        (b"/* Licence */\n/*\n * AUTO-GENERATED by bindgen\n */\n", "generated"),
        (b"<!-- automatically generated -->", "generated"),
        (b"/* A Bison parser, made by GNU Bison 3.8.2.  */\n", "generated"),
        (b'#line 2 "lexer.c"\n/* A lexical scanner generated by flex */\n', "generated"),
        (b"// Generated from Calc.g4 by ANTLR 4.7\n", "generated"),
        (b"// Handles the tokens that are generated by the scanner.\n", "source"),
        (b'MARK = "@generated"\nprint("do not edit")\n', "source"),
        (b"# A list of mails.\n" * 100 + b"# DO NOT EDIT\n", "source"),
    ],
)
def test_a_generators_mark_in_the_first_lines_tells_too(head: bytes, role: str) -> None:
    assert role_of("src/a.py", "python", head) == role


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.islower() or "utf-8" in reason for reason in REASONS)
    assert all(sentence.endswith(".") for sentence in REASONS.values())


@given(st.text(), st.text(max_size=5), st.binary(max_size=200))
def test_I6_any_path_and_any_bytes_get_an_answer(path: str, language: str, data: bytes) -> None:
    assert by_path(path) in (None, *REASONS)
    assert by_text(path, data, LIMITS) in (None, *REASONS)
    assert role_of(path, language, data) in get_args(Role)
