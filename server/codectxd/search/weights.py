"""Every weight of ranking, in one table, each with the measurement that chose it.

"Worth" is what NDCG@10 loses without the signal, "alike" are values whose difference chance would make too: both on 25
public repositories in 16 languages and, where it says so, on the development half of `fixtures/questions/library.jsonl`,
whose answers are lines. `server/docs/quality.md` has the tables with their intervals, and says how the values were chosen:
trying them on repositories that they were not chosen by. Knows nothing of how a weight is applied: `fuse`, `rank`,
`verbatim` and `candidates` say that where they do it.
"""

from __future__ import annotations

import msgspec


class Weights(msgspec.Struct, frozen=True):
    """The numbers one search is made with. Scores of single signals lie between 0 and 1, so weights compare with 1."""

    lexical_share: float = 0.5
    """Share of the words in a fused score, the meaning has the rest. .45 to .55 are alike; .6 loses .006."""

    body: float = 1.0
    symbol: float = 0.6
    path: float = 0.4
    """Weights of the lexical fields in BM25, the body's being one: name and path repeat some of its words. Worth .007
    and .005; the path's costs .011 on ten more repositories. .45 to .75 and .3 to .5 are alike."""

    path_weight: float = 0.5
    """Weight of the cosine with the file's path against the cosine with the chunk. Worth .020. .4 to .8 are alike; a path
    that is unlike the question takes nothing away, which changes nothing there."""

    evidence: float = 0.3
    """Weight of each of a file's next best chunks in the file's score. Worth .017. .35 is alike, .25 loses .004."""

    evidence_chunks: int = 3
    """How many of a file's next best chunks count. Two and four are alike; four cost an acceptance question."""

    short: float = 0.3
    """What stands for each next chunk that a short file does not have, as a share of its best: else every long file had the
    better of it, whatever is in it. Worth .003, .007 on ten more repositories. .15 to .35 are alike."""

    coverage: float = 0.3
    """Added where the file holds all of the question's words, anywhere in it; less where it holds some. Worth .003, .010 on
    the library, .007 on its doc comments. .15 and .2 are alike; .45 loses .005, and gains .009 on the library."""

    aside: float = 0.6
    """Factor on tests, examples, docs, generated and vendored files that were not asked for. Worth .007, .045
    on ten more repositories. .45 to .75 are alike."""

    stem: float = 0.4
    """Added where the question's words all name the file; less where only some do, in proportion. Worth .011 with the next
    one. .3 to .6 are alike."""

    stem_of_many: float = 0.15
    """What is added where hardly any of the question's words do. .1 to .2 are alike."""

    definition: float = 0.45
    """Added where a name in the question is defined, shared by its definitions. Worth .009 with the next one, and .045 on
    the library. .3 to .6 are alike."""

    only_definition: float = 8.0
    """Added where the question is a name and this its one definition: more than all else can add up to (6.5)."""

    place: float = 1.0
    """Added where the question points at the file, or, where it points at a line, at the chunk; a quarter of it for other
    chunks of that file. Worth .054 where a stack trace of the library asks for its line, .070 where a path does for its
    file."""

    verbatim: float = 2.0
    """Added where an error in the question is said word for word, or in proportion. Worth .23 where messages of the
    library ask for their lines."""

    read_for_words: int = 50
    """So many of the best candidates are read to see whether they say it."""

    same_text: float = 1.0
    """Added, in a search for what is alike, where the same lines stand: as much as all else can add up to there."""

    near_text: float = 0.5
    """Added, in proportion, where nearly the same stands, with other names or values: less than a copy gains, which stays
    before it. Of 300 functions whose local names were changed it puts 98 % first, from 95 %; of those in which all names
    were, 48 %, from 28 %."""

    alike_terms: int = 40
    """So many of a text's words are looked up for what is alike, the rarest and most frequent in it."""

    at_hand: float = 0.05
    """Added for files that the editor that asks has open or edited lately: enough to turn a near tie. Where the right file
    is among nine that are open, 620 questions score .011 better; where eight others are, .003 worse. At .1 it is .020 and
    .004."""

    reranker: float = 0.2
    """What a reranker, where the user has one, adds at most to a candidate. One trained on code then loses .003, and gains
    .001 on ten more repositories, .006 on the library; at .5 it loses .013, and gains .013 and .005."""

    reranked: int = 20
    """So many of the best candidates are shown to it."""

    another: float = 0.5
    """Factor on each further answer from a file that has given one. Worth .059. .3 is alike and loses .010 on the library,
    whose answers may be several places of a file; .7 loses .004 and gains .028 there."""

    candidates: int = 300
    """How many chunks words and meaning propose, each: enough for files of which every next chunk ranks low."""

    found_by_meaning: int = 50
    """A hit is said to be found by meaning from this place up, or where nothing else found it."""

    judged_files: int = 24
    """So many of the best files by words and meaning are judged by name and role too. No answer changes at 20."""

    files_in_sight: int = 10
    """For so many of the best files all chunks are looked at, not only those that were proposed."""


DEFAULT = Weights()
