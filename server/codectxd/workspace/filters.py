"""What is indexable, and what a file is to its project: pure decisions by path and by content.

Nothing here touches a disk; every function is total, for any path and any bytes. A file is skipped for a named reason
when its lines help nobody (binary, minified, lock files); what a person or a generator wrote for others is kept, with a
role by which ranking moves it down (generated, vendored).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from codectxd.types import Role

REASONS: Final[dict[str, str]] = {
    "binary": "It is not text: an image, an archive, a compiled or an otherwise binary file.",
    "broken symlink": "It is a symbolic link that leads nowhere, or around in a circle.",
    "codectxd's own": "It is where codectxd keeps its index, its log or its settings, which would make it follow itself.",
    "data": "It holds tables, records or drawings rather than code or prose.",
    "empty": "It has no content.",
    "lock file": "It is a package manager's list of exact versions.",
    "minified": "Most of it is in extremely long lines, as tools write them and nobody reads them.",
    "name not utf-8": "Its name is not valid UTF-8, so no editor could open it from an answer.",
    "not utf-8": "Its text is in an encoding other than UTF-8 or UTF-16.",
    "secret": "By its name it holds keys or passwords.",
    "special file": "It is a pipe, a socket or a device.",
    "symlink outside": "It is a symbolic link to something outside this workspace.",
    "symlinked file": "It is a symbolic link to a file of this workspace; the file is indexed where it really is.",
    "symlinked folder": "It is a symbolic link to a folder; files are indexed where they really are.",
    "too large": "It is larger than the limit for a single file.",
    "unlisted repository": "It is a repository that git refuses to list: its files are found by its ignore files alone.",
    "unreachable": "It is on a file system that does not answer, or answers with errors: a disk or a server that is gone.",
    "unreadable": "It may not be read, or reading it failed.",
    "unreadable folder": "It is a folder that may not be listed.",
    "vanished": "It was gone, or no longer a file, when it was to be read.",
}
"""Every reason why a file is not indexed, with the sentence that a user sees."""


UNWANTED_FOLDERS: Final = (
    b".hg/\n.svn/\n.jj/\nnode_modules/\nbower_components/\n__pycache__/\n.venv/\n.tox/\n.nox/\n.eggs/\n.gradle/\n.terraform/\n"
    b".cache/\n.*_cache/\n.next/\n.nuxt/\n.idea/\n.vs/\n"
)
"""Folders that nobody wants to search, as ignore patterns, for a tree in which git and its ignore files do not say so."""
UNWANTED_MARKS: Final = ("CACHEDIR.TAG", "pyvenv.cfg")
"""The files by which tools mark such folders: caches and build outputs, virtual environments of Python."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds on what is worth indexing; sizes and lengths in bytes."""

    max_bytes: int = 1_000_000
    long_line: int = 1_000
    max_long_share: float = 0.5
    """A file with a larger share of its bytes in lines longer than `long_line` is minified."""
    max_bad_share: float = 0.01
    """A file with a larger share of bytes that are not UTF-8 is in another encoding."""


def by_path(path: str) -> str | None:
    """The reason to skip a file that its path alone gives, or None."""
    if not path.isascii() and not _is_utf8(path):
        return "name not utf-8"
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    reason = _BY_SUFFIX.get(name[dot:]) if dot >= 0 else None
    return reason or _BY_NAME.get(name) or _by_compound_name(name)


def by_text(path: str, data: bytes, limits: Limits) -> str | None:
    """The reason to skip a file that its content (UTF-8 text, or bytes of no known encoding) gives, or None."""
    if not data:
        return "empty"
    if b"\0" in data:
        return "binary"
    name = path.lower()
    # Paragraphs on one line each are ordinary in prose, and pictures on a line each in notebooks, which nobody indexes.
    written = _PICTURE.sub(b"", data) if name.endswith(".ipynb") else data
    return "minified" if not name.endswith(_PROSE_SUFFIXES) and _is_minified(written, limits) else None


def role_of(path: str, language: str, head: bytes = b"") -> Role:
    """What the file is to its project; `head` is (at least the first kilobyte of) its text, for generators' markers."""
    *folders, name = path.lower().split("/")
    if not _VENDORED_FOLDERS.isdisjoint(folders):
        return "vendored"
    if language in _PROSE_LANGUAGES or name.endswith(_PROSE_SUFFIXES) or _is_prose_name(name, language):
        return "config" if _REQUIREMENTS.fullmatch(name) else "docs"
    if language in _CONFIG_LANGUAGES or name.endswith(_CONFIG_SUFFIXES) or name in _CONFIG_NAMES:
        return "config"
    if _is_generated(folders, name, head):
        return "generated"
    return _role_of_code(path, language)


def _is_prose_name(name: str, language: str) -> bool:
    """README, LICENSE-MIT, rake.1, and not license-checker.js."""
    if "." not in name:
        return name.partition("-")[0] in _PROSE_NAMES
    return language == "text" and _MANUAL.fullmatch(name) is not None


def _role_of_code(path: str, language: str) -> Role:
    *spelt, name = path.split("/")
    folders = [folder.lower() for folder in spelt]
    if _TEST_NAME.search(name) or not _TEST_FOLDERS.isdisjoint(folders) or any(map(_TEST_FOLDER.search, spelt)):
        return "test"
    if not _EXAMPLE_FOLDERS.isdisjoint(folders):
        return "example"
    if name.startswith(".") and "." not in name[1:]:
        return "config"
    # Further down, a folder called docs is as likely to be a program that serves them. Code in it is code: there to show
    # how, or, as in some Go packages, to make the documentation.
    if folders[:1] and folders[0] in _DOCS_FOLDERS:
        return "docs" if language in ("text", "html") else "example"
    return "source"


def _is_generated(folders: list[str], name: str, head: bytes) -> bool:
    if name.endswith(_DIFFERENCES):
        return True
    if not _GENERATED_FOLDERS.isdisjoint(folders) or _GENERATED_NAME.search(name):
        return True
    return _GENERATED_MARK.search(head[:_HEAD]) is not None


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _by_compound_name(name: str) -> str | None:
    if _MINIFIED_NAME.search(name):
        return "minified"
    if name.startswith(".env.") and not name.endswith(_TEMPLATE_SUFFIXES):
        return "secret"
    return None


def _is_minified(data: bytes, limits: Limits) -> bool:
    # Ordinary code has some 35 bytes a line; only what is far from that is worth cutting into lines.
    if data.count(b"\n") * 60 > len(data):
        return False
    long_bytes = sum(len(line) for line in data.split(b"\n") if len(line) > limits.long_line)
    return long_bytes > limits.max_long_share * len(data)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(**suffixes: str) -> dict[str, str]:
    """{".png": "binary", ...} from lists of names by reason, "_" standing for a space in a reason."""
    return {f".{suffix}": reason.replace("_", " ") for reason, names in suffixes.items() for suffix in names.split()}


_BY_SUFFIX: Final = _table(
    binary="""
        7z a aab aac apk app ar arrow avi avif avro bin blend bmp br bz2 cab ckpt class cur dat db deb der dex dll dmg
        doc docx dylib ear eot epub exe fbx feather fig flac flv gguf gif glb gz h5 heic ico icns idx img iso jar jpeg
        jpg jxl lib lz4 lzma m4a m4v mkv mo mov mp3 mp4 mpeg msi node nib npy npz o obj odp ods odt ogg onnx orc otf
        parquet pb pdf pkl png ppt pptx psd pt pth pyc pyd pyo rar rlib rmeta rpm safetensors sketch so sqlite sqlite3
        swf tar tflite tga tgz tif tiff ttc ttf usdz wasm wav webm webp whl wma wmv woff woff2 xls xlsx xpi xz z zip zst
    """,
    data="csv fasta geojson gpx jsonl kml ndjson svg tsv vcf",
    lock_file="lock lockb lockfile",
    minified="map",
    secret="jks kdbx key keystore p12 pem pfx ppk",
)
_BY_NAME: Final = {
    **dict.fromkeys(_words(".ds_store thumbs.db"), "binary"),
    **dict.fromkeys(_words(".env .htpasswd .netrc .pgpass .pypirc id_dsa id_ecdsa id_ed25519 id_rsa"), "secret"),
    **dict.fromkeys(
        _words(
            """
            .terraform.lock.hcl cabal.project.freeze cartfile.resolved conda-lock.yml go.sum go.work.sum npm-shrinkwrap.json
            package-lock.json package.resolved packages.lock.json pnpm-lock.yaml project.assets.json shrinkwrap.yaml
            """
        ),
        "lock file",
    ),
}
_MINIFIED_NAME: Final = re.compile(r"[.-]min\.(?:[cm]?js|css|html)$|\.(?:bundle|chunk)\.(?:[cm]?js|css)$")
_TEMPLATE_SUFFIXES: Final = (".defaults", ".dist", ".example", ".sample", ".template", ".test")

_PICTURE: Final = re.compile(rb"^[ \t]*\"[^\"\n]*\"(?::[ \t]*\"[^\"\n]*\")?,?\r?$", re.MULTILINE)
_PROSE_SUFFIXES: Final = (".adoc", ".asciidoc", ".markdown", ".md", ".mdx", ".org", ".rst", ".tex", ".txt")
_PROSE_LANGUAGES: Final = _words("asciidoc bibtex latex markdown org restructuredtext")
_MANUAL: Final = re.compile(r"[a-z_][\w.+-]*\.[1-8](?:\.in)?")
"""A page of the manual: `man/man1/rake.1`."""
_PROSE_NAMES: Final = _words("authors changelog contributing contributors copying license licence notice readme")
_REQUIREMENTS: Final = re.compile(r"(?:[\w.-]*requirements[\w.-]*|constraints[\w.-]*|cmakelists)\.(?:txt|in)")
_CONFIG_SUFFIXES: Final = (
    *(".bazel", ".bzl", ".cfg", ".cmake", ".conf", ".dockerfile", ".gradle", ".hcl", ".ini", ".json", ".json5"),
    *(".jsonc", ".mk", ".nix", ".plist", ".properties", ".service", ".tf", ".toml", ".xml", ".yaml", ".yml"),
)
_CONFIG_LANGUAGES: Final = _words(
    "bazel cmake dockerfile gradle hcl ini json just makefile meson nix starlark toml xml yaml"
)
_CONFIG_NAMES: Final = _words("build containerfile dockerfile gnumakefile justfile makefile workspace")

_VENDORED_FOLDERS: Final = _words(
    """
    3rdparty _vendor _vendored bower_components carthage dist-packages node_modules pods site-packages third-party
    third_party thirdparty vendor vendored
    """
)
_GENERATED_FOLDERS: Final = _words("__generated__ autogen generated")
_GENERATED_NAME: Final = re.compile(
    r"_pb2(?:_grpc)?\.pyi?$|\.pb(?:\.gw)?\.(?:go|cc|h|swift)$|\.(?:g|freezed|designer|generated|gen)\.\w+$"
    r"|_generated\.\w+$|^zz_generated\."
)
_DIFFERENCES: Final = (".diff", ".patch")
_HEAD: Final = 1024
_GENERATED_MARK: Final = re.compile(
    rb"^[ \t]*(?://|/?\*|#|--|;|%|<!--)[^\n]*"
    rb"(?:@generated\b|do not edit|do not modify|code generated by|auto-?generated by|automatically generated"
    rb"|made by gnu bison|scanner generated by flex|generated from [^\n]{1,200} by antlr)",
    re.IGNORECASE | re.MULTILINE,
)
_TEST_FOLDERS: Final = _words(
    """
    __fixtures__ __mocks__ __snapshots__ __tests__ bench benches benchmark benchmarks e2e fixtures test test_data
    testcases testdata tests unittest unittests
    """
)
_TEST_FOLDER: Final = re.compile(
    r"(?i:[._-]tests|\.test|\.(?:unit|integration|functional)tests?)$|[a-z0-9]Tests?$|^testFixtures$"
)
"""`Polly.Core.Tests`, `commonTest`, `VaporTests`; but `spring-test` is a library for tests."""
_TEST_NAME: Final = re.compile(
    r"^(?:test|tests|conftest)\.\w+$|^test[_-][^/]*\.\w+$|[_-](?:tests?|unittest|spec)\.\w+$"
    r"|\.(?:test|spec|cy)\.[cm]?[jt]sx?$|[a-z0-9](?:Tests?|TestCase)\.(?:cs|groovy|java|kt|m|php|scala|swift)$"
    r"|[a-z0-9]Spec\.(?:groovy|scala)$|\.bats$"
)
_EXAMPLE_FOLDERS: Final = _words(
    "_examples cookbook demo demos docs_src example examples playground sample samples snippets tutorial tutorials"
)
_DOCS_FOLDERS: Final = _words("doc docs documentation wiki")
