"""Is what was installed whole: this Python, git, the grammars, the model."""

from __future__ import annotations

import platform
import shutil
import subprocess
import time
from collections.abc import Iterator

import numpy as np

import codectxd
from codectxd.chunk.languages import PARSED
from codectxd.chunk.syntax import spans_of
from codectxd.config import load_user
from codectxd.embed.loading import load
from codectxd.embed.model import OFF, ModelSpec, embedded, found_in, located
from codectxd.embed.onnx import OnnxEmbedder
from codectxd.embed.reranker import tried
from codectxd.errors import ModelUnavailable, UsageError
from codectxd.evaluate.checks.findings import Finding, Patient, ok, problem, warning
from codectxd.search.weights import DEFAULT

_GIT_S = 5.0

OLDEST_GIT = (2, 25)
"""Older ones lack options that reading without locks and without running anything needs."""

SENTENCE = "how are retries of failed requests spaced out"

KNOWN = {
    "codectx-static-35a6b622a29a": (-0.00874, -0.0969, 0.12311, 0.06698, -0.04399, 0.02531, -0.06404, -0.05545),
}
"""By model, the first components of what it makes of `SENTENCE`."""

_TOLERANCE = 1e-3
"""Kernels of different processors round differently."""

_AGAIN = "install codectxd again, for example `pip install --force-reinstall codectxd`"


def versions(patient: Patient) -> Iterator[Finding]:
    """What runs here."""
    where = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    yield ok("versions", "codectxd", f"{codectxd.__version__}, {where}")
    yield _git()
    yield _grammars()


def _git() -> Finding:
    found = shutil.which("git")
    if found is None:
        told = "it is not installed: repositories are read as plain folders, or not at all"
        return problem("versions", "git", told, "install it, for example `apt-get install git`")
    try:
        said = subprocess.run(
            [found, "--version"], capture_output=True, text=True, timeout=_GIT_S, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as failure:
        return problem("versions", "git", f"{found} does not run ({failure})", f"see what `{found} --version` says")
    if _numbers(said) < OLDEST_GIT:
        return warning("versions", "git", f"{said} is old", f"install git {'.'.join(map(str, OLDEST_GIT))} or later")
    return ok("versions", "git", said)


def _numbers(said: str) -> tuple[int, ...]:
    word = next((word for word in said.split() if word[:1].isdigit()), "0")
    return tuple(int(part) for part in word.split(".")[:2] if part.isdigit())


def _grammars() -> Finding:
    failed = [f"{entry.name} ({reason})" for entry in PARSED if entry.grammar and (reason := _reason_of(entry.name))]
    if failed:
        told = f"{len(failed)} of {len(PARSED)} do not load: {', '.join(failed)}"
        return problem("versions", "grammars", told, _AGAIN)
    return ok("versions", "grammars", f"all {len(PARSED)} load")


def _reason_of(language: str) -> str:
    """Why the grammar of `language` cannot be used; empty where it can."""
    try:
        spans_of(b"x\n", language)
    except Exception as failure:  # noqa: BLE001 - whatever a damaged installation raises is what is to be told.
        return f"{type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}"
    return ""


def model(patient: Patient) -> Iterator[Finding]:
    """The embedded model: there, undamaged, and making of a sentence what it should."""
    try:
        spec = embedded()
        began = time.perf_counter()
        embedder = OnnxEmbedder(spec)
        vector = embedder.encode([SENTENCE])[0]
    except ModelUnavailable as failure:
        yield problem("model", "load", str(failure).rstrip("."), _AGAIN)
        return
    except Exception as failure:  # noqa: BLE001 - onnxruntime has no one exception; its words are what is to be told.
        yield problem("model", "load", f"it does not run: {failure}", _AGAIN)
        return
    took = time.perf_counter() - began
    yield ok("model", "load", f"{spec.id}, digest as it should be, loaded in {took:.2f} s")
    yield _vector(spec, vector)
    yield from _own(patient)
    yield from _reranker(patient)


def _own(patient: Patient) -> Iterator[Finding]:
    """The model that the settings name, if they name one."""
    try:
        setting = load_user(patient.layout.config_file).model
    except UsageError:
        return  # That is told with the settings.
    if not setting:
        return
    try:
        spec = found_in(located(setting, patient.layout.models))
        began = time.perf_counter()
        load(spec).encode([SENTENCE])
    except ModelUnavailable as failure:
        told = f"{str(failure).rstrip('.')}; the model in the package, or the one before, goes on"
        yield problem("model", setting, told, "`codectxd model list` names those there are, `codectxd model use` changes it")
        return
    yield ok("model", setting, f"{spec.id}, loaded and tried in {time.perf_counter() - began:.2f} s")


def _reranker(patient: Patient) -> Iterator[Finding]:
    """The reranker that the settings name, if they name one."""
    try:
        config = load_user(patient.layout.config_file)
    except UsageError:
        return  # That is told with the settings.
    setting = config.reranker
    if setting in ("", OFF):
        return
    try:
        spec = found_in(located(setting, patient.layout.models))
        text_ms = tried(spec)
    except ModelUnavailable as failure:
        told = f"{str(failure).rstrip('.')}; answers stand as they do without one"
        yield problem(
            "model", setting, told, "`codectxd model list` names those there are, `codectxd model rerank` changes it"
        )
        return
    told = f"reranker {spec.id}, {text_ms:.0f} ms a passage"
    if text_ms * DEFAULT.reranked > config.reranker_ms:
        advice = "raise reranker_ms in config.toml, or take a smaller model, or --int8"
        yield warning("model", setting, f"{told}: too slow for {DEFAULT.reranked} in {config.reranker_ms:.0f} ms", advice)
        return
    yield ok("model", setting, told)


def _vector(spec: ModelSpec, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Finding:
    expected = np.array(KNOWN.get(spec.id, ()), np.float32)
    if abs(float(np.linalg.norm(vector)) - 1) > _TOLERANCE or np.abs(vector[: len(expected)] - expected).max() > _TOLERANCE:
        return problem("model", "vector", "a known sentence gets another vector than it should", _AGAIN)
    return ok("model", "vector", "a known sentence gets the vector that it should")
