"""What the state keeps of a report: its lines by task, and the last report by vendor, as JSON-shaped facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import plain
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.engine.protocols import Store
from cwtui.vendors.count_facts import CountedItem
from cwtui.vendors.doubts import SkuLines

Json = dict[str, Any]


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
        doubts, anywhere, known: See `CountFacts`.
        seen: The agreement's additions when the report was read; a plan is shown by them until it is synchronised.
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
class LastReport:
    """The report a vendor's tasks were last made from."""

    name: str
    moment: datetime
    row_count: int


def save_record(store: Store, task_id: TaskId, record: CountRecord) -> None:
    """Keep what a task counts."""
    store.save_fact(
        _name(task_id),
        {
            "layout": record.layout,
            "account": record.account,
            "report": record.report,
            "day": record.day.isoformat() if record.day else None,
            "digest": record.digest,
            "agreement": record.agreement_id,
            "lacking": record.lacking,
            "items": [_item_document(item) for item in record.items],
            "unsure": {sku: list(lines) for sku, lines in record.doubts.items()},
            "anywhere": {sku: list(lines) for sku, lines in record.anywhere.items()},
            "known": {str(number): name for number, name in record.known.items()},
            "seen": [_addition_document(held) for held in record.seen],
        },
    )


def record_of(store: Store, task_id: TaskId) -> CountRecord | None:
    """What a task counts; None if it was let go, long after the task had ended."""
    kept: Any = store.fact(_name(task_id))
    if not isinstance(kept, Mapping):
        return None
    return CountRecord(
        layout=kept["layout"],
        account=kept["account"],
        report=kept["report"],
        day=date.fromisoformat(kept["day"]) if kept["day"] else None,
        digest=kept["digest"],
        agreement_id=None if kept["agreement"] is None else AgreementId(kept["agreement"]),
        lacking=kept["lacking"],
        items=tuple(map(_item, kept["items"])),
        doubts=_doubts(kept["unsure"]),
        seen=tuple(map(_addition, kept["seen"])),
        anywhere=_doubts(kept.get("anywhere", {})),
        known={CatalogItemId(int(number)): name for number, name in kept.get("known", {}).items()},
    )


def forget_record(store: Store, task_id: TaskId) -> None:
    """Let go of what a task counted: it ended, and newer reports came since."""
    if store.fact(_name(task_id)) is not None:
        store.save_fact(_name(task_id), None)


def save_last_report(store: Store, layout: str, last: LastReport) -> None:
    """Remember the report that tasks were made from."""
    value = {"name": last.name, "moment": last.moment.isoformat(), "rows": last.row_count}
    store.save_fact(f"last_report:{layout}", value)


def last_report(store: Store, layout: str) -> LastReport | None:
    """The report that a vendor's tasks were last made from."""
    kept: Any = store.fact(f"last_report:{layout}")
    if not isinstance(kept, Mapping):
        return None
    return LastReport(kept["name"], datetime.fromisoformat(kept["moment"]), kept["rows"])


def _name(task_id: TaskId) -> str:
    return f"counts:{task_id}"


def _doubts(kept: Any) -> SkuLines:
    """The first version kept the SKUs alone."""
    if isinstance(kept, Mapping):
        return {sku: tuple(lines) for sku, lines in kept.items()}
    return {sku.casefold(): () for sku in kept}


def _item_document(item: CountedItem) -> Json:
    return {
        "name": item.name,
        "sku": item.sku,
        "unit_cost": None if item.unit_cost is None else plain(item.unit_cost),
        "quantity": plain(item.quantity),
        "item": item.catalog_item_id,
        "lines": list(item.lines),
        "price": None if item.price is None else plain(item.price),
        "apart": item.is_apart,
    }


def _item(kept: Json) -> CountedItem:
    cost, price = kept["unit_cost"], kept.get("price")
    return CountedItem(
        kept["name"],
        kept["sku"],
        None if cost is None else Decimal(cost),
        Decimal(kept["quantity"]),
        CatalogItemId(kept["item"]),
        tuple(kept["lines"]),
        None if price is None else Decimal(price),
        is_apart=kept.get("apart", False),
    )


def _addition_document(held: Addition) -> Json:
    values = held.values
    return {
        "id": held.id,
        "agreement": held.agreement_id,
        "identifier": held.catalog_item,
        "item": values.catalog_item_id,
        "quantity": plain(values.quantity),
        "unit_price": plain(values.unit_price),
        "unit_cost": plain(values.unit_cost),
        "effective": values.effective.isoformat(),
        "cancelled": values.cancelled.isoformat() if values.cancelled else None,
        "bill": values.bill.value,
        "taxable": values.taxable,
        "description": values.description,
    }


def _addition(kept: Json) -> Addition:
    values = AdditionValues(
        catalog_item_id=CatalogItemId(kept["item"]),
        quantity=Decimal(kept["quantity"]),
        unit_price=Decimal(kept["unit_price"]),
        unit_cost=Decimal(kept["unit_cost"]),
        effective=date.fromisoformat(kept["effective"]),
        cancelled=date.fromisoformat(kept["cancelled"]) if kept["cancelled"] else None,
        bill=BillCustomer(kept["bill"]),
        taxable=kept["taxable"],
        description=kept["description"],
    )
    return Addition(AdditionId(kept["id"]), AgreementId(kept["agreement"]), values, kept["identifier"])
