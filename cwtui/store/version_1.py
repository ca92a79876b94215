"""The step from version 1: fields under the names their records give them, writes typed, hidden facts in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cwtui.store.table import Document

State = dict[str, dict[str, Document]]


def to_version_2(state: State) -> State:
    """The documents of version 1 as version 2 spells them; what somebody else wrote into them stays in them."""
    return {
        name: {number: _stepped(row, _STEPS[name]) for number, row in table.items()} if name in _STEPS else table
        for name, table in typed_facts(state).items()
    }


def _stepped(old: Document, step: Callable[[Document], Document]) -> Document:
    try:
        return step(old)
    except (KeyError, TypeError, ValueError):
        return old  # somebody broke it: it stays as it is, and whoever reads it is told what it lacks


def _task(old: Document) -> Document:
    """Customer, subscription and order were objects; what they held besides stays in them."""
    new = {key: value for key, value in old.items() if key not in {"customer", "subscription", "order"}}
    for thing in ("customer", "subscription", "order"):
        inner = dict(old[thing])
        new |= {f"{thing}_{key}": inner.pop(key) for key in ("id", "name", "number", "created") if key in inner}
        new |= {thing: inner} if inner else {}
    return new


def _customer(old: Document) -> Document:
    names = ("street", "extension", "postal_code", "city", "state", "country_code")
    return {**old, "address": dict(zip(names, old["address"], strict=True))}


def _product(old: Document) -> Document:
    costs = [{"charge": charge, "cost": _price([amount, currency])} for charge, amount, currency in old["costs"]]
    return {**old, "costs": costs}


def _price(pair: list[str] | None) -> Document | None:
    return None if pair is None else {"amount": pair[0], "currency": pair[1]}


def _subscription(old: Document) -> Document:
    period = old["billing_period"]
    products = [_priced(product, "unit_price", "unit_cost") for product in old["products"]]
    length = None if period is None else {"type": period[0], "length": period[1]}
    return {**old, "billing_period": length, "products": products}


def _order(old: Document) -> Document:
    names = ("id", "name", "subscription_id", "target_id")
    lines = [_priced(line, "unit_price", "extended") for line in old["lines"]]
    return {**old, "lines": lines, "products": [dict(zip(names, row, strict=False)) for row in old["products"]]}


def _priced(old: Document, *prices: str) -> Document:
    return {**old, **{name: _price(old[name]) for name in prices}}


def _mapping(old: Document) -> Document:
    key = {name: old[name] for name in ("kind", "marketplace_id", "charge")}
    return {"id": old["id"], "key": key, **{name: value for name, value in old.items() if name not in key}}


def _record_write(old: Document) -> Document:
    rest = {name: value for name, value in _numbered(typed_audit_row(old)).items() if name != "value"}
    return {**rest, **old["value"]}


def _plan(old: Document) -> Document:
    return {**old, "task_id": old["id"], "changes": [typed_change(change) for change in old["changes"]]}


def _intent(old: Document) -> Document:
    return {**_numbered(old), "change": typed_change(old["change"])}


def _numbered(old: Document) -> Document:
    return {"id": old["id"], "seq": int(old["id"]), **old}


_FACT_TABLES = {"undone:": "taken_back", "owed:": "owed", "customers.import:": "imports"}
_PURPOSES = {"undo": "undo", "restore": "restore", "values-restore": "restore", "double": "double"}


def typed_audit_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """An audit row, or a record's write, of version 1 with its outcome, purpose and key in fields of their own."""
    outcome, _, reason = str(row["outcome"]).partition(": ")
    typed = {**row, "outcome": outcome, "reason": row.get("reason", reason)}
    if "why" not in row or "purpose" in row:
        return typed
    why = dict(row["why"])
    key, is_standing = str(why.pop("key", "")), bool(why.pop("is_standing", False))
    purpose, refers_to = purpose_of_key(key)
    return {**typed, "key": key, "is_standing": is_standing, "purpose": purpose, "refers_to": refers_to, "why": why}


def typed_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change of an intent or a begun plan of version 1, with its purpose."""
    purpose, refers_to = purpose_of_key(change["key"])
    return {"purpose": purpose, "refers_to": refers_to, **change}


def purpose_of_key(key: str) -> tuple[str, int | None]:
    """What a write of version 1 was for, and what it referred to: only its key said so."""
    kind, _, rest = key.partition(":")
    number, _, more = rest.partition(":")
    if kind not in _PURPOSES or not number.isdecimal():
        return "plan", None
    return "compensation" if more == "credit" else _PURPOSES[kind], int(number)


def typed_facts(document: State) -> State:
    """Doubts, taken-back tasks, owed amounts and import intents of version 1 were facts; they have tables now."""
    tables: dict[str, dict[str, dict[str, Any]]] = {name: dict(rows) for name, rows in document.items()}
    facts = tables.pop("facts", {})
    left = {}
    for number, fact in facts.items():
        name, value = str(fact["id"]), fact["value"]
        prefix = next((prefix for prefix in _FACT_TABLES if name.startswith(prefix)), "")
        if name == "doubts":
            _put(tables, "doubts", map(_typed_doubt, value or ()))
        elif prefix:
            _put(tables, _FACT_TABLES[prefix], _typed_fact(prefix, name.removeprefix(prefix), value))
        else:
            left[number] = fact
    return {**tables, "facts": left} if facts else tables


def _put(tables: dict[str, dict[str, dict[str, Any]]], name: str, rows: Iterable[dict[str, Any]]) -> None:
    table = tables.setdefault(name, {})
    first = max(map(int, table), default=0) + 1
    table.update({str(number): row for number, row in enumerate(rows, first)})


def _typed_fact(prefix: str, name: str, value: Any) -> list[dict[str, Any]]:
    if prefix == "undone:":
        return [{"id": name, "through_seq": value}] if isinstance(value, int) else []
    if not isinstance(value, dict):
        return []
    if prefix == "owed:":
        return [
            {"id": f"{seq}:{name}", "task_id": name, "seq": int(seq), "through": through}
            for seq, through in value.items()
        ]
    told = {"identifier": value.get("identifier", ""), "at": value.get("at"), "customer_id": value.get("customer")}
    return [{"id": name, **told}]


def _typed_doubt(row: Mapping[str, Any]) -> dict[str, Any]:
    """A doubt named what it was to create by its likeness: values in a fixed sequence, the description's words last."""
    item, quantity, price, cost, effective, cancelled, bill, taxable, *words = row["likeness"].split("|")
    typed = {name: value for name, value in row.items() if name not in {"seq", "likeness"}}
    values = {
        "catalog_item_id": int(item),
        "quantity": quantity,
        "unit_price": price,
        "unit_cost": cost,
        "effective": effective,
        "cancelled": None if cancelled == "None" else cancelled,
        "bill": bill,
        "taxable": taxable == "True",
        "description": " ".join(words),
    }
    return {"id": str(row["seq"]), **typed, "values": values}


_STEPS: Mapping[str, Callable[[Document], Document]] = {
    "tasks": _task,
    "customers": _customer,
    "products": _product,
    "subscriptions": _subscription,
    "orders": _order,
    "mappings": _mapping,
    "links": lambda old: {"id": old["id"], "addition_id": int(old["id"]), **old},
    "snapshots": lambda old: {**old, "task_id": old["id"], "subscription": _subscription(old["subscription"])},
    "plans": _plan,
    "edits": lambda old: {**old, "task_id": old["id"]},
    "intents": _intent,
    "audit": typed_audit_row,
    "writes": _record_write,
    "doubts": _numbered,
    "taken_back": lambda old: {**old, "task_id": old["id"]},
    "imports": lambda old: {**old, "company_id": int(old["id"])},
    "facts": lambda old: {"id": old["id"], "name": old["id"], "value": old["value"]},
}
