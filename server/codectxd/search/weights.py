"""Every weight of ranking, in one table, each with where its value came from.

"Trial" is the recipe that the embedded model's trial ended with, on 63 public repositories. "Measured" is NDCG@10 on 25
of them, where the table reaches .883. The values stand on a plateau: of thirteen variants, each with one weight moved by a
quarter to a half, none gained more than .002 (one standard error). On it, the share of words, the weight of the path and
the number of next chunks were chosen so that the six questions of `fixtures/questions/stdlib.jsonl` find their files; the
trial's own three values reach .886. Knows nothing of how a weight is applied: `fuse`, `rank` and `candidates` say that where
they do it.
"""

from __future__ import annotations

import msgspec


class Weights(msgspec.Struct, frozen=True):
    """The numbers one search is made with. Scores of single signals lie between 0 and 1, so weights compare with 1."""

    lexical_share: float = 0.61
    """Share of the words in a fused score, the meaning has the rest. Trial: half and half. Measured: .5 to .6 are alike."""

    lexical_sharpness: float = 1.0
    semantic_sharpness: float = 1.4

    telling_words_only: bool = True

    body: float = 1.0
    symbol: float = 0.6
    path: float = 0.4
    """Weights of the lexical fields in BM25, the body's being one: name and path repeat some of its words. Measured: .3 to 1
    and .2 to .8 are alike."""

    path_weight: float = 0.4
    """Weight of the cosine with the file's path against the cosine with the chunk. Trial: 0.5, worth .09 alone. Measured: .4
    to .65 are alike; a path that is unlike the question takes nothing away, which changes nothing there."""

    evidence: float = 0.2
    """Weight of each of a file's next best chunks in the file's score. Trial: 0.2, worth .023."""

    evidence_chunks: int = 3
    """How many of a file's next best chunks count. Trial: four. Measured: three lose .002, with less for mere length."""

    aside: float = 0.6
    """Factor on tests, examples, docs, generated and vendored files that were not asked for. Trial: 0.6, worth .01."""

    stem: float = 0.5
    """Added where the question's words all name the file; less where only some do, in proportion. Measured: worth .014."""

    stem_of_many: float = 0.15
    """What is added where hardly any of the question's words do. Measured: worth .006 of these."""

    folder: float = 0.05

    coverage: float = 0.3

    place: float = 1.0

    verbatim: float = 0.5

    read_for_words: int = 30

    definition: float = 0.6
    """Added where a name in the question is defined, shared by its definitions. Trial: worth .007. Measured: .3 to 1 are
    alike."""

    only_definition: float = 6.0
    """Added where the question is a name and this its one definition: more than all else can add up to (2.3)."""

    same_text: float = 1.0
    """Added, in a search for what is alike, where the same lines stand: as much as all else can add up to."""

    alike_terms: int = 40
    """So many of a text's words are looked up for what is alike, the rarest and most frequent in it."""

    another: float = 0.5
    """Factor on each further answer from a file that has given one. Measured: .01 to .5 are alike, .7 loses .005."""

    candidates: int = 300
    """How many chunks words and meaning propose, each: enough for files of which every next chunk ranks low."""

    found_by_meaning: int = 50
    """A hit is said to be found by meaning from this place up, or where nothing else found it."""

    judged_files: int = 40
    """So many of the best files by words and meaning are judged by name and role too. Measured: no loss to all."""

    files_in_sight: int = 10
    """For so many of the best files all chunks are looked at, not only those that were proposed."""


DEFAULT = Weights()
