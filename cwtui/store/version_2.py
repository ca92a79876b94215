"""The step from version 2: repairs, counts, differences and what checks remember were facts; they have tables now.

Problems were kept in words, and go on saying them until their task is planned again (commands.md#words-for-people).
What an earlier program of that version did not write yet has its default here, and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cwtui.domain.problems import ProblemCase
from cwtui.store.table import Document

State = dict[str, dict[str, Document]]
Value = Any
"""Of a fact: JSON of any shape."""


def to_version_3(state: State) -> State:
    """The documents of version 2 as version 3 keeps them."""
    tables = {name: dict(rows) for name, rows in state.items()}
    for name in ("tasks", "plans"):
        if name in tables:
            tables[name] = {number: _with_facts(row) for number, row in tables[name].items()}
    facts = tables.pop("facts", None)
    if facts is None:
        return tables
    left: dict[str, Document] = {}
    made: dict[str, list[Document]] = defaultdict(list)
    for number, fact in facts.items():
        place = _place_of(str(fact["id"]), fact.get("value"))
        if place is None:
            left[number] = fact
            continue
        table, key, step = place
        row = _row(fact, key, step)
        if row is not None:
            made[table].append(row)
    for table, rows in made.items():
        there = tables.setdefault(table, {})
        first = max(map(int, there), default=0) + 1
        there.update({str(number): row for number, row in enumerate(rows, first)})
    return {**tables, "facts": left}


Step = Callable[[str, Value], Document | None]
"""From the key and the value of a fact; None where there is nothing to keep."""


def _place_of(name: str, value: Value) -> tuple[str, str, Step] | None:
    """Table, key and step of a fact; None for one that stays."""
    if name == "check.begun":  # a first check and a later one kept what they had read in one place
        is_first = isinstance(value, dict) and "since" in value
        return ("beginning", "beginning", _beginning) if is_first else ("read_so_far", "read_so_far", _read_so_far)
    if name in _NOTES:
        table, step = _NOTES[name]
        return table, table, step
    kind, colon, key = name.partition(":")
    if not colon or kind not in _KEYED:
        return None
    table, step = _KEYED[kind]
    return table, key, step


def _with_facts(old: Document) -> Document:
    """A task or a plan whose problems hold what they said as their only fact."""
    try:
        return {**old, "problems": list(map(_problem, old["problems"]))}
    except (KeyError, TypeError):
        return old  # somebody broke it: it stays as it is, and whoever reads it is told what it lacks


def _problem(old: Document) -> Document:
    rest = {name: value for name, value in old.items() if name != "message"}
    return {**rest, "case": ProblemCase.IN_WORDS.value, "facts": {"words": old["message"]}}


def _row(fact: Document, key: str, step: Step) -> Document | None:
    besides = {name: value for name, value in fact.items() if name not in {"id", "name", "value"}}
    value = fact.get("value", {})
    if value is None:
        return None
    try:
        made = step(key, value)
    except (AttributeError, KeyError, TypeError, ValueError):
        made = {"value": value}  # somebody broke it: it stays as it is, and whoever reads it is told what it lacks
    return None if made is None else {"id": key, **besides, **made}


def _repair(key: str, old: Value) -> Document:
    agreement = old["agreement"]
    targets = [
        {
            "wanted": _wanted(target["wanted"]),
            "holds": [_addition(held, agreement) for held in target["holds"]],
            "beside": [_addition(held, agreement) for held in target.get("beside", ())],
        }
        for target in old["targets"]
    ]
    extras = [
        {"addition": _addition(extra["addition"], agreement), "product_id": extra["product"]} for extra in old["extras"]
    ]
    repair = {
        "agreement_id": agreement,
        "subscription_id": old["subscription"],
        "day": old["day"],
        "targets": targets,
        "extras": extras,
    }
    return {"task_id": key, "repair": repair}


def _wanted(old: Value) -> Document:
    names = {"subscription": "subscription_id", "product": "product_id", "item": "catalog_item_id"}
    return {names.get(name, name): value for name, value in old.items()}


def _addition(old: Value, agreement: int) -> Document:
    """Prices were spelt in two ways, and the identifier of the catalog item too."""
    values = {
        "catalog_item_id": old["item"],
        "quantity": old["quantity"],
        "unit_price": old["price"] if "price" in old else old["unit_price"],
        "unit_cost": old["cost"] if "cost" in old else old["unit_cost"],
        **{name: old[name] for name in ("effective", "cancelled", "bill", "taxable", "description")},
    }
    identifier = old["catalog_item"] if "catalog_item" in old else old["identifier"]
    return {"id": old["id"], "agreement_id": agreement, "values": values, "catalog_item": identifier}


def _counts(key: str, old: Value) -> Document:
    counts = {
        **{name: old[name] for name in ("layout", "account", "report", "day", "digest", "lacking")},
        "agreement_id": old["agreement"],
        "items": list(map(_item, old["items"])),
        "doubts": _sku_lines(old["unsure"]),
        "seen": [_addition(held, held["agreement"]) for held in old["seen"]],
        "anywhere": _sku_lines(old.get("anywhere", {})),
        "known": dict(old.get("known", {})),
    }
    return {"task_id": key, "counts": counts}


def _item(old: Value) -> Document:
    return {
        **{name: old[name] for name in ("name", "sku", "unit_cost", "quantity", "lines")},
        "catalog_item_id": old["item"],
        "price": old.get("price"),
        "is_apart": old.get("apart", False),
    }


def _sku_lines(old: Value) -> Document:
    """The first program that counted kept the SKUs alone."""
    return dict(old) if isinstance(old, Mapping) else {sku.casefold(): [] for sku in old}


def _differences(key: str, old: Value) -> Document:
    return {"task_id": key, "found": [{"kind": _kind(mark, text), "text": text} for mark, text in old]}


_KINDS = {
    "It belongs to customer ": "customer",
    ", while its additions go on": "goes_on",
    "It is active, while its additions ended": "active_again",
    " a unit, its additions bill ": "price",
}


def _kind(mark: str, text: str) -> str:
    """Only one kind had a mark of its own; the others are recognised by their words."""
    if mark == "never_carried":
        return mark
    return next((kind for words, kind in _KINDS.items() if words in text), "quantity")


def _last_report(key: str, old: Value) -> Document:
    return {"layout": key, "name": old["name"], "moment": old["moment"], "row_count": old["rows"]}


def _contact_due(key: str, old: Value) -> Document | None:
    return {"account": key} if old else None


def _history(_: str, old: Value) -> Document:
    names = ("real_moment", "first_since", "ended_before", "handled")
    return {
        **{name: old[name] for name in names},
        "states": old.get("states", {}),
        "follows_failed": "states" in old,
    }


def _beginning(_: str, old: Value) -> Document:
    return {name: old[name] for name in ("moment", "since", "counts", "open_orders", "ended_before", "states")}


def _read_so_far(_: str, old: Value) -> Document | None:
    return {"subscriptions": old["read"]} if "read" in old else None


def _comparison(_: str, old: Value) -> Document:
    rows = {name: _compared(*row) for name, row in old["subscriptions"].items()}
    return {"day": old["day"] or None, "subscriptions": rows}


def _compared(modified: str, prices: Document, accepted: list[str], orders: list[list[str]]) -> Document:
    skipped, digest = accepted
    return {
        "modified": modified or None,
        "prices": prices,
        "skipped": skipped,
        "accepted": digest,
        "orders": [{"order_id": order, "until": until or None} for order, until in orders],
    }


def _unread(_: str, old: Value) -> Document:
    return {"records": {record: {"code": code, "words": words} for record, (code, words) in old.items()}}


def _told(_: str, old: Value) -> Document | None:
    """An unreadable value counts as none, so its events are reported again."""
    match old:
        case {"at": str(at), "marks": list(marks)} if _is_moment(at):
            return {"at": at, "marks": list(map(str, marks))}
    return None


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


_KEYED: Mapping[str, tuple[str, Step]] = {
    "repair": ("repairs", _repair),
    "counts": ("counts", _counts),
    "difference": ("differences", _differences),
    "last_report": ("last_reports", _last_report),
    "contact_due": ("contacts_due", _contact_due),
}
_NOTES: Mapping[str, tuple[str, Step]] = {
    "check.history": ("history", _history),
    "check.compared": ("comparison", _comparison),
    "check.unread": ("unread", _unread),
    "notify.told": ("told", _told),
}
