"""How a vendor's files are laid out; Intermedia is one layout of the general thing (files.md#profiles)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cwtui.domain.ids import CustomerId, ProductId, SubscriptionId
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


@dataclass(frozen=True, slots=True)
class Layout:
    """One vendor's files and how they are billed.

    Attributes:
        name: Names what is kept of this vendor (`intermedia:IM100201`).
        agreement_type: The type of the agreements its counts belong to.
        columns: Column of the files.md#profiles → header in the vendor's files, where they differ.
        category, subcategory, taxable: Where and how its catalog items are created.
        unsupported: Pattern of SKUs that are refused.
        one_time, recurring: Patterns of SKUs billed once, and every period; a SKU that fits neither is refused.
        most_shrunk: Percent of rows that a report may have fewer than the last one; None is no limit.
        priced_names: A catalog item is named `<SKU>_<UNIT_PRICE>`; else by the SKU alone.
        links_by_identifier: An account without a link is linked to the company with its identifier while counting.
    """

    name: str = INTERMEDIA
    agreement_type: str = "Intermedia"
    columns: Mapping[str, str] = field(default_factory=dict)
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
        """What an account is mapped under."""
        return CustomerId(f"{self.name}:{account}")

    def subscription(self, account: str) -> SubscriptionId:
        """What an account's tasks queue under."""
        return SubscriptionId(f"{self.name}:{account}")

    def product(self, item: str) -> ProductId:
        """What a catalog item is mapped and linked under."""
        return ProductId(f"{self.name}:{item}")

    def item_name(self, sku: str, unit_cost: Decimal | None) -> str:
        """The identifier of a SKU's catalog item: `MXS10C01SUNR_7.25`, `MXS10C01SUNO_0` (files.md#export-items)."""
        if not self.priced_names or unit_cost is None:
            return sku
        return f"{sku}_{plain(unit_cost)}"

    def is_one_time(self, sku: str) -> bool:
        """Billed once, a setup fee; else every period."""
        return bool(self.one_time) and re.search(self.one_time, sku) is not None

    def refusal_of(self, sku: str) -> str:
        """Why a SKU cannot be billed by counts; empty if it can."""
        if not sku:
            return "its SKU is empty"
        if self.unsupported and re.search(self.unsupported, sku):
            return f"{sku} is a plan that is not billed by counts (voice, Hosted PBX); bill it by hand"
        if not self.is_one_time(sku) and not re.search(self.recurring, sku):
            return f"{sku} does not end as a one-time or a recurring SKU does, so how often to bill it is not known"
        return ""


_PRICED = re.compile(r"(?P<sku>.+)_(?P<price>\d+(\.\d+)?)")


def sku_of(item: str) -> str:
    """The SKU that a name such as `MXS10C01SUNR_7.25` was made for; the whole name if it has no price."""
    found = _PRICED.fullmatch(item)
    return found["sku"] if found else item
