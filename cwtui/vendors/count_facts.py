"""What the plan of one account's counts depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.mappings import Link
from cwtui.domain.money import plain, price_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition, Agreement, CatalogItem
from cwtui.domain.tasks import Task
from cwtui.vendors.layouts import Layout


@dataclass(frozen=True, slots=True)
class CountedItem:
    """One line of the report that can be billed: its catalog item is known.

    Attributes:
        name: `<SKU>_<UNIT_PRICE>`, as the item was exported.
        lines: Of the file.
    """

    name: str
    sku: str
    unit_cost: Decimal | None
    quantity: Decimal
    catalog_item_id: CatalogItemId
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountFacts:
    """Everything the plan of one account's counts depends on.

    Attributes:
        unsure: SKUs of which a row was refused: nothing of them may be ended.
        agreement_id: The account's agreement, whether or not ConnectWise (still) has it.
        lacking: Why there is no agreement, in words.
        additions: The agreement's, as last read.
        links: Those of the account.
    """

    task: Task
    layout: Layout
    report: str
    items: tuple[CountedItem, ...]
    unsure: frozenset[str]
    company: CompanyId | None
    agreement_id: AgreementId | None
    agreement: Agreement | None
    lacking: str
    billed_through: date | None
    catalog: Mapping[CatalogItemId, CatalogItem]
    additions: Sequence[Addition]
    links: Sequence[Link]
    price_decimals: int = 4
    max_quantity_change: Decimal | None = None

    @property
    def dates(self) -> AgreementDates | None:
        """The agreement's dates; None while there is none that bills."""
        return AgreementDates.of(self.agreement, self.billed_through) if self.agreement else None


@dataclass(frozen=True, slots=True)
class Vanished:
    """An addition whose SKU the report no longer names: it is left alone."""

    account: str
    name: str
    addition: Addition

    def __str__(self) -> str:
        values = self.addition.values
        return (
            f"{self.name} ({plain(values.quantity)} × {price_text(values.unit_price)}, addition {self.addition.id})"
            " is not in the report; it was left as it is."
        )
