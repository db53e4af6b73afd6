"""The drawing at the top of `errors.py` is the tree of its classes."""

from __future__ import annotations

import inspect

from codectxd import errors


def drawn() -> list[tuple[str, int]]:
    """Name and depth of each line of the drawing."""
    lines = [line for line in (errors.__doc__ or "").splitlines() if "Error" in line and ("─" in line or line[0] == "C")]
    lines += [line for line in (errors.__doc__ or "").splitlines() if "─" in line and line not in lines]
    rows = {line.lstrip("│├└─ ").split()[0]: len(line) - len(line.lstrip("│├└─ ")) for line in lines}
    return sorted((name, indent // 4) for name, indent in rows.items())


def defined() -> list[tuple[str, int]]:
    """Name and depth below CodectxError of each class."""
    classes = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CodectxError)]
    return sorted((kind.__name__, kind.__mro__.index(errors.CodectxError)) for kind in classes)


def test_every_error_stands_in_the_drawing_where_it_stands_in_the_tree() -> None:
    assert drawn() == defined()


def test_every_error_says_what_it_means() -> None:
    assert [name for name, _ in defined() if not getattr(errors, name).__doc__] == []
