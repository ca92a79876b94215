"""The facts for the plan of one account's counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.counts import CountedItem, SkuLines
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.money import plain, price_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition, Agreement, CatalogItem
from cwtui.domain.tasks import Task
from cwtui.vendors.layouts import Layout


@dataclass(frozen=True, slots=True)
class CountFacts:
    """Everything the plan of one account's counts depends on.

    Attributes:
        doubts: SKUs of which a row was refused, by line: nothing of them may be changed.
        anywhere: The same of rows whose account is not known: they could be this account's.
        known: Catalog items that earlier reports named for this account, by id.
        agreement_id: The account's agreement, whether or not ConnectWise (still) has it.
        lacking: Why there is no agreement, in words.
        additions: The agreement's, as last read.
        links: Those of the account.
        others: Additions that bill a subscription of the marketplace, with its id.
        elsewhere: The account's standing additions in agreements that it was billed in before, while these bill.
    """

    task: Task
    layout: Layout
    report: str
    items: tuple[CountedItem, ...]
    doubts: SkuLines
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
    anywhere: SkuLines = field(default_factory=dict)
    known: Mapping[CatalogItemId, str] = field(default_factory=dict)
    is_company_deleted: bool = False
    others: Mapping[AdditionId, SubscriptionId] = field(default_factory=dict)
    elsewhere: Sequence[Link] = ()

    @property
    def dates(self) -> AgreementDates | None:
        """The agreement's dates; None while there is none that bills."""
        return AgreementDates.of(self.agreement, self.billed_through) if self.agreement else None


@dataclass(frozen=True, slots=True)
class CountProposal:
    """An addition to be adopted: the report counts its item, and no link says that it is this account's."""

    addition: Addition
    product_id: ProductId
    charge: Charge


@dataclass(frozen=True, slots=True)
class Vanished:
    """An addition whose account or SKU the report no longer names: it is left alone.

    Attributes:
        company: Of the account.
        is_account: The report does not name the account at all.
    """

    account: str
    name: str
    addition: Addition
    company: str = ""
    is_account: bool = False

    def __str__(self) -> str:
        values = self.addition.values
        whose = f"{self.company or self.account}: " if self.is_account else ""
        billed = f"{plain(values.quantity)} × {price_text(values.unit_price)}"
        return f"{whose}{self.name} ({billed}, addition {self.addition.id}) is not in the report; it was left as it is."
