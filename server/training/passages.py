"""Questions with one right and several wrong passages of the same repository: what a judge of pairs learns from.

A passage is a chunk as the product makes it, below its path. A question is what programmers wrote beside the code: a
comment's sentence, a name, a file's head, a commit's subject, a heading. What it was taken out of is taken out of every
passage of its group, so that nothing but the sense tells the right one from the wrong ones. The wrong ones are those that
the embedded table takes for right.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codectxd.chunk.chunker import chunk
from codectxd.chunk.languages import language_of
from codectxd.embed.embedder import Embedder
from training import history, pairs, sources
from training.comments import clean, documented, first_comment, first_sentence
from training.sources import File, Source

WRONG = 5
"""Wrong passages of each question."""

_GROUPS_OF_A_REPOSITORY = {"sentence": 150, "comment": 20, "name": 45, "header": 30, "commit": 60, "heading": 12}
_FILES, _COMMITS = 700, 1_500
_RANKED, _NEAREST, _BESIDE = 100, 30, 40
"""A question counts whose answer is among so many; the wrong passages are of the nearest, one of its file a bit further."""
_ALIKE = 0.95
_PATH_SHARE = 0.5
"""As in the product's ranking: what the path's cosine weighs against the chunk's."""
_LONGEST_QUESTION = 250
_CHECKS = re.compile(
    r"(?:^|[/_.-])(?:tests?|specs?|testing|examples?|bench(?:mark)?s?|samples?|demos?)(?:[/_.-]|$)|Tests?\.", re.IGNORECASE
)
"""Files that show or check what others do: nobody asks for them, and they are wrong answers."""
_HEADING = re.compile(r"\A\s*(?:#{1,5}[ \t]+([^\n]+)\n|([^\n]{3,80})\n[=\-~^\"*]{4,}[ \t]*\n)")

Vectors = npt.NDArray[np.float32]


class Passage(NamedTuple):
    """A chunk. `bare` is its text without the comments that questions are made of; `symbol` the definition it belongs to."""

    path: str
    symbol: str
    text: str
    bare: str


class Asked(NamedTuple):
    """A question of some kind, and the number of the passage that answers it. `bare`: comments give the answer away."""

    kind: str
    text: str
    right: int
    bare: bool


class Group(NamedTuple):
    """A question, and passages as a judge reads them: the right one first, then wrong ones, the likeliest first."""

    repository: str
    kind: str
    question: str
    passages: tuple[str, ...]
    rank: int
    """The right one's place among all of the repository, by the table; 0 is the best."""


class Repository:
    """The passages of a repository, their vectors, and the questions about them."""

    def __init__(self, data: Path, source: Source, embedder: Embedder) -> None:
        self.name = source.repository
        self._random = random.Random(source.repository)
        self._embedder = embedder
        self._passages: list[Passage] = []
        self._asked: list[Asked] = []
        self._read(list(sources.files(data, source)))
        if source.repository != sources.STANDARD_LIBRARY:
            self._asked += self._commits(data, source)
        self._texts = embedder.encode([one.text for one in self._passages])
        self._bare = embedder.encode([one.bare for one in self._passages])
        paths = sorted({one.path for one in self._passages})
        vectors = embedder.encode([pairs.path_words(path) for path in paths])
        number = {path: at for at, path in enumerate(paths)}
        self._files = np.array([number[one.path] for one in self._passages])
        self._paths = vectors[self._files]

    def for_training(self) -> Iterator[Group]:
        """Groups of one right and `WRONG` wrong passages, so many of each kind."""
        for asked in self._drawn(_GROUPS_OF_A_REPOSITORY):
            question = pairs.asked(asked.text, self._random)
            scores = self._scores(question, asked.bare)
            if asked.kind == "header":
                asked = self._best_of_file(asked, scores)
            rank = int((scores > scores[asked.right]).sum())
            wrong = self._wrong(asked, scores)
            if rank < _RANKED and len(wrong) == WRONG:
                yield self._group(asked, question, [asked.right, *wrong], rank)

    def for_measuring(self, best: int, most: int) -> Iterator[Group]:
        """Groups of the `best` passages by the table, where the right one is among them; its place is `rank`."""
        share = max(1, most // 5)
        drawn = self._drawn({"sentence": 2 * share, "commit": share, "header": share, "name": share})
        for asked in drawn:
            question = pairs.asked(asked.text, self._random)
            scores = self._scores(question, asked.bare)
            if asked.kind == "header":
                asked = self._best_of_file(asked, scores)
            order = [int(at) for at in np.argsort(-scores, kind="stable") if not self._is_beside(asked, int(at))][:best]
            if asked.right in order:
                others = [at for at in order if at != asked.right]
                yield self._group(asked, question, [asked.right, *others], order.index(asked.right))

    def _read(self, files: list[File]) -> None:
        self._random.shuffle(files)
        names: dict[str, list[int]] = defaultdict(list)
        for file in files[:_FILES]:
            first = len(self._passages)
            content = file.text.encode()
            found = chunk(content, language_of(file.path, content))
            for one in found.chunks:
                text = content[one.start_byte : one.end_byte].decode()
                self._add(file, one.symbol, text)
            for symbol in found.symbols:
                names[symbol.name].append(first + symbol.chunk)
            header = first_sentence(first_comment(file.text, file.language))
            if file.language != "markdown" and _is_question(header) and not _CHECKS.search(file.path):
                self._asked.append(Asked("header", header, first, bare=True))
        for name, places in names.items():
            words = pairs.words_of(name)
            if len(places) == 1 and len(words) > 1 and not _CHECKS.search(self._passages[places[0]].path):
                self._asked.append(Asked("name", " ".join(words).lower(), places[0], bare=False))

    def _add(self, file: File, symbol: str, text: str) -> None:
        right = len(self._passages)
        if file.language == "markdown":
            heading = _HEADING.match(text)
            bare = text[heading.end() :] if heading else text
            if heading and _is_question(title := clean(heading[1] or heading[2])):
                self._asked.append(Asked("heading", title, right, bare=True))
        else:
            items = [item for item in documented(text, file.language) if pairs.worded(item.comment)]
            bare = _without(text, [item.span for item in items])
            if pairs.worded(bare) and not _CHECKS.search(file.path):
                for item in items:
                    sentence = first_sentence(item.comment)
                    rest = item.comment[len(sentence) :].strip()
                    if _is_question(sentence):
                        self._asked.append(Asked("sentence", sentence, right, bare=True))
                    if _is_question(first_sentence(rest)):
                        self._asked.append(Asked("comment", first_sentence(rest), right, bare=True))
        self._passages.append(Passage(file.path, symbol, text, bare))

    def _commits(self, data: Path, source: Source) -> Iterator[Asked]:
        places: dict[str, list[int]] = defaultdict(list)
        for at, one in enumerate(self._passages):
            places[one.path].append(at)
        for change in history.changes(sources.git_folder(data, source), source.revision, _COMMITS):
            lines = _lines(change.text)
            if len(lines) < 4 or _CHECKS.search(change.path) or not _is_question(change.subject):
                continue
            shared = [(len(lines & _lines(self._passages[at].text)), at) for at in places[change.path]]
            most, right = max(shared, default=(0, 0))
            if most > len(lines) / 2:
                yield Asked("commit", change.subject, right, bare=False)

    def _drawn(self, numbers: dict[str, int]) -> list[Asked]:
        """So many of each kind, in any order; a question that is asked twice has no one right answer."""
        often = Counter(asked.text for asked in self._asked if asked.kind != "commit")
        drawn = []
        for kind, number in numbers.items():
            unique = {asked.text: asked for asked in self._asked if asked.kind == kind and often[asked.text] < 2}
            drawn += self._random.sample(list(unique.values()), min(number, len(unique)))
        self._random.shuffle(drawn)
        return drawn

    def _scores(self, question: str, bare: bool) -> Vectors:
        vector = self._embedder.encode_question(question)
        scores: Vectors = (self._bare if bare else self._texts) @ vector + _PATH_SHARE * (self._paths @ vector)
        return scores

    def _best_of_file(self, asked: Asked, scores: Vectors) -> Asked:
        """A file's head is an answer's description, not the answer: that is the file's chunk nearest to it."""
        start = " ".join(asked.text.split()[:5])
        own = [
            int(at)
            for at in np.flatnonzero(self._files == self._files[asked.right])
            if start not in clean(self._passages[at].bare) and pairs.worded(self._passages[at].bare)
        ]
        return asked._replace(right=max(own, key=lambda at: scores[at], default=asked.right))

    def _wrong(self, asked: Asked, scores: Vectors) -> list[int]:
        order = [int(at) for at in np.argsort(-scores, kind="stable")[: 4 * _NEAREST]]
        order = [at for at in order if not self._is_beside(asked, at) and at != asked.right]
        near = order[:_NEAREST]
        own = self._files[asked.right]
        beside = [at for at in order[:_BESIDE] if self._files[at] == own][:5]
        chosen = [self._random.choice(beside)] if beside else []
        while len(chosen) < WRONG and (left := [at for at in near if at not in chosen]):
            chosen += self._random.choices(left, [1 / (place + 3) for place in range(len(left))])
        return chosen

    def _is_beside(self, asked: Asked, at: int) -> bool:
        """Whether a passage may be as right: of the same definition, or of the file that is asked for, or the same text."""
        right, other = self._passages[asked.right], self._passages[at]
        if at == asked.right:
            return False
        if right.path == other.path and (asked.kind == "header" or (right.symbol and right.symbol == other.symbol)):
            return True
        vectors = self._bare if asked.bare else self._texts
        return bool(vectors[at] @ vectors[asked.right] > _ALIKE) or not pairs.worded(
            other.bare if asked.bare else other.text
        )

    def _group(self, asked: Asked, question: str, places: Sequence[int], rank: int) -> Group:
        chosen = [self._passages[at] for at in places]
        texts = tuple(f"{one.path}\n{one.bare if asked.bare else one.text}" for one in chosen)
        return Group(self.name, asked.kind, question, texts, rank)


def _is_question(text: str) -> bool:
    return pairs.worded(text) and len(text) <= _LONGEST_QUESTION


def _lines(text: str) -> set[str]:
    return {stripped for line in text.splitlines() if len(stripped := line.strip()) > 8}


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept, end = [], 0
    for first, last in sorted(spans):
        kept.append(text[end : max(first, end)])
        end = max(end, last)
    return "".join([*kept, text[end:]])
