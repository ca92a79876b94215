"""Rows of a vendor's file, and why one was not taken."""

from __future__ import annotations

from collections.abc import Mapping

from cwtui.domain.lazily import dataclass
from cwtui.domain.plain_text import plain_text

Candidates = tuple[tuple[str, str], ...]
"""Pairs of account and SKU; an empty text stands for any."""
ANYTHING: Candidates = (("", ""),)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken.

    Attributes:
        line: Where it begins in the file.
        subject: What it is about (account, SKU), as the file has it.
        rule: Why, in words, without a full stop; `{}` stands for the value.
        value: The cell that is the reason, if one is.
        could_be: The accounts and SKUs that it could belong to: their counts are not known.
    """

    line: int
    subject: str
    rule: str
    value: str = ""
    could_be: Candidates = ()

    @property
    def reason(self) -> str:
        """Why, in words, without a full stop."""
        return self.rule.replace("{}", repr(self.value))

    @property
    def kind(self) -> str:
        """The reason without the value, to sum up rows that are refused alike."""
        return self.rule.replace("{} ", "").replace("{}", "")

    def __str__(self) -> str:
        subject = f" ({plain_text(self.subject, _SHOWN)})" if self.subject else ""
        return f"Line {self.line}{subject}: {plain_text(self.reason)}."


class Row:
    """One row: its cells by column, damage undone; a column that the file lacks is empty."""

    __slots__ = ("line", "places", "values")

    def __init__(self, line: int, values: tuple[str, ...], places: Mapping[str, int]) -> None:
        self.line, self.values, self.places = line, values, places

    @classmethod
    def of(cls, line: int, cells: Mapping[str, str]) -> Row:
        """A row of these cells."""
        return cls(line, tuple(cells.values()), {column: at for at, column in enumerate(cells)})

    def __getitem__(self, column: str) -> str:
        at = self.places.get(column)
        return "" if at is None else self.values[at]

    @property
    def cells(self) -> dict[str, str]:
        """Every cell by its column."""
        return {column: self.values[at] for column, at in self.places.items()}

    def refused(self, reason: str, *subject: str) -> Refusal:
        """Why this row is not taken."""
        return Refusal(self.line, ", ".join(self[column] for column in subject if self[column]), reason)
