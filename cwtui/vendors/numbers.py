"""Numbers with currency signs, blanks and either decimal mark, by one rule a file (files.md#damage)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from decimal import Decimal

from cwtui.domain.lazily import dataclass
from cwtui.domain.money import parse_amount

_DRESS = re.compile(
    r"(?P<sign>[+\-\u2212]?)\s*[$€£¥]?\s*(?P<inner>[+\-\u2212]?)(?P<body>[\d.,'’ ]+?)\s*[$€£¥]?\s*(?P<tail>-?)",
    re.ASCII,
)
_BLANK_GROUPS = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?=[.,]|$)", re.ASCII)
_POINT = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+", re.ASCII)
_COMMA = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d*)?|,\d+", re.ASCII)
_MARKED = re.compile(r"[.,]")
_MINUS = {"-", "\u2212"}


class CellError(ValueError):
    """Why a cell's value cannot be counted: the reason, with `{}` in place of the value."""

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason.replace("{}", repr(value)))
        self.reason, self.value = reason, value


@dataclass(slots=True)
class NumberRule:
    """How the numbers of one file are read.

    Attributes:
        mark: The file's decimal mark; empty where none of its numbers shows one.
        is_given: The settings name the mark, so a number such as `1,000` has one meaning.
        parts_by_comma: Commas separate the cells, so `1.000` has one meaning.
        is_mixed: Some numbers show one mark and some the other, so none with a mark has a meaning.
    """

    mark: str = ""
    is_given: bool = False
    parts_by_comma: bool = True
    is_mixed: bool = False
    _read: dict[str, Decimal | CellError] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str], *, given: str = "", parts_by_comma: bool = True) -> NumberRule:
        """The rule that a file's numbers follow."""
        if given:
            return cls(given, is_given=True, parts_by_comma=parts_by_comma)
        marks = {mark for text in texts if (mark := _shown_mark(text))}
        if len(marks) > 1:
            return cls(parts_by_comma=parts_by_comma, is_mixed=True)
        return cls(next(iter(marks), ""), parts_by_comma=parts_by_comma)

    def read(self, text: str) -> Decimal:
        """A number.

        Raises:
            CellError: It is none, or could be two.
        """
        found = self._read.get(text)
        if found is None:
            try:
                found = self._parsed(text)
            except CellError as error:
                found = error
            self._read[text] = found
        if isinstance(found, CellError):
            raise found
        return found

    def _parsed(self, text: str) -> Decimal:
        body, is_negative = _undressed(text)
        by_point, by_comma = _readings(body)
        if by_point is None and by_comma is None:
            raise CellError("{} is not a number", text)
        if by_point != by_comma and self.is_mixed:
            raise CellError("{} could be two numbers: the file writes both decimal points and decimal commas", text)
        if self.is_given:
            amount = by_comma if self.mark == "," else by_point
            if amount is None:
                raise CellError("{} is not a number with the decimal mark " + repr(self.mark), text)
        elif by_point is None or by_comma is None or by_point == by_comma:
            amount = by_comma if by_point is None else by_point
        elif "," not in body and self.parts_by_comma and self.mark != ",":
            amount = by_point
        else:
            raise CellError("{} could be two numbers; `decimal_mark` in the profile says which", text)
        if amount is None:
            raise AssertionError("one of the readings is there")
        try:
            return parse_amount(-amount if is_negative else amount)
        except ValueError as error:
            raise CellError("{} is larger than any amount or quantity that is billed", text) from error

    def __str__(self) -> str:
        if self.is_mixed:
            return "Its numbers show both decimal points and decimal commas: none with such a mark was read."
        how = "decimal commas" if self.mark == "," else "decimal points"
        return f"Its numbers are read with {how}{' (settings)' if self.is_given else ''}." if self.mark else ""


def _undressed(text: str) -> tuple[str, bool]:
    """A number without sign, currency sign and the blanks between thousands; and whether it is below zero."""
    inner = text.strip()
    in_brackets = inner.startswith("(") and inner.endswith(")")
    found = _DRESS.fullmatch(inner[1:-1].strip() if in_brackets else inner)
    if found is None:
        raise CellError("{} is not a number", text)
    signs = [sign for sign in (found["sign"], found["inner"], found["tail"]) if sign]
    if len(signs) + in_brackets > 1:
        raise CellError("{} is not a number", text)
    body = found["body"].strip()
    if grouped := _BLANK_GROUPS.match(body):
        body = re.sub(r"[ '’]", "", grouped[0]) + body[grouped.end() :]
        if body.count(".") + body.count(",") > 1:
            raise CellError("{} is not a number", text)
    return body, in_brackets or any(sign in _MINUS for sign in signs)


def _readings(body: str) -> tuple[Decimal | None, Decimal | None]:
    """The number with a decimal point, and with a decimal comma; None where it is none."""
    by_point = Decimal(body.replace(",", "")) if _POINT.fullmatch(body) else None
    by_comma = Decimal(body.replace(".", "").replace(",", ".")) if _COMMA.fullmatch(body) else None
    return by_point, by_comma


def _shown_mark(text: str) -> str:
    """The only decimal mark with which a number can be read; empty if both fit, or none."""
    if not _MARKED.search(text):
        return ""
    try:
        body, _ = _undressed(text)
    except CellError:
        return ""
    by_point, by_comma = _readings(body)
    if by_point is None and by_comma is not None:
        return "," if "," in body or body.count(".") > 1 else ""
    if by_comma is None and by_point is not None:
        return "." if "." in body or body.count(",") > 1 else ""
    return ""
