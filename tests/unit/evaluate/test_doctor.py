"""The doctor, over folders that are broken in the ways folders break: each is one line that says what to do."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codectxd.embed.model import embedded
from codectxd.evaluate import doctor
from codectxd.evaluate.checks import installation, storage, surroundings
from codectxd.evaluate.checks.bundle import Veil
from codectxd.evaluate.checks.daemon import daemon
from codectxd.evaluate.checks.findings import Finding, Level, Patient, size
from codectxd.evaluate.checks.permissions import permissions
from codectxd.index.bases import VectorSet
from codectxd.index.lexical import lexical_folder
from codectxd.index.store import Store
from codectxd.index.vault import Vault
from codectxd.paths import Layout

DIMENSION = 4


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    """A user's folders, as they are after a first start, and an empty workspace."""
    for name in ("state", "run", "project"):
        (tmp_path / name).mkdir(mode=0o700)
    return Patient(Layout(tmp_path / "state", tmp_path / "run", tmp_path / "config"), str(tmp_path / "project"))


def found(findings: Iterator[Finding], level: Level) -> list[Finding]:
    """What was found of `level`; whatever is not ok says what to do."""
    listed = list(findings)
    assert all((finding.level == "ok") == (finding.remedy == "") for finding in listed)
    assert all("\n" not in finding.told + finding.remedy for finding in listed)
    return [finding for finding in listed if finding.level == level]


@pytest.fixture
def index(patient: Patient) -> Path:
    """The folder of an index with some vectors in it."""
    import numpy as np

    folder = patient.layout.workspace(patient.root)
    store = Store(folder, patient.root, "model", DIMENSION)
    rows = VectorSet(np.arange(8, dtype=np.int64), np.ones((8, DIMENSION), np.int8), np.ones(8, np.float32))
    state = store.vectors.append([rows])
    store.vectors.adopt(state)
    import msgspec

    store.catalog.set_meta("vectors", msgspec.json.encode(state).decode())
    store.lexical.commit()
    store.close()
    return folder


def test_a_whole_index_is_found_whole(patient: Patient, index: Path) -> None:
    Vault(patient.layout.vault).close()
    told = [finding.told for finding in found(storage.storage(patient), "ok")]
    assert any(patient.root in line and "are whole" in line for line in told)
    assert found(storage.storage(patient), "problem") == []


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)


def write_nonsense(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.write_bytes(b"nonsense" * 4096)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "catalogue": lambda folder: write_nonsense(folder / "catalog.db"),
    "words": lambda folder: (lexical_folder(folder, 0) / "meta.json").write_text("{"),  # type: ignore[dict-item,return-value]
    "words gone": lambda folder: (lexical_folder(folder, 0) / "meta.json").unlink(),
    "vectors": lambda folder: flip_a_byte(folder / "vectors" / "0.delta.rows"),
    "vectors cut": lambda folder: os.truncate(folder / "vectors" / "0.delta.rows", 5),
    "vectors gone": lambda folder: (folder / "vectors" / "0.delta.rows").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_in_an_index_is_a_problem(patient: Patient, index: Path, damage: str) -> None:
    DAMAGES[damage](index)
    (problem,) = found(storage.storage(patient), "problem")
    assert problem.what == "workspace"
    assert patient.root in problem.remedy or str(index) in problem.remedy


def test_a_damaged_vault_is_a_problem(patient: Patient) -> None:
    write_nonsense(patient.layout.vault)
    (problem,) = found(storage.storage(patient), "problem")
    assert (problem.what, str(patient.layout.vault) in problem.remedy) == ("vault", True)


def test_what_costs_room_for_nothing_is_a_warning(patient: Patient, index: Path) -> None:
    older = index.parent / "v0"
    older.mkdir()
    (older / "catalog.db").write_bytes(b"x" * 10_000)
    Path(patient.root).rmdir()
    warnings = found(storage.storage(patient), "warning")
    assert [finding.what for finding in warnings if finding.what != "disk"] == ["format", "workspace"]
    assert all("rm -r" in finding.remedy for finding in warnings if finding.what != "disk")


def test_the_holder_of_a_lock_is_named(patient: Patient, index: Path) -> None:
    assert storage.lock_holder(index / "lock") is None
    store = Store(index, patient.root, "model", DIMENSION)
    assert storage.lock_holder(index / "lock") == os.getpid()
    store.close()


def test_folders_that_are_as_they_should_be(patient: Patient) -> None:
    assert [finding.level for finding in permissions(patient)] == ["ok", "ok", "ok"]


def test_folders_that_are_not_there_yet_are_fine(tmp_path: Path) -> None:
    patient = Patient(Layout(tmp_path / "a" / "b", tmp_path / "c", tmp_path), str(tmp_path))
    assert [finding.level for finding in permissions(patient)] == ["ok", "ok", "ok"]


def test_a_file_in_the_place_of_the_state_folder_is_a_problem(patient: Patient) -> None:
    patient.layout.state.rmdir()
    patient.layout.state.write_text("not a folder")
    (problem,) = found(permissions(patient), "problem")
    assert "is no folder" in problem.told
    report = doctor.examined(patient)
    assert report.worst == "problem"


def test_a_folder_that_others_may_look_into_is_a_warning(patient: Patient) -> None:
    patient.layout.runtime.chmod(0o755)
    (warning,) = found(permissions(patient), "warning")
    assert f"chmod 700 {patient.layout.runtime}" in warning.remedy


def test_a_file_in_the_place_of_the_socket_is_a_problem(patient: Patient) -> None:
    patient.layout.socket.write_text("")
    (problem,) = found(permissions(patient), "problem")
    assert problem.what == "socket"


def test_settings_that_cannot_be_read_are_a_problem(patient: Patient) -> None:
    patient.layout.config.mkdir()
    patient.layout.config_file.write_text("workers = 'many'\n")
    (problem,) = found(permissions(patient), "problem")
    assert str(patient.layout.config_file) in problem.told


def test_a_socket_that_nobody_answers_on_is_told_within_a_deadline(patient: Patient) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(patient.layout.socket))
        patient.layout.socket.chmod(0o600)
        deaf.listen()
        (problem,) = found(daemon(patient), "problem")
    assert "does not answer" in problem.told


def test_errors_in_the_log_are_a_warning(patient: Patient) -> None:
    patient.layout.log.write_text("2026-01-01 00:00:00,000 1 ERROR codectxd.engine: It went wrong.\n")
    (warning,) = found(daemon(patient), "warning")
    assert "It went wrong." in warning.told


TINY = Path(__file__).parents[3] / "fixtures" / "models" / "tiny"


@pytest.mark.parametrize(
    ("setting", "level", "told"),
    [
        (str(TINY), "ok", "loaded and tried"),
        ("nosuch", "problem", "There is no model 'nosuch'"),
        ("/nowhere", "problem", "no model"),
    ],
)
def test_the_model_of_the_settings_is_tried(patient: Patient, setting: str, level: Level, told: str) -> None:
    patient.layout.config.mkdir()
    patient.layout.config_file.write_text(f'model = "{setting}"\n')
    (one,) = [finding for finding in found(installation.model(patient), level) if finding.what == setting]
    assert told in one.told


@pytest.mark.parametrize(
    ("setting", "level", "told"),
    [
        (str(TINY.with_name("tiny-reranker")), "ok", "ms a passage"),
        (str(TINY), "problem", "cannot rerank answers"),
        ("nosuch", "problem", "There is no model 'nosuch'"),
    ],
)
def test_the_reranker_of_the_settings_is_tried(patient: Patient, setting: str, level: Level, told: str) -> None:
    patient.layout.config.mkdir()
    patient.layout.config_file.write_text(f'reranker = "{setting}"\n')
    (one,) = [finding for finding in found(installation.model(patient), level) if finding.what == setting]
    assert told in one.told


def test_a_reranker_without_the_time_for_it_is_a_warning(patient: Patient) -> None:
    patient.layout.config.mkdir()
    patient.layout.config_file.write_text(f'reranker = "{TINY.with_name("tiny-reranker")}"\nreranker_ms = 0.0\n')
    (one,) = found(installation.model(patient), "warning")
    assert "too slow for 20 in 0 ms" in one.told


def test_the_model_and_the_grammars_are_whole_here(patient: Patient) -> None:
    assert found(installation.model(patient), "problem") == []
    assert found(installation.versions(patient), "problem") == []
    assert embedded().id in installation.KNOWN, "a new model needs its vector: see KNOWN"


def test_a_machine_without_git_is_told_what_to_install(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (problem,) = found(installation.versions(patient), "problem")
    assert problem.what == "git"


def test_events_arrive_here(patient: Patient) -> None:
    assert found(surroundings.watcher(patient), "problem") == []


def test_a_folder_is_examined_without_a_repository(patient: Patient) -> None:
    assert [finding.level for finding in surroundings.workspace(patient)] == ["ok", "ok", "ok"]
    assert surroundings.file_system("/proc/self") == "proc"


def test_a_repository_that_git_cannot_read_is_a_problem(patient: Patient) -> None:
    (Path(patient.root) / ".git").write_text("gitdir: /nowhere\n")
    findings = list(surroundings.workspace(patient))
    assert [finding.level for finding in findings if finding.what == "git"] in (["problem"], ["ok"])


def test_a_check_that_hangs_or_raises_is_a_line(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def hang(patient: Patient) -> Iterator[Finding]:
        yield Finding("slow", "beginning", "ok", "well so far")
        ended.wait(60)

    def fail(patient: Patient) -> Iterator[Finding]:
        raise RuntimeError("nobody thought of this")
        yield

    monkeypatch.setattr(doctor, "CHECKS", {"slow": hang, "broken": fail})
    report = doctor.examined(patient, deadline_s=0.2)
    ended.set()
    assert [(one.area, one.level) for one in report.findings] == [("slow", "ok"), ("slow", "problem"), ("broken", "problem")]
    assert "nobody thought of this" in report.findings[-1].told


def test_a_bundle_says_nothing_of_where_things_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "someone"
    monkeypatch.setenv("HOME", str(home))
    inside = Patient(Layout(home / "cache", Path("/run/user/codectxd"), home / "config"), "/srv/big client/code")
    veil = Veil(inside)
    assert veil(f'{home}/cache/daemon.log and "{home}"') == '~/cache/daemon.log and "~"'
    assert veil(f"{home}-else/x") == "<elsewhere>/x"
    assert veil("in /srv/big client/code/src/a.py") == "in <workspace>/src/a.py"
    assert veil("/run/user/codectxd/daemon.sock") == "<runtime>/daemon.sock"
    assert veil("/mnt/secret/plan.txt: 3/4 of src/a.py") == "<elsewhere>/plan.txt: 3/4 of src/a.py"


@pytest.mark.parametrize(("count", "shown"), [(0, "0 bytes"), (1500, "1.5 kB"), (2_500_000, "2.5 MB"), (7e9, "7 GB")])
def test_sizes_are_for_people(count: float, shown: str) -> None:
    assert size(count) == shown
