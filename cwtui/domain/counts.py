"""What is kept of a vendor's files: the counts of each account's task, the last report, contacts to be created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal

from cwtui.domain.ids import AgreementId, CatalogItemId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import Addition

SkuLines = Mapping[str, tuple[int, ...]]
"""SKU (folded; empty for any) → lines of the file."""


@dataclass(frozen=True, slots=True)
class CountedItem:
    """One line of the report that can be billed: its catalog item is known.

    Attributes:
        name: `<SKU>_<UNIT_PRICE>`, as the item was exported.
        lines: Of the file.
        price: The file's; None where the profile leaves it to the catalog item.
        is_apart: The account's other lines of the same catalog item have another unit cost.
    """

    name: str
    sku: str
    unit_cost: Decimal | None
    quantity: Decimal
    catalog_item_id: CatalogItemId
    lines: tuple[int, ...]
    price: Decimal | None = None
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class CountRecord:
    """One account's part of a report, kept for its task.

    Attributes:
        layout: Names the vendor's layout.
        report: The file's name.
        day: When the report is from, where it says so.
        digest: Of the counts: the same report twice is recognised by it.
        agreement_id: The account's agreement of the configured type, as it was found; a mapping wins over it.
        lacking: Why none was found.
        doubts: SKUs of which a row was refused, by line: nothing of them may be changed.
        seen: The agreement's additions when the report was read; a plan is shown by them until it is synchronised.
        anywhere: The same as `doubts` of rows whose account is not known: they could be this account's.
        known: Catalog items that earlier reports named for this account, by id.
    """

    layout: str
    account: str
    report: str
    day: date | None
    digest: str
    agreement_id: AgreementId | None
    lacking: str
    items: tuple[CountedItem, ...]
    doubts: SkuLines
    seen: tuple[Addition, ...] = ()
    anywhere: SkuLines = field(default_factory=dict)
    known: Mapping[CatalogItemId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """What a task counts."""

    task_id: TaskId
    counts: CountRecord


@dataclass(frozen=True, slots=True)
class LastReport:
    """The report that the tasks of a vendor's layout were last made from."""

    layout: str
    name: str
    moment: datetime
    row_count: int


@dataclass(frozen=True, slots=True)
class ContactDue:
    """An account whose company was about to be created, and whose contact is not created yet."""

    account: str
