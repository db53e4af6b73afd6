"""Filters and quoted parts in the text of a query: `lang:py path:src/ -path:test "exact words"`. Pure.

What stands in quotes must stand so in what is found, and is never a filter. Letters without a capital among them stand for
capitals too. The language a filter names is looked up in the table of languages, under any name that people give it.
Knows nothing of what is indexed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, get_args

import msgspec

from codectxd.chunk.aliases import closest_to, languages_called
from codectxd.chunk.terms import expand
from codectxd.errors import BadFilter
from codectxd.index.filters import Filters
from codectxd.index.quotes import Quote
from codectxd.types import Content, Query


class Parted(msgspec.Struct, frozen=True):
    """A query's text taken apart: what is left of it (quoted parts without their quotes), and what restricts the answer.

    `in_force` are the filters as a person writes them, the request's own among them.
    """

    rest: str
    filters: Filters
    quotes: tuple[Quote, ...]
    not_quotes: tuple[Quote, ...]
    in_force: tuple[str, ...]


def part(query: Query) -> Parted:
    """Take `query` apart. Raises BadFilter where a filter names what is not there."""
    found = _Found()
    rest = _PART.sub(found.take, query.text[:_LONGEST])
    content = _content(found.values("content:"), query.content)
    requested = [_quoted("lang:", name) for name in query.languages] + [_quoted("glob:", glob) for glob in query.globs]
    requested += [_quoted("file:", path.encode("utf-8", "replace").decode()) for path in query.files or ()]
    return Parted(
        rest=" ".join(rest.replace('"', " ").split()),
        filters=Filters(
            languages=tuple(_languages(names) for names in (query.languages, found.values("lang:")) if names),
            globs=query.globs,
            content=content,
            not_languages=_languages(found.values("-lang:")),
            paths=found.values("path:"),
            not_paths=found.values("-path:"),
        ),
        quotes=tuple(quote_of(text) for text in found.values('"')),
        not_quotes=tuple(quote_of(text) for text in found.values('-"')),
        in_force=(*requested, *(_quoted(*one) for one in found.taken if one[0] != "content:"), f"content:{content}"),
    )


def widened(query: Query) -> Query | None:
    """The same question to everything, where nobody said which kind of content is meant; else None."""
    found = _Found()
    _PART.sub(found.take, query.text[:_LONGEST])
    named = query.content == "all" or found.values("content:")
    return msgspec.structs.replace(query, content="all", widens=False) if query.widens and not named else None


def among(text: str) -> tuple[str, Filters | None]:
    """A name and the filters beside it, None where there are none. Raises BadFilter as `part` does."""
    parted = part(Query(text, content="all"))
    return parted.rest, parted.filters if parted.filters != Filters(content="all") else None


def quote_of(text: str) -> Quote:
    """A quoted part. Raises BadFilter where it spans lines, which nothing that is found does."""
    if "\n" in text or "\r" in text:
        raise BadFilter("A quoted part stands on one line: quote each line by itself.")
    folded = text.lower() == text
    inside = filter(str.isascii, _INSIDE.findall(text))
    certain = (term for word in inside for term in (_folded_terms(word) if folded else expand(word).split()))
    return Quote(text, folded, tuple(dict.fromkeys(certain)), tuple(expand(text).split()))


_LONGEST: Final = 20_000
"""Characters of a question that are looked at: a file pasted by mistake must not cost its reader's thread for seconds."""

# A file in quotes before its line is how Python names the place of an error, and asks for no words.
_PART: Final = re.compile(
    r"""(?<!\S) (?!"[^"\n]+",\ line\ \d) (?: (?P<minus>-)? " (?P<quote> (?:[^"\\]|\\.)* ) "
    |   (?P<name> -?(?:lang|path) | content ) : (?: " (?P<long> [^"]+ ) " | (?P<value> [^\s"]\S* ) ) )""",
    re.VERBOSE | re.DOTALL,
)
_INSIDE: Final = re.compile(r"(?<=\W)\w+(?=\W)")
"""A word that cannot go on beyond what is quoted."""


class _Found:
    """What was taken out of a text, in order: (name, value)."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def take(self, match: re.Match[str]) -> str:
        """Note what was matched, and say what stays in the text in its place."""
        quote = match["quote"]
        if quote is None:
            self.taken.append((f"{match['name']}:", match["long"] or match["value"]))
            return " "
        quote = quote.replace('\\"', '"')
        if quote.strip():
            self.taken.append(((match["minus"] or "") + '"', quote))
        return " " if match["minus"] else f" {quote} "

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for found, value in self.taken if found == name)


def _languages(names: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*map(_language, names))


def _language(name: str) -> frozenset[str]:
    found = languages_called(name)
    if not found:
        near = closest_to(name)
        hint = f"did you mean {_either(near)}?" if near else "name one like python, typescript or c++."
        raise BadFilter(f"There is no language called {name}: {hint}")
    return found


def _content(named: Sequence[str], requested: Content) -> Content:
    """The kind of content that the text names, or the request does."""
    kinds: dict[str, Content] = {kind: kind for kind in get_args(Content)}
    if wrong := [name for name in named if name not in kinds]:
        raise BadFilter(f"There is no content called {wrong[0]}: say {_either(list(kinds))}.")
    if len(set(named)) > 1:
        raise BadFilter(f"Content is of one kind at a time: say {_either(list(kinds))} once.")
    return kinds[named[0]] if named else requested


def _folded_terms(word: str) -> Iterable[str]:
    """The term that a word surely has in any mixture of capitals and small letters, if there is one."""
    joined = word.replace("_", "").lower()
    # In capitals and small letters it may split, and then its joined form is a term; where it does not, its stem is.
    return [joined] if joined in expand(joined).split() and expand(word) else []


def _quoted(name: str, value: str) -> str:
    if name.endswith('"'):
        return name + value.replace('"', '\\"') + '"'
    return f'{name}"{value}"' if " " in value else name + value


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
