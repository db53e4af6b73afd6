"""The description of the packaged model, and what is said when the installation is damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codectxd.embed.model import described, embedded
from codectxd.embed.onnx import digest
from codectxd.errors import ModelUnavailable


def test_the_packaged_model_is_whole() -> None:
    spec = embedded()
    assert spec.dimension == 256
    assert spec.pooling == "mean"
    assert spec.id.endswith(spec.digest[:12])
    assert digest(spec.tokenizer.read_bytes(), spec.weights.read_bytes()) == spec.digest


def test_the_packaged_model_takes_less_than_ten_megabytes() -> None:
    folder = embedded().weights.parent
    assert sum(file.stat().st_size for file in folder.iterdir()) < 10_000_000


def test_describing_the_model_is_cheap() -> None:
    program = "import sys, codectxd.embed.model as m; m.embedded(); print({'numpy', 'onnxruntime'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert (finished.returncode, finished.stdout) == (0, "set()\n"), finished.stderr


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"it lacks tokenizer\.json, config\.json, onnx/model\.onnx"):
        described(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": "x"}', b"\xff\xfe"])
def test_a_damaged_description_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"damaged.*model\.json"):
        described(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    packaged = embedded().weights.parent
    (tmp_path / "model.json").write_bytes((packaged / "model.json").read_bytes())
    with pytest.raises(ModelUnavailable, match=r"model\.onnx"):
        described(tmp_path)
