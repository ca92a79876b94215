"""From the documents of an older version to today's, one pure function per step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cwtui.store.layout import VERSION, Content, TinyDocument, content_of
from cwtui.store.table import Document

Migration = Callable[[TinyDocument], TinyDocument]
"""Takes the whole TinyDB document of one version and returns that of the next; `cwtui` (the version) is seen to."""


def migrated(content: Content, steps: Mapping[int, Migration] | None = None, *, to: int = VERSION) -> Content:
    """The same state in the shape of version `to`; `content` itself if it has that already.

    Raises:
        NotAState: A step is missing, or made something else.
    """
    steps = MIGRATIONS if steps is None else steps
    while content.version < to:
        step = steps.get(content.version)
        document = step(content.document()) if step else {}
        if "cwtui" in document:
            document["cwtui"] = {"1": {"id": "state", "version": content.version + 1, "folded": content.folded}}
        content = content_of(document)
    return content


def fields_by_their_names(state: TinyDocument) -> TinyDocument:
    """Version 1 spelt some fields its own way: version 2 has every field under the name the record gives it."""
    return {
        name: {number: _renamed(row, _FROM_1[name]) for number, row in table.items()} if name in _FROM_1 else table
        for name, table in state.items()
    }


def _renamed(old: Document, step: Callable[[Document], Document]) -> Document:
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
    rest = {name: value for name, value in _numbered(old).items() if name != "value"}
    return {**rest, **old["value"]}


def _numbered(old: Document) -> Document:
    return {"id": old["id"], "seq": int(old["id"]), **old}


_FROM_1: Mapping[str, Callable[[Document], Document]] = {
    "tasks": _task,
    "customers": _customer,
    "products": _product,
    "subscriptions": _subscription,
    "orders": _order,
    "mappings": _mapping,
    "links": lambda old: {"id": old["id"], "addition_id": int(old["id"]), **old},
    "snapshots": lambda old: {**old, "task_id": old["id"], "subscription": _subscription(old["subscription"])},
    "plans": lambda old: {**old, "task_id": old["id"]},
    "edits": lambda old: {**old, "task_id": old["id"]},
    "intents": _numbered,
    "writes": _record_write,
    "facts": lambda old: {"id": old["id"], "name": old["id"], "value": old["value"]},
}
MIGRATIONS: Mapping[int, Migration] = {1: fields_by_their_names}
"""By the version they start from."""
