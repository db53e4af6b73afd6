"""Emacs, the real one, with eglot and the file for it, and with the real daemon at the other end."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.support import DEADLINE_S, Home, path_with_command

CONFIGURATION = Path(__file__).parents[2] / "server" / "editors" / "emacs.el"

Emacs = Callable[[str], Any]

PRELUDE = """
(package-initialize)
(setq make-backup-files nil auto-save-default nil create-lockfiles nil eglot-sync-connect 30)
(load %(configuration)s nil t)
(find-file %(file)s)
(codectxd-connect)
(defun lines () (with-current-buffer "*codectxd*" (split-string (buffer-substring-no-properties 1 (point-max)) "\\n" t)))
(defun wait-for (condition)
  (let ((deadline (+ (float-time) %(deadline)f)) found)
    (while (and (not (setq found (funcall condition))) (< (float-time) deadline))
      (accept-process-output nil 0.02))
    found))
(defun asks (question wanted)
  (wait-for (lambda () (codectxd-search question)
                       (and (seq-some (lambda (line) (string-match-p wanted line)) (cdr (lines))) (lines)))))
(let ((answer (progn %(program)s)))
  (ignore-errors (eglot-shutdown (eglot-current-server) nil 5))
  (with-temp-file %(answer)s (insert (json-encode answer))))
"""


@pytest.fixture
def emacs(home: Home, workspace: Path, tmp_path: Path) -> Emacs:
    """Runs a program in an Emacs that visits a file of the workspace; gives what it returns."""
    program = shutil.which("emacs")
    if program is None:
        pytest.fail("Emacs is not installed: the packages emacs-nox and elpa-eglot bring it, and .ci/run installs them.")
    environment = {**home.environment, "HOME": str(tmp_path), "PATH": path_with_command(tmp_path / "bin")}

    def run(body: str) -> Any:
        script, answer = tmp_path / "test.el", tmp_path / "answer.json"
        strings = {
            "configuration": json.dumps(str(CONFIGURATION)),
            "file": json.dumps(str(workspace / "shop" / "cart.py")),
            "answer": json.dumps(str(answer)),
        }
        script.write_text(PRELUDE % {**strings, "deadline": DEADLINE_S / 2, "program": body})
        done = subprocess.run(
            [program, "--batch", "--no-init-file", "--load", str(script)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE_S,
        )
        if "eglot" in done.stderr and "No such file" in done.stderr:
            pytest.fail("Emacs has no eglot: Emacs 29 brings it, before that the package elpa-eglot does.")
        assert done.returncode == 0, done.stderr
        return json.loads(answer.read_text())

    return run


def shown(lines: list[str], workspace: Path) -> list[str]:
    """What is listed under the title, with paths as in the workspace."""
    return [line.replace(f"{workspace}/", "") for line in lines[1:]]


def test_eglot_attaches_to_the_repository_of_the_file(emacs: Emacs, workspace: Path) -> None:
    managed, root = emacs(
        "(list (eglot-managed-p) (expand-file-name (project-root (eglot--project (eglot-current-server)))))"
    )
    assert managed is True
    assert Path(root) == workspace


def test_definitions_are_found_by_name(emacs: Emacs, workspace: Path) -> None:
    program = '(wait-for (lambda () (codectxd-symbols "total_price") (and (cdr (lines)) (lines))))'
    assert shown(emacs(program), workspace) == ["shop/cart.py:10: Cart.total_price"]


def test_xref_finds_the_same_definitions(emacs: Emacs) -> None:
    program = """(mapcar (lambda (found) (xref-location-group (xref-item-location found)))
      (wait-for (lambda () (xref-backend-apropos 'eglot "backoff"))))"""
    assert [Path(name).name for name in emacs(program)] == ["retry.py"]


def test_a_question_lists_lines_that_emacs_can_go_to(emacs: Emacs, workspace: Path) -> None:
    lines, name, line = emacs("""(let ((found (asks "where is a failed call tried again" "retry.py")))
      (with-current-buffer "*codectxd*" (next-error))
      (list found (buffer-name (window-buffer)) (with-current-buffer (window-buffer) (line-number-at-pos))))""")
    first = shown(lines, workspace)[0]
    assert first == "shop/retry.py:4: call_with_backoff: def call_with_backoff(function, attempts):"
    assert (name, line) == ("retry.py", 4)


def test_what_is_typed_is_found_before_it_is_saved(emacs: Emacs, workspace: Path) -> None:
    typed = '(goto-char (point-max)) (insert "\\ndef weigh_parcel(parcel):\\n    return parcel.grams\\n")'
    found = emacs(f'{typed} (asks "weigh_parcel" "weigh_parcel")')
    assert shown(found, workspace)[0] == "shop/cart.py:14: Cart: def weigh_parcel(parcel):  (unsaved)"
    assert "weigh_parcel" not in (workspace / "shop" / "cart.py").read_text()


def test_a_question_without_a_server_says_what_to_do(emacs: Emacs, tmp_path: Path) -> None:
    program = """(with-temp-buffer (condition-case problem (codectxd-search "anything") (user-error (cadr problem))))"""
    assert emacs(program) == "Say M-x codectxd-connect first"
