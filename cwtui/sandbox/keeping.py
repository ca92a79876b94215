"""How the PSA stores and returns additions: not always as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, get_args

from cwtui.sandbox.shape import Row

Words = Literal["sent", "replaced", "trimmed"]
Tax = Literal["sent", "true", "false", "null"]
Dates = Literal["utc", "offset"]
_CHOICES = {"text": get_args(Words), "tax": get_args(Tax), "dates": get_args(Dates)}
_AMOUNTS = ("unitPrice", "unitCost")
_NUMBERS = (*_AMOUNTS, "quantity")
_DATES = ("effectiveDate", "cancelledDate")
_TRIMMED = 12
_ELSEWHERE = timezone(timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Keeping:
    """How additions are kept and answered.

    Attributes:
        decimals: Prices and costs are rounded to so many; None keeps them as sent.
        text: The invoice description is kept, replaced by the system's own, or trimmed.
        tax: The tax flag is kept, forced, or answered as null.
        echoes: A POST or PATCH answers what was sent; only the next GET shows what is kept.
        dates: Answered in UTC, or as the same moment with another offset.
        numbers_as_text: Prices, costs and quantities are answered as text.
        strict: A body with a member that the contract does not name is refused.
    """

    decimals: int | None = None
    text: Words = "sent"
    tax: Tax = "sent"
    echoes: bool = False
    dates: Dates = "utc"
    numbers_as_text: bool = False
    strict: bool = False

    def changed(self, changes: Mapping[str, Any]) -> Keeping:
        """The same but for some attributes.

        Raises:
            ValueError: For what is no such attribute, or no value of it.
        """
        for name, value in changes.items():
            if name not in Keeping.__dataclass_fields__ or value not in _CHOICES.get(name, (value,)):
                raise ValueError(f"The sandbox cannot keep {name} {value}.")
        return replace(self, **changes)

    def kept(self, row: Row) -> Row:
        """An addition as it is stored."""
        kept = dict(row)
        if self.decimals is not None:
            place = Decimal(1).scaleb(-self.decimals)
            kept |= {name: Decimal(row[name]).quantize(place, ROUND_HALF_UP) for name in _AMOUNTS if name in row}
        if self.text != "sent" and row.get("invoiceDescription"):
            trimmed = row["invoiceDescription"][:_TRIMMED].rstrip()
            kept["invoiceDescription"] = trimmed if self.text == "trimmed" else "As agreed, see terms"
        if self.tax in {"true", "false"}:
            kept["taxableFlag"] = self.tax == "true"
        return kept

    def shown(self, document: Any) -> Any:
        """How additions are answered: one of them, or a list."""
        if isinstance(document, list):
            return [self.shown(row) for row in document]
        if not isinstance(document, dict):
            return document
        shown = dict(document)
        if self.tax == "null" and "taxableFlag" in shown:
            shown["taxableFlag"] = None
        if self.numbers_as_text:
            shown |= {name: str(shown[name]) for name in _NUMBERS if shown.get(name) is not None}
        if self.dates == "offset":
            shown |= {name: _elsewhere(shown[name]) for name in _DATES if shown.get(name)}
        return shown


def _elsewhere(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(_ELSEWHERE).isoformat()
