"""Definitions in a text, by tree-sitter: what is defined, where, and inside of what. The only home of tree-sitter.

What counts as a definition is written in `queries/*.scm`, one pattern each: `@name` is its name, `@container` a container
that nesting does not show, `@arguments` what definitions of one name differ by in number, what begins with `@_` is only
there to be compared, and the remaining capture is its extent, labelled with its kind; captured several times, a name and an
extent reach from the first to the last. Nothing here walks a tree in Python: the depth of a text must not become the depth
of a call. Knows nothing of lines and chunks.

Any text comes to an end, nearly all of them in time that grows with their length. A few sequences still keep a grammar
busy for longer than that: whoever parses what he does not know does it in a process that he can end.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from typing import Final

import tree_sitter

from codectxd.chunk.conditionals import reduced
from codectxd.chunk.feed import Feed
from codectxd.chunk.idioms import understood
from codectxd.chunk.languages import grammar_of
from codectxd.chunk.lines import Range
from codectxd.chunk.macros import preprocessed
from codectxd.chunk.margins import marked_off
from codectxd.chunk.nesting import Span
from codectxd.chunk.recovery import Part, recovered
from codectxd.chunk.statements import statements


def spans_of(text: bytes, language: str) -> list[Span]:
    """What is defined in `text`, in no order; nothing where the language cannot be parsed."""
    grammar = _grammar(language)
    if grammar is None:
        return []
    code = preprocessed(text, language)
    root = grammar.parse(code)
    if language == "sql" and (root is None or root.has_error):
        return statements(text)
    if root is None or (root.has_error and _is_nameless(text, _SLOW_TO_QUERY)):
        return []
    spans = grammar.spans(root)
    if root.has_error and language not in _NEVER_WRONG:
        damage = _damage(root)
        if language in _CONDITIONAL:
            code, spans, damage = grammar.with_one_branch(code, language, spans, damage)
        spans = marked_off(text, recovered(code, spans, damage, grammar.part), damage, language)
    return understood(spans, text, language)


class _Grammar:
    """A language as tree-sitter knows it, and what its patterns mean. Holds no parser, so threads may share it."""

    def __init__(self, module: str, function: str, queries: tuple[str, ...], depth: int | None) -> None:
        self.language = tree_sitter.Language(getattr(importlib.import_module(module), function)())
        folder = Path(__file__).with_name("queries")
        source = b"".join((folder / f"{name}.scm").read_bytes() for name in queries)
        self._depth = depth
        self._query = tree_sitter.Query(self.language, source.decode())
        self._labels = [
            _label(source[self._query.start_byte_for_pattern(i) : self._query.end_byte_for_pattern(i)])
            for i in range(self._query.pattern_count)
        ]

    def parse(self, text: bytes) -> tree_sitter.Node | None:
        """The root of the text's tree; None where parsing takes many times as long as it does for any real program."""
        if _is_nameless(text, _SLOW_TO_PARSE) or _is_unclosed(text) or not _is_utf8(text):
            return None
        budget = iter(range(_LEAST_STEPS + len(text) * _STEPS_PER_KIB // 1024))
        feed = Feed(text)

        def is_enough(_offset: int, _has_error: bool) -> bool:
            return feed.is_exhausted or next(budget, None) is None

        try:
            # Given the bytes themselves it would not call back. A budget of steps, unlike one of time, is pure.
            tree = tree_sitter.Parser(self.language).parse(feed, progress_callback=is_enough)
        except ValueError:
            return None
        finally:
            feed.release()
        if feed.is_exhausted:
            return None
        feed.only_words()
        return tree.root_node

    def part(self, text: bytes) -> Part | None:
        """What is in a text; None where it was not understood at all."""
        root = self.parse(text)
        return Part(self.spans(root), not root.has_error) if root is not None and not root.is_error else None

    def with_one_branch(
        self, code: bytes, language: str, spans: list[Span], damage: list[Range]
    ) -> tuple[bytes, list[Span], list[Range]]:
        """The same with one branch of each condition, and what is intact in the others, where that leaves less damage."""
        less = reduced(code, language)
        root = self.parse(less.text) if less.text != code else None
        rest = _damage(root) if root is not None and root.has_error else []
        if root is None or _size(rest) >= _size(damage):
            return code, spans, damage
        aside = [span for span in spans if span.intact and less.drops((span.start, span.end))]
        return less.text, self.spans(root) + aside, rest

    def spans(self, root: tree_sitter.Node) -> list[Span]:
        """Every match; where several patterns name the same thing, the first one written."""
        chosen: dict[int, tuple[int, Span]] = {}
        cursor = tree_sitter.QueryCursor(self._query)
        if self._depth is not None:
            cursor.set_max_start_depth(self._depth)
        is_broken = root.has_error
        for pattern, captures in cursor.matches(root):
            label = self._labels[pattern]
            node, last = captures[label][0], captures[label][-1]
            names = captures.get("name", [node])
            start = names[0].start_byte
            # What decorates a definition starts where it does, and is no rival to it.
            key = -1 - start if label == "outer" else start
            if key in chosen and chosen[key][0] <= pattern:
                continue
            around = captures.get("container")
            container = (around[0].start_byte, around[-1].end_byte) if around else None
            intact = not (is_broken and (node.has_error or last.has_error))
            arity = _arity(captures["arguments"][0]) if "arguments" in captures else 0
            span = Span(node.start_byte, -last.end_byte, start, names[-1].end_byte, label, container, intact, arity)
            chosen[key] = (pattern, span)
        return [span for _, span in chosen.values()]


@cache
def _grammar(language: str) -> _Grammar | None:
    entry = grammar_of(language)
    if entry is None or entry.grammar is None:
        return None
    return _Grammar(entry.grammar, entry.function, entry.queries, entry.depth)


def _damage(root: tree_sitter.Node) -> list[Range]:
    """Where the errors are, in order; all of a text, where not even its root was understood."""
    found: list[Range] = []
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_error or (node is not root and node.type not in _GROUPS):
            found.append(node.byte_range)
        else:
            todo += [child for child in reversed(node.children) if child.has_error]
    return found


def _arity(arguments: tree_sitter.Node) -> int:
    return sum(not child.is_extra for child in arguments.named_children)


def _size(ranges: list[Range]) -> int:
    return sum(end - start for start, end in ranges)


def _is_nameless(text: bytes, length: int) -> bool:
    """Whether a stretch of `length` bytes is nothing but punctuation: the time it takes grows by its length squared."""
    return len(text) >= length and b"." * length in text.translate(_SHAPES, b" \t\r\n")


def _is_utf8(text: bytes) -> bool:
    """Whether it is text at all: a grammar may try anew at each byte that is none."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_unclosed(text: bytes) -> bool:
    """Whether brackets are opened and never closed, thousands of them: some grammars' time grows by their depth squared."""
    if any(text.count(opening) - text.count(closing) > _DEEPEST for opening, closing in (b"()", b"[]", b"{}")):
        return True
    most = _DEEPEST + text.count(b">")
    return text.count(b"<") > most and len(_TYPE_ARGUMENT.findall(text)) > most


def _label(pattern: bytes) -> str:
    """The capture of a pattern that is its extent: what kind of thing it finds."""
    code = re.sub(rb'"[^"]*"|;.*', b"", pattern)
    captures: list[str] = [capture.decode() for capture in re.findall(rb"@([\w.]+)", code)]
    return next(capture for capture in captures if capture not in ("name", "container", "arguments") and capture[0] != "_")


_DEEPEST: Final = 5_000
_TYPE_ARGUMENT: Final = re.compile(rb"\w<(?=\w)")
"""What opens a list of types, and seldom compares."""
_CONDITIONAL: Final = frozenset(("c", "c++", "c#", "swift"))
"""Languages with directives that may stand anywhere."""
_NEVER_WRONG: Final = frozenset(("markdown",))
_GROUPS: Final = frozenset(
    ("namespace_definition", "declaration_list", "linkage_specification", "preproc_if", "preproc_ifdef", "preproc_else")
)
"""Nodes around whole parts of a text, which damage in one of their children is not the damage of."""
_LEAST_STEPS: Final = 500
_STEPS_PER_KIB: Final = 40
"""How often tree-sitter may report progress: it does 5 to 15 times per KiB of real code, 28 times in the densest file found
and 6,000 times in the worst texts."""
_SLOW_TO_QUERY: Final = 2_000
_SLOW_TO_PARSE: Final = 10_000
_SHAPES: Final = bytes(
    ord("a") if chr(byte).isalnum() or byte in b"_\"'`" or byte > 127 else ord(".") for byte in range(256)
)
