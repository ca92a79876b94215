"""stdout is the answer, stderr is everything else (commands.md#json-answers)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

# Legal in JSON as they stand, but not harmless on a terminal: control characters 0x7f to 0x9f and direction marks.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def answer(text: str, *, end: str = "\n") -> None:
    """Write a line or more of the answer."""
    _write(text + end)


def answer_json(document: object) -> None:
    """Write one JSON document: decimals as exact numbers, indented for a person at a terminal."""
    from decimal import Decimal  # noqa: PLC0415  # start-up: texts do without

    import orjson  # noqa: PLC0415

    def exact(value: object) -> object:
        if isinstance(value, Decimal):
            return orjson.Fragment(format(value, "f"))
        raise TypeError(f"{type(value).__name__} has no JSON form here")

    text = orjson.dumps(document, exact, orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0).decode()
    _write(_UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode() + b"\n")


def tell(text: str) -> None:
    """Write to stderr."""
    click.echo(text, err=True)


def counted(number: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _write(text: str | bytes) -> None:
    click.echo(text, nl=False)


def write_file(path: Path, text: str) -> None:
    """Write an export in UTF-8, replacing an earlier one whole.

    Raises:
        InputError: It cannot be written.
    """
    from cwtui.engine.whole_file import write_whole  # noqa: PLC0415  # start-up

    write_whole(path, text.encode())
