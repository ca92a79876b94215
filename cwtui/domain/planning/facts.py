"""What planning reads: one immutable snapshot of everything a plan depends on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal

from cwtui.domain.ids import AdditionId, CatalogItemId, ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link, Mappings
from cwtui.domain.marketplace import Order, Product, Subscription
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.domain.problems import Problem
from cwtui.domain.psa import Addition, Agreement, CatalogItem
from cwtui.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class PlanningRules:
    """The settings that planning depends on (settings.md#where-settings-come-from).

    Attributes:
        price_decimals: Places a unit price is rounded to.
        max_quantity_change: Percent; None is off (plans.md#guards).
    """

    price_source: PriceSource = PriceSource.MARKETPLACE
    price_decimals: int = 4
    prorate: ProrateMode = ProrateMode.ALL
    max_quantity_change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PlanningFacts:
    """One task and all that bears on its plan.

    Attributes:
        order: The order in its detailed form; None for an `initial` task.
        subscription: In its detailed form; None if the marketplace does not know it, or it cannot be read.
        unread: Records the task needs that the marketplace did not give out (check.md#one-bad-record).
        agreement: The mapped agreement; None if nothing is mapped or ConnectWise does not know it.
        billed_through: The agreement's last billed day (plans.md); None if it has no date to count from.
        catalog_items: Every mapped catalog item the plan can need.
        products: The marketplace's catalogue, as far as needed: names and costs.
        links: All links of this subscription.
        additions: The agreement's additions as just read; None where they were not read for this plan.
        is_newest: No later order of its subscription is known that is still to be carried over.
        is_overtaken: A later order was carried over already: what is linked may hold this order's units.
        price_sources: The operator's override per change key.
        is_company_deleted: The mapped company is in ConnectWise's recycle bin.
        unlinked: The agreement's additions that cwtui knows nothing of, by catalog item; empty where not looked for.
        edited: Which fields of linked standing additions a person edited or adopted; none where nobody did.
    """

    task: Task
    order: Order | None
    subscription: Subscription | None
    mappings: Mappings
    agreement: Agreement | None
    billed_through: date | None
    today: date
    rules: PlanningRules = PlanningRules()
    catalog_items: Mapping[CatalogItemId, CatalogItem] = field(default_factory=dict)
    products: Mapping[ProductId, Product] = field(default_factory=dict)
    links: Sequence[Link] = ()
    additions: Mapping[AdditionId, Addition] | None = None
    is_newest: bool = True
    is_overtaken: bool = False
    unread: Sequence[Problem] = ()
    price_sources: Mapping[str, PriceSource] = field(default_factory=dict)
    is_company_deleted: bool = False
    unlinked: Mapping[CatalogItemId, Sequence[Addition]] = field(default_factory=dict)
    edited: Mapping[AdditionId, Collection[str]] = field(default_factory=dict)
