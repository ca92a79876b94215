"""How many units of one SKU an account has, by a usage report (files.md#export-counts)."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from cwtui.domain.money import plain


class CountLine(NamedTuple):
    """The units of one SKU that an account has; at one unit cost, if the profile separates unit costs.

    Attributes:
        item: The identifier of its catalog item.
        unit_cost, price: None where the file names none.
        lines: The rows it comes from; several are added up.
        is_apart: The SKU's other unit costs are other lines of the same catalog item.
    """

    item: str
    sku: str
    unit_cost: Decimal | None
    quantity: Decimal
    lines: tuple[int, ...]
    price: Decimal | None = None
    description: str = ""
    is_apart: bool = False

    @property
    def name(self) -> str:
        """Distinguishes it from the account's other lines."""
        return f"{self.item} @ {plain(self.unit_cost)}" if self.is_apart and self.unit_cost is not None else self.item
