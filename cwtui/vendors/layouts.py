"""Layouts: how vendors' files are read and billed; Intermedia's is one of them (files.md#intermedia-files)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeAlias

from cwtui.domain.ids import CustomerId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import plain

INTERMEDIA = "intermedia"

ACCOUNT_COLUMNS = (
    "account_id",
    "name",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "contact_first_name",
    "contact_last_name",
    "contact_email",
)
UNSUPPORTED_SKUS = "(?i)pbx|voice|voip"
"""Plans that are not billed by counts: voice and Hosted PBX."""
MOST_SHRUNK = Decimal(50)
"""Percent of its rows that a report may have lost since the last one before a person must look."""


COUNT_COLUMNS = ("account_id", "sku", "quantity", "unit_cost", "price", "description", "period_start", "period_end")
"""Columns of a usage file that a profile may name."""
Headers: TypeAlias = str | Sequence[str]
"""A header of a file, or several whose cells are joined."""
ROUNDINGS = {"up": ROUND_CEILING, "down": ROUND_FLOOR, "half_up": ROUND_HALF_UP}


@dataclass(frozen=True, slots=True)
class Layout:
    """One vendor's files and how they are billed: a column profile (files.md#profiles).

    Attributes:
        name: The prefix of this vendor's ids in the state (`intermedia:IM100201`).
        agreement_type: The type of the agreements its counts belong to.
        columns: Column → header in the vendor's files, or headers that are joined by `joined_by`.
        keep, skip: Header → values whose rows count, or do not.
        by_name: Accounts are companies' names, found through the customer mapping; else ids.
        adds_up_company: Accounts of one company are added up; else refused.
        splits_sku: Rows of one SKU are billed apart by their unit cost; else added up.
        multiply_by, divide_by, round, decimals: Convert counted into billed units; without `round`, a fraction is
            refused.
        quantity: What each row counts, instead of a column.
        sku_columns: Header → SKU, for files with one column a SKU.
        price_from_file: The price comes from the file; else from the catalog item.
        sign: −1 for files that count what is owed below zero.
        header_row, sheet, decimal_mark: Where they are not found right.
        product_type, category, subcategory, taxable: Where and how its catalog items are created.
        unsupported: Pattern of SKUs that are refused.
        one_time, recurring: Patterns of SKUs billed once, and every period; a SKU that fits neither is refused.
        most_shrunk: Percent of rows that a report may have fewer than the last one; None is no limit.
        priced_names: A catalog item is named `<SKU>_<UNIT_PRICE>`; else by the SKU alone.
        links_by_identifier: An account without a link is linked to the company with its identifier while counting.
    """

    name: str = INTERMEDIA
    agreement_type: str = "Intermedia"
    columns: Mapping[str, Headers] = field(default_factory=dict)
    joined_by: str = ":"
    keep: Mapping[str, Sequence[str]] = field(default_factory=dict)
    skip: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_name: bool = False
    adds_up_company: bool = False
    splits_sku: bool = False
    multiply_by: Decimal = Decimal(1)
    divide_by: Decimal = Decimal(1)
    round: str = ""
    decimals: int = 0
    quantity: Decimal | None = None
    sku_columns: Mapping[str, str] = field(default_factory=dict)
    price_from_file: bool = False
    sign: int = 1
    header_row: int | None = None
    sheet: str = ""
    decimal_mark: str = ""
    product_type: str = "Intermedia_Services"
    category: str = "Hosted Services"
    subcategory: str = "Intermedia"
    taxable: bool = False
    unsupported: str = UNSUPPORTED_SKUS
    one_time: str = "(?i)O$"
    recurring: str = "(?i)R$"
    most_shrunk: Decimal | None = MOST_SHRUNK
    priced_names: bool = True
    links_by_identifier: bool = False

    def customer(self, account: str) -> CustomerId:
        """The id under which an account is mapped."""
        return CustomerId(f"{self.name}:{account}")

    def subscription(self, account: str) -> SubscriptionId:
        """The id under which an account's tasks queue."""
        return SubscriptionId(f"{self.name}:{account}")

    def product(self, item: str) -> ProductId:
        """The id under which a catalog item is mapped and linked."""
        return ProductId(f"{self.name}:{item}")

    def item_name(self, sku: str, unit_cost: Decimal | None) -> str:
        """The identifier of a SKU's catalog item: `MXS10C01SUNR_7.25`, `MXS10C01SUNO_0` (files.md#intermedia-files)."""
        if not self.priced_names or unit_cost is None:
            return sku
        return f"{sku}_{plain(unit_cost)}"

    def billed(self, quantity: Decimal) -> Decimal | None:
        """The billed quantity for a counted one; None for a fraction that the profile does not round."""
        exact = quantity * self.multiply_by / self.divide_by
        step = Decimal(1).scaleb(-self.decimals)
        rounded = exact.quantize(step, rounding=ROUNDINGS[self.round or "half_up"])
        return rounded if self.round or rounded == exact else None

    @property
    def is_exact(self) -> bool:
        """Whether the file counts billed units, so that each row must be a whole number."""
        return not self.round and self.multiply_by == self.divide_by

    def sku_of(self, item: str) -> str:
        """The SKU that a catalog item was made for: the price is part of a name only in a profile with priced names."""
        return sku_of(item) if self.priced_names else item

    def is_one_time(self, sku: str) -> bool:
        """Billed once, a setup fee; else every period."""
        return bool(self.one_time) and re.search(self.one_time, sku) is not None

    def is_unsupported(self, sku: str) -> bool:
        """A plan that is not billed by counts at all."""
        return bool(self.unsupported) and re.search(self.unsupported, sku) is not None

    def refusal_of(self, sku: str) -> str:
        """Why a SKU cannot be billed by counts; empty if it can."""
        if not sku:
            return "its SKU is empty"
        if self.is_unsupported(sku):
            return f"{sku} is a plan that is not billed by counts (voice, Hosted PBX); bill it by hand"
        if not self.is_one_time(sku) and not re.search(self.recurring, sku):
            return f"{sku} does not end as a one-time or a recurring SKU does, so how often to bill it is not known"
        return ""


_PRICED = re.compile(r"(?P<sku>.+)_(?P<price>\d+(\.\d+)?)", re.ASCII)


def sku_of(item: str) -> str:
    """The SKU that a name such as `MXS10C01SUNR_7.25` was made for; the whole name if it has no price."""
    found = _PRICED.fullmatch(item)
    return found["sku"] if found else item
