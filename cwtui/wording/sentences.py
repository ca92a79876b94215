"""Sentences with places for facts: `{name}`, `{name:how}`, and `[…|…]` for parts that depend on a fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cwtui.domain.money import price_text

Facts = Mapping[str, Any]
Sentence = Callable[[Facts], str]
"""Makes a text of facts; raises a KeyError if a required fact is missing."""

_PIECES = re.compile(
    r"\[(?P<section>[^|\]]*)(?:\|(?P<instead>[^\]]*))?\]|\{(?P<name>\w+)(?::(?P<how>\w+))?\}|(?P<text>[^\[{]+)"
)
_PRICES = frozenset({"unit_price", "unit_cost"})


def sentence_of_words(words: str) -> Sentence:
    """Parse a sentence once, to fill it with facts many times."""
    form, places = "", []
    for found in _PIECES.finditer(words):
        if found["text"] is not None:
            form += found["text"].replace("%", "%%")
            continue
        form += "%s"
        if found["section"] is not None:
            places.append(_section(found["section"], found["instead"] or ""))
        else:
            places.append(_fact(found["name"], _HOW[found["how"]]))
    return lambda facts: form % tuple([place(facts) for place in places])


def _fact(name: str, how: Callable[[Any], str]) -> Sentence:
    return lambda facts: how(facts[name])


def _section(words: str, instead: str) -> Sentence:
    """A part that appears only if all its facts are present and not empty."""
    names = [found["name"] for found in _PIECES.finditer(words) if found["name"]]
    whole = sentence_of_words(words)
    return lambda facts: whole(facts) if all(facts.get(name) for name in names) else instead


def changes_text(changes: Mapping[str, Sequence[str]]) -> str:
    """Fields of an addition with their old and new values: `unit price 4.50 → 5.00`."""
    return ", ".join(
        f"{name.replace('_', ' ')} {' → '.join(_value(name, value) for value in values)}"
        for name, values in changes.items()
    )


def _value(name: str, value: str) -> str:
    return _price(value) if name in _PRICES else value


def _price(value: str) -> str:
    return price_text(Decimal(value))


def _lines(numbers: Sequence[str]) -> str:
    return f"line{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def _units(rows: Sequence[Sequence[str]], before: str = "") -> str:
    """`10 of Exchange Online`, and what a row names besides, after the word before it."""
    return ", ".join(f" {before} ".join((f"{quantity} of {name}", *more)) for quantity, name, *more in rows)


def _differences(found: Sequence[Any]) -> str:
    from cwtui.wording.differences import difference_text  # noqa: PLC0415  # start-up: few tasks tell of any

    return " ".join(map(difference_text, found))


_HOW: Mapping[str | None, Callable[[Any], str]] = {
    None: str,
    "price": _price,
    "list": ", ".join,
    "differences": _differences,
    "prices": lambda prices: ", ".join(map(_price, prices)),
    "units": _units,
    "units_in": lambda rows: _units(rows, "in"),
    "units_until": lambda rows: _units(rows, "until"),
    "lines": _lines,
    "changes": changes_text,
}
