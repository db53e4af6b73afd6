"""README and its neighbours say what is so, and nothing that belongs to one machine is in the repository."""

from __future__ import annotations

import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

import msgspec
import pytest

from codectxd.config import UserConfig, WorkspaceConfig
from tidy.source import REPOSITORY

TRACES = [
    r"(?<![\w.:-])/(?:root|Users|home/(?!user\b|you\b|me\b)\w+)/",
    r"(?:py[p]i|npm[j]s|python[h]osted|crate[s])\.(?:org|io)(?!\w)",
    r"--index-url|--extra-index-url",
]
"""What belongs to somebody's machine or network: home folders, registries. Written so as to be no such thing itself."""

README = REPOSITORY / "README.md"

MAX_FILE_KB = 12 * 1024


def tracked() -> list[Path]:
    """Every file git knows or would take, that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout.decode()
    return [REPOSITORY / name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md" and "fixtures" not in path.parts]


def section(text: str, title: str) -> str:
    """The part of a Markdown text under the heading `title`, up to the next heading that is not below it."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", text, re.M)
    assert found, f"README has no section {title!r}"
    rest = text[found.end() :]
    return re.split(rf"^#{{1,{len(found.group(1))}}} ", rest, maxsplit=1, flags=re.M)[0]


def documented_settings(file: str) -> dict[str, str]:
    """Setting and default of each row of README's table of the settings in `file`."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section(README.read_text(), f"`{file}`"), re.M)
    return dict(rows)


def places() -> list[str]:
    """Where this checkout and this user's home lie, as patterns; common places say nothing about a machine."""
    common = {Path("/"), Path(tempfile.gettempdir())}
    owned = [place for place in (REPOSITORY, REPOSITORY.parent, Path.home()) if place not in common]
    return [r"(?<![\w.-])" + re.escape(f"{place}/") for place in owned]


@pytest.mark.parametrize(
    ("file", "kind"), [("config.toml", UserConfig), ("codectx.toml", WorkspaceConfig)], ids=["user", "workspace"]
)
def test_the_settings_of_the_readme_are_the_settings_there_are(file: str, kind: type[msgspec.Struct]) -> None:
    there_are = {name: msgspec.to_builtins(value) for name, value in msgspec.structs.asdict(kind()).items()}
    said = {name: tomllib.loads(f"v = {default}")["v"] for name, default in documented_settings(file).items()}
    assert said == {name: list(value) if isinstance(value, tuple) else value for name, value in there_are.items()}


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.M | re.S)
    targets = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [target for target in targets if target and not (document.parent / target).exists()] == []


def test_the_changelog_has_a_place_for_the_next_change_and_names_this_version() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[([^\]]+)\]", (REPOSITORY / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [version])


@pytest.mark.parametrize("pattern", [*TRACES, *places()])
def test_no_file_holds_a_trace_of_one_machine(pattern: str) -> None:
    wanted = re.compile(pattern)
    allowed = {Path(__file__)}
    found = [
        f"{path.relative_to(REPOSITORY)}: {line.strip()[:120]}"
        for path in tracked()
        if path not in allowed and b"\0" not in path.read_bytes()[:8000]
        for line in path.read_text(errors="replace").splitlines()
        if wanted.search(line)
    ]
    assert found == []


def test_no_file_is_large() -> None:
    assert [path for path in tracked() if path.stat().st_size > MAX_FILE_KB * 1024] == []
