"""Which workspace a path on the command line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd import paths
from codectxd.clients import places
from codectxd.errors import NoSuchPath, UsageError
from codectxd.wire import messages


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "a[1].py").write_text("x = 1\n")
    (root / "b.py").write_text("y = 1\n")
    monkeypatch.chdir(root / "src" / "deep")
    return root


@pytest.mark.parametrize(
    ("what", "first", "last"), [("x.py:3", (2, 0), (2, 0)), ("x.py:3-5", (2, 0), (5, 0)), ("x.py:3:1-1", None, None)]
)
def test_lines_are_named_after_the_last_colon(
    what: str, first: tuple[int, int] | None, last: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").touch()
    if first is None:
        with pytest.raises(NoSuchPath):
            places.compared(what)
        return
    found = places.compared(what)
    assert found.file == str(tmp_path / "x.py")
    assert found.range is not None
    assert (found.range.start, found.range.end) == (messages.Position(*first), messages.Position(*last))
    assert places.compared("-") == places.Compared()


@pytest.mark.parametrize("what", ["y.py", ".", "x.py:", "x.py:a", "x.py:0", "x.py:5-3", "x.py:3-", ":3", ""])
def test_what_names_no_line_is_refused(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").touch()
    with pytest.raises(UsageError, match=r"names no line"):
        places.compared(what)


def test_a_file_without_a_line_is_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").touch()
    assert places.compared("x.py") == places.Compared(str(tmp_path / "x.py"))


def test_no_path_is_the_repository_around_the_current_folder(repository: Path) -> None:
    assert places.folder(None) == str(repository)
    assert places.place([]) == places.Place((str(repository),))


def test_no_path_outside_a_repository_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if places.enclosing_repository(str(tmp_path.resolve())) is None:
        assert places.folder(None) == str(tmp_path.resolve())


def test_a_worktree_has_a_file_for_its_git_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "src").mkdir()
    assert places.enclosing_repository(str(tmp_path / "src")) == str(tmp_path)


def test_a_folder_is_its_own_root(repository: Path) -> None:
    assert places.place(["."]).roots == (str(repository / "src" / "deep"),)
    assert places.place(["..", str(repository / "src")]).roots == (str(repository / "src"),)


def test_a_link_to_a_folder_is_that_folder(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    assert places.folder(str(tmp_path / "link")) == str(repository)


def test_files_restrict_the_search_to_themselves(repository: Path) -> None:
    found = places.place(["../a[1].py", str(repository / "b.py")])
    assert found == places.Place((str(repository),), (str(repository / "src" / "a[1].py"), str(repository / "b.py")))
    assert found.file_uris == [f"file://{repository}/src/a%5B1%5D.py", f"file://{repository}/b.py"]


def test_a_place_names_its_roots_by_uri() -> None:
    assert places.Place(("/r/with space",)).uris == ["file:///r/with%20space"]


@pytest.mark.parametrize("paths", [["nowhere"], ["../a[1].py", "nowhere"]])
def test_a_path_must_exist(repository: Path, paths: list[str]) -> None:
    with pytest.raises(NoSuchPath, match="nowhere"):
        places.place(paths)


def test_files_and_folders_are_not_searched_at_once(repository: Path) -> None:
    with pytest.raises(UsageError, match="not both"):
        places.place(["../a[1].py", "."])


def test_a_file_is_no_folder(repository: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        places.folder("../a[1].py")


def test_paths_are_shown_relative_to_their_workspace() -> None:
    assert places.shown("/r/src/a.py", ("/q", "/r")) == "src/a.py"
    assert places.shown("/rest/a.py", ("/r",)) == "/rest/a.py"


def test_a_home_folder_is_no_project_of_what_is_in_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(repository))
    deep = str(repository / "src" / "deep")
    assert places.folder(None) == deep
    assert places.place(["../a[1].py"]).roots == (str(repository / "src"),)
    for ask in (lambda: places.folder(str(repository)), lambda: places.place([str(repository / "b.py")])):
        with pytest.raises(UsageError, match="is your home folder"):
            ask()
    monkeypatch.chdir(repository)
    with pytest.raises(UsageError, match="is your home folder"):
        places.folder(None)
    (repository / "codectx.toml").write_text("")
    assert places.folder(None) == str(repository)


def test_what_is_like_a_file_is_looked_for_where_one_is_unless_the_file_is_in_another_folder_that_was_indexed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECTX_HOME", str(tmp_path / "home"))
    other = tmp_path.resolve() / "other"
    (other / ".git").mkdir(parents=True)
    assert places.around(None).roots == (str(repository),)
    assert places.around(str(repository / "b.py")).roots == (str(repository),)
    assert places.around(str(other / "a.py")).roots == (str(repository),)
    assert places.around(str(tmp_path / "a.py")).roots == (str(repository),)
    paths.layout().workspace(str(other)).mkdir(parents=True)
    assert places.around(str(other / "a.py")).roots == (str(other),)
