"""A session's folders: one workspace whatever name it goes by, answered by the name that the client gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from codectxd.daemon.roots import Roots
from codectxd.errors import NoSuchPath, UsageError
from codectxd.paths import refusal


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """A folder, and beside it a link to it."""
    folder = tmp_path.resolve() / "real"
    (folder / "sub").mkdir(parents=True)
    (folder.parent / "link").symlink_to("real")
    return folder


def test_a_folder_is_one_workspace_by_all_its_names_and_spelled_as_it_was_first(real: Path) -> None:
    roots = Roots()
    link = real.parent / "link"
    roots.add([link.as_uri(), real.as_uri(), str(link)])
    assert roots.open == [str(real)]
    assert roots.spelled(str(real)) == str(link)
    assert roots.of([real.as_uri(), str(link / "sub")]) == [str(real), str(real / "sub")]
    assert roots.spelled(str(real / "sub")) == str(link / "sub")
    assert roots.spelled("/elsewhere") == "/elsewhere"
    assert roots.remove([real.as_uri()]) == [str(real)]
    assert roots.open == []
    roots.add([real.as_uri()])
    assert roots.spelled(str(real)) == str(real)


def test_what_is_no_folder_is_left_out_and_an_error_to_ask_about(real: Path) -> None:
    roots = Roots()
    (real / "file").write_text("x")
    roots.add(["untitled:1", str(real / "gone"), (real / "file").as_uri()])
    assert roots.open == []
    for name, error in (("untitled:1", UsageError), (str(real / "gone"), NoSuchPath), (str(real / "file"), UsageError)):
        with pytest.raises(error):
            roots.of([name])
    with pytest.raises(UsageError, match="No folder is open"):
        roots.of(None)


def test_the_home_folder_and_what_holds_it_are_too_much_unless_somebody_says_so(
    real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(real.parent / "link"))
    roots = Roots()
    roots.add([real.as_uri(), real.parent.as_uri(), "file:///"])
    assert roots.open == []
    with pytest.raises(UsageError, match=r"is your home folder: name a folder in it, or put a codectx\.toml there"):
        roots.of(None)
    with pytest.raises(UsageError, match="holds your home folder"):
        roots.of([str(real.parent)])
    assert refusal("/") is not None
    assert refusal(str(real / "sub")) is None
    assert refusal(str(real) + "-not") is None
    roots.add([(real / "sub").as_uri()])
    assert roots.of(None) == [str(real / "sub")]
    (real / "codectx.toml").write_text("")
    roots.add([real.as_uri()])
    assert roots.of(None) == [str(real / "sub"), str(real)]
