"""The command `bench`: what it takes, what it refuses, and the parts that need no daemon."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from codectxd.evaluate import yardstick
from codectxd.evaluate.floor import Floor
from codectxd.evaluate.report import Report
from codectxd.evaluate.session import NeverCame, until


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codectxd.evaluate", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "There is no benchmark 'nonsense'"),
        (["initialize", "--folder", "no-such-folder"], "There is no folder"),
        (["initialize", "--against", "no-such-file"], "is not the JSON of an earlier run"),
        (["--nonsense"], "Unrecognized arguments"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(arguments: list[str], told: str) -> None:
    done = bench(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_run_over_a_small_folder_measures_the_real_program_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for number in range(3):
        body = "".join(f"def step_{number}_{i}(lever):\n    return lever + {i}\n\n\n" for i in range(20))
        (tmp_path / f"steps_{number}.py").write_text(body)
    began = time.time()
    done = bench("last-definition", "restart", "unsaved", "saved", "symbols", "--json", "--folder", str(tmp_path))
    report = msgspec.json.decode(done.stdout, type=Report)
    assert (done.returncode, report.failed, report.files) == (0, [], 3)
    names = [row.name for row in report.rows]
    assert names == [
        "last-definition",
        "restart.answer",
        "restart.reconciled",
        "restart.embedded",
        "unsaved",
        "saved",
        "symbols",
    ]
    assert all(row.value > 0 for row in report.rows if row.unit in ("ms", "s", "x"))
    assert all(row.floor > 0 for row in report.rows)
    assert [process for process in psutil.process_iter() if process.create_time() >= began and _is_ours(process)] == []


def _is_ours(process: psutil.Process) -> bool:
    try:
        home = process.environ().get("CODECTX_HOME", "")
        return Path(home).parent.name.startswith("cx-bench-") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def test_something_else_than_a_report_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("[1]")
    assert bench("--against", str(tmp_path / "old.json")).returncode == 2


def test_the_floor_reads_parses_and_tokenises_every_source_file(tmp_path: Path) -> None:
    for name in ("a.py", "b.rs", "c.unknown"):
        (tmp_path / name).write_text("fn main() {}\n" * 100)
    command = [sys.executable, "-m", "codectxd.evaluate.floor", str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    floor = msgspec.json.decode(printed, type=Floor)
    assert floor.files == 2
    assert floor.megabytes == pytest.approx(2 * 1_300 / 1e6)
    assert floor.seconds == floor.read + floor.parse + floor.tokenise > 0


def test_the_yardstick_gives_about_the_same_twice() -> None:
    assert 0.2 < yardstick.milliseconds() / yardstick.milliseconds() < 5


def test_waiting_ends_with_the_condition_or_the_deadline() -> None:
    values = iter([None, 0, "", "there"])
    assert until(lambda: next(values), what="it") == "there"
    with pytest.raises(NeverCame, match="it did not come"):
        until(lambda: None, what="it", deadline_s=0.01)
