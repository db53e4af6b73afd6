"""`.codectxignore` overrules git in both directions, at any level, the same with git and without."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codectxd.gitignore import Rules, parse
from codectxd.workspace.tree import Probe, Tree
from codectxd.workspace.walk import covers
from unit.vcs.repository import commit, git, new_repository, write
from unit.workspace.trees import plain, reasons, refused, with_git

both = pytest.mark.parametrize("opened", [plain, with_git, refused])
Opened = Callable[..., Tree]
OURS, GITS = ".codectxignore", ".gitignore"


def shown(tree: Tree, paths: Sequence[str] | None = None) -> set[str]:
    """What is found, less the ignore files themselves."""
    return {path for path in tree.probe(paths).stamps if path.rpartition("/")[2] not in (OURS, GITS, ".gitmodules")}


@both
def test_it_hides_what_git_shows_and_even_what_git_tracks(root: Path, opened: Opened) -> None:
    commit(new_repository(root, a="1", gen__b="1", d__gen__c="1", d__x_sql="1"))
    write(root, {OURS: "/gen/\nd/x_sql\n"})
    assert shown(opened(root)) == {"a", "d/gen/c"}
    assert shown(opened(root), ["gen", "gen/b", "d/x_sql", "a"]) == {"a"}
    assert opened(root).is_ignored_dir("gen")
    assert not opened(root).is_ignored_dir("d/gen")


@both
def test_it_forces_in_what_git_hides(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", keep_log="1", other_log="1", build__gen__x="1", build__other="1", build__gen__deep__y="1")
    write(root, {GITS: "*_log\nbuild/\n", OURS: "!keep_log\n!/build/gen/\n"})
    tree = opened(root)
    assert shown(tree) == {"a", "keep_log", "build/gen/x", "build/gen/deep/y"}
    assert shown(tree, ["build"]) == {"build/gen/x", "build/gen/deep/y"}
    assert shown(tree, ["build/gen/x", "build/other", "other_log", "keep_log"]) == {"build/gen/x", "keep_log"}
    assert not tree.is_ignored_dir("build")
    assert not tree.is_ignored_dir("build/gen/deep")
    assert tree.is_ignored_dir("build/elsewhere")


@both
def test_the_deeper_file_is_the_stronger_and_the_last_pattern_decides(root: Path, opened: Opened) -> None:
    new_repository(root, d__a="1", d__b="1", e__a="1", e__b="1")
    write(root, {OURS: "a\nb\n!b\n", "d/.codectxignore": "!a\nb\n"})
    assert shown(opened(root)) == {"d/a", "e/b"}


@both
def test_it_is_stronger_than_the_setting(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", gen__b="1")
    write(root, {OURS: "!/gen/\n"})
    assert shown(opened(root, ["/gen/"])) == {"a", "gen/b"}
    assert shown(opened(root, ["gen/b"])) == {"a"}


@both
def test_gits_rules_hold_in_a_folder_that_was_forced_in_but_those_it_never_read_do_not(root: Path, opened: Opened) -> None:
    new_repository(root, env__a="1", env__x_log="1", env__heap__b="1")
    write(root, {GITS: "/env/\n*_log\nheap/\n", "env/.gitignore": "*\n", OURS: "!/env/\n"})
    assert shown(opened(root)) == {"env/a"}
    write(root, {OURS: "!/env/**\n"})
    assert shown(opened(root)) == {"env/a", "env/x_log", "env/heap/b"}


@both
def test_a_pattern_without_a_folder_does_not_reach_into_ignored_folders(root: Path, opened: Opened) -> None:
    new_repository(root, heap__keep="1", keep="1", d__keep="1")
    write(root, {GITS: "heap/\nkeep\n", OURS: "!keep\n"})
    tree = opened(root)
    assert shown(tree) == {"keep", "d/keep"}
    assert tree.is_ignored_dir("heap"), "or a large one would be walked and watched for nothing"
    write(root, {OURS: "!**/keep\n"})
    assert shown(tree) == {"keep", "d/keep", "heap/keep"}
    assert not tree.is_ignored_dir("heap")


@both
def test_a_list_of_what_is_wanted_brings_back_nothing_that_git_hides(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", src__b="1", src__heap__c="1", docs__d="1")
    write(root, {GITS: "heap/\n", OURS: "/*\n!/src/\n"})
    assert shown(opened(root)) == {"src/b"}


@both
def test_it_counts_where_git_ignores_it(root: Path, opened: Opened) -> None:
    new_repository(root, d__a="1", d__b="1")
    write(root, {GITS: ".codectxignore\n", "d/.codectxignore": "a\n"})
    assert shown(opened(root)) == {"d/b"}
    write(root, {"d/.gitignore": "*\n", "d/.codectxignore": "!a\n"})
    assert shown(opened(root)) == {"d/a"}


@both
def test_what_it_says_is_followed_at_once(root: Path, opened: Opened) -> None:
    new_repository(root, a="1", heap__b="1")
    write(root, {GITS: "heap\n"})
    tree = opened(root)
    assert shown(tree) == {"a"}
    write(root, {OURS: "!heap/\na\n"})
    assert shown(tree) == {"heap/b"}
    (root / OURS).unlink()
    assert shown(tree) == {"a"}


def test_without_git_it_opens_folders_that_tools_have_marked(root: Path) -> None:
    write(root, {"target/CACHEDIR.TAG": "1", "target/debug/z": "1", "node_modules/a/x": "1", "node_modules/b/y": "1"})
    write(root, {OURS: "!/target/debug/\n!/node_modules/a/\n"})
    assert shown(plain(root)) == {"target/debug/z", "node_modules/a/x"}
    assert not plain(root).is_ignored_dir("target/debug")
    assert plain(root).is_ignored_dir("node_modules/b")


@pytest.mark.parametrize("opened", [plain, with_git])
def test_it_speaks_of_repositories_inside_too_and_has_them_asked(root: Path, opened: Opened, tmp_path: Path) -> None:
    new_repository(root, a="1")
    write(root, {GITS: "/clones/\n"})
    clone = new_repository(root / "clones" / "one", x="1", tracked_log="1", other_log="1", heap__y="1", z="1")
    write(clone, {GITS: "*_log\nheap/\n"})
    git(clone, "add", "-f", "tracked_log")
    new_repository(root / "clones" / "two", x="1")
    inner = new_repository(root / "inner", x="1", heap__y="1", z="1")
    write(inner, {GITS: "heap/\n"})
    write(root, {OURS: "!/clones/one/\n/inner/z\n!/inner/heap/y\n"})
    write(clone, {OURS: "z\n"})
    tree = opened(root)
    expected = {"a", "clones/one/x", "clones/one/tracked_log", "inner/x", "inner/heap/y"}
    assert shown(tree) == expected
    assert not reasons(tree.probe())
    asked = ["clones", "clones/one/z", "inner/heap", "inner/z"]
    assert shown(tree, asked) == {path for path in expected if covers(frozenset(asked), path)}
    write(clone, {OURS: "!/heap/y\n"})
    assert shown(tree) == expected | {"clones/one/z", "clones/one/heap/y"}


def test_it_speaks_of_submodules_too(root: Path, tmp_path: Path) -> None:
    library = new_repository(tmp_path / "library", x="1", y="1", z="1")
    write(library, {GITS: "heap/\n"})
    commit(library)
    new_repository(root, a="1")
    git(root, "submodule", "-q", "add", str(library), "library")
    write(root, {OURS: "/library/x\n!/library/heap/\n", "library/.codectxignore": "y\n", "library/heap/b": "1"})
    assert shown(with_git(root)) == {"a", "library/z", "library/heap/b"}


# -- the rule, said once more in the simplest way ----------------------------------------------------------------------

NAMES = ["a", "b", "heap", "x_log"]
FOLDERS = ["", "a/", "b/", "a/heap/", "heap/", "heap/a/", "heap/a/b/"]


Files: TypeAlias = list[tuple[str, Rules[bytes]]]


class Plainly:
    """What is shown in a folder without repositories inside: each entry by itself, from the top down."""

    def __init__(self, root: Path, tracked: set[str]) -> None:
        self._root = root
        self._tracked = tracked
        self.shown = set(self._below("", [], [], seen=True, open_=True, hidden=False))

    def _below(
        self,
        folder: str,
        gits: Files,
        ours: Files,
        *,
        seen: bool,
        open_: bool,
        hidden: bool,
    ) -> Iterator[str]:
        gits = [*gits, (folder, self._rules(folder + GITS))] if seen else gits
        ours = [*ours, (folder, self._rules(folder + OURS))]
        for entry in os.scandir(self._root / folder):
            if entry.name == ".git":
                continue
            path, is_folder = folder + entry.name, entry.is_dir()
            our, gits_word = self._word(ours, path, is_folder), self._word(gits, path, is_folder)
            gone = hidden or our is True
            wanted = our is False or (open_ and (gits_word is not True or (entry.name == OURS and not is_folder)))
            if is_folder:
                into = {"seen": seen and gits_word is not True, "open_": wanted and not gone, "hidden": gone}
                if gone or wanted or any(rules.reaches(path[len(f) :].encode()) for f, rules in ours):
                    yield from self._below(path + "/", gits, ours, **into)
                else:
                    yield from self._only_tracked(path + "/", ours)
            elif not gone and (wanted or path in self._tracked):
                yield path

    def _only_tracked(self, folder: str, ours: Files) -> Iterator[str]:
        ours = [*ours, (folder, self._rules(folder + OURS))]
        for entry in os.scandir(self._root / folder):
            path = folder + entry.name
            if self._word(ours, path, entry.is_dir()) is True:
                continue
            if entry.is_dir():
                yield from self._only_tracked(path + "/", ours)
            elif path in self._tracked:
                yield path

    def _rules(self, path: str) -> Rules[bytes]:
        file = self._root / path
        return parse(file.read_bytes() if file.is_file() else b"")

    def _word(self, files: Files, path: str, is_folder: bool) -> bool | None:
        said = [rules.verdict(path[len(f) :].encode(), path.rpartition("/")[2].encode(), is_folder) for f, rules in files]
        return next((word for word in reversed(said) if word is not None), None)


pieces = st.sampled_from(
    [*NAMES, *(f"{name}/" for name in NAMES), "*", "**", "*_log", "a/heap", "heap/a", "**/a", "heap/**"]
)
patterns = st.tuples(st.sampled_from(["", "!", "!", "/", "!/"]), pieces).map("".join)
contents = st.lists(patterns, min_size=1, max_size=3).map(lambda made: "\n".join([*made, "#"]) + "\n")
ignore_files = st.dictionaries(
    st.tuples(st.sampled_from(FOLDERS), st.sampled_from([GITS, OURS, OURS])), contents, max_size=4
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ignore_files, st.sets(st.sampled_from([f"{f}{n}" for f in FOLDERS for n in ("b_", "x_log")]), max_size=3))
@example({("", GITS): "heap/\n", ("", OURS): "!heap/a/\n", ("heap/a/", OURS): "b/\n"}, {"heap/x_log"})
@example({("", GITS): "a\n", ("a/", OURS): "heap\n"}, {"a/heap/b_", "b_"})
def test_I4_any_files_of_both_kinds_mean_the_same_however_they_are_asked(
    tmp_path_factory: pytest.TempPathFactory, files: Mapping[tuple[str, str], str], tracked: set[str]
) -> None:
    root = tmp_path_factory.mktemp("ours")
    new_repository(root)
    write(root, {f"{folder}{name}": "1" for folder in FOLDERS for name in ("b_", "x_log", "c")})
    if tracked:
        git(root, "add", "-f", "--", *tracked)
    write(root, {f"{folder}{name}": text for (folder, name), text in files.items()})
    expected = Plainly(root, tracked).shown
    fresh = with_git(root).probe()
    assert set(fresh.stamps) == expected
    assert set(refused(root).probe().stamps) == Plainly(root, set()).shown
    tree = with_git(root)
    for asked in [[folder.rstrip("/")] for folder in FOLDERS[1:]] + [[path] for path in expected] + [["heap", "a/x_log"]]:
        scope = frozenset(asked)
        assert tree.probe(asked) == Probe(scope, {p: s for p, s in fresh.stamps.items() if covers(scope, p)}, ())
    for path in expected:
        folder = path.rpartition("/")[0]
        assert not folder or not tree.is_ignored_dir(folder)
