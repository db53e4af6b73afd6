"""Filters: which files may answer at all, by path, language and role. Pure; knows nothing of text or of ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from codectxd.errors import BadFilter
from codectxd.gitignore import MOST_CHARACTERS, Globs, Rule, rule_of
from codectxd.types import Content, Role

_CODE: Final[frozenset[Role]] = frozenset(("source", "test", "example", "generated", "vendored"))

ROLES_OF: Final[Mapping[Content, frozenset[Role]]] = MappingProxyType(
    {
        "code": _CODE,
        "docs": frozenset(("docs",)),
        "config": frozenset(("config",)),
        "all": _CODE | {"docs", "config"},
    }
)

_WITHOUT_CODE: Final = frozenset((
    "asciidoc", "bibtex", "cmake", "dockerfile", "hcl", "ini", "json", "latex", "makefile", "markdown", "nix", "org",
    "properties", "restructuredtext", "text", "toml", "xml", "yaml",
))  # fmt: skip
"""Languages in which no code is written: who asks for one by name means its files, whatever kind of content is asked for."""


class Filters(msgspec.Struct, frozen=True):
    """Every one must let a file pass; an empty one lets all pass.

    A file must be in one of each set of `languages` (names of the table of languages), match one of each tuple of `paths`,
    be in none of `not_languages` and match none of `not_paths`. A path pattern is a glob in gitignore's manner where it
    holds one of `*?[` and makes sense as one, and otherwise a part of the path, its beginning if it begins with a slash;
    letters stand for capitals too, unless the pattern has a capital. `globs` are globs always, of which a path must match
    one; it must begin with none of `not_under`, and be one of `only` where that is given.
    """

    languages: tuple[frozenset[str], ...] = ()
    globs: tuple[str, ...] = ()
    content: Content = "code"
    not_languages: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    not_under: tuple[str, ...] = ()
    only: frozenset[str] | None = None

    def test(self, checkpoint: Callable[[], None] = lambda: None) -> Callable[[str, str, Role], bool]:
        """Whether a path, a language and a role pass. Raises BadFilter on a glob that is none, and as `checkpoint` does."""
        roles = ROLES_OF[self.content]
        asked = frozenset().union(*self.languages) & _WITHOUT_CODE if self.content == "code" else frozenset()
        globs, paths, not_paths = _of_globs(self.globs, checkpoint), _of_patterns(self.paths), _of_patterns(self.not_paths)

        def passes(path: str, language: str, role: Role) -> bool:
            return (
                (role in roles or language in asked)
                and all(language in one for one in self.languages)
                and language not in self.not_languages
                and (globs is None or globs(path))
                and (paths is None or paths(path))
                and (not_paths is None or not not_paths(path))
                and not path.startswith(self.not_under)
                and (self.only is None or path in self.only)
            )

        return passes


def is_glob(pattern: str) -> bool:
    """Whether `pattern` is meant as a glob, rather than as a part of a path: one that makes no sense is none yet."""
    return any(letter in pattern for letter in "*?[") and (len(pattern) > MOST_CHARACTERS or rule_of(pattern) is not None)


def path_glob(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Which paths `patterns` mean, in gitignore syntax. Raises BadFilter where one is none."""
    return Globs(map(_rule, patterns))


def _rule(pattern: str) -> Rule:
    if len(pattern) > MOST_CHARACTERS:
        raise BadFilter(f"A glob has {MOST_CHARACTERS:,} characters at most, not {len(pattern):,}: say less of the path.")
    rule = rule_of(pattern)
    if rule is None:
        raise BadFilter(f"The glob {pattern!r} can match nothing: use gitignore syntax, like src/**/*.py.")
    return rule


def _of_globs(globs: Sequence[str], checkpoint: Callable[[], None]) -> Callable[[str], bool] | None:
    def each() -> Iterator[str]:
        for glob in globs:
            checkpoint()
            yield glob

    return path_glob(each()) if globs else None


def _of_patterns(patterns: Sequence[str]) -> Callable[[str], bool] | None:
    if not patterns:
        return None
    tests = [path_glob((pattern,)) if is_glob(pattern) else _part(pattern) for pattern in patterns]
    return lambda path: any(test(path) for test in tests)


def _part(pattern: str) -> Callable[[str], bool]:
    def is_in(path: str) -> bool:
        path = path if pattern.lower() != pattern else path.lower()
        return f"/{path}".startswith(pattern) if pattern.startswith("/") else pattern in path

    return is_in
