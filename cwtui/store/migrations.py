"""From the documents of an older version to today's, one pure function per step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cwtui.store.layout import VERSION, Content, TinyDocument, content_of

Migration = Callable[[TinyDocument], TinyDocument]
"""Takes the whole TinyDB document of one version and returns that of the next; `cwtui` (the version) is seen to."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version they start from. Version 1 is the first, so there is none yet."""


def migrated(content: Content, steps: Mapping[int, Migration] = MIGRATIONS, *, to: int = VERSION) -> Content:
    """The same state in the shape of version `to`; `content` itself if it has that already.

    Raises:
        NotAState: A step is missing, or made something else.
    """
    while content.version < to:
        step = steps.get(content.version)
        document = step(content.document()) if step else {}
        if "cwtui" in document:
            document["cwtui"] = {"1": {"id": "state", "version": content.version + 1, "folded": content.folded}}
        content = content_of(document)
    return content


def typed_ledger(document: TinyDocument) -> TinyDocument:
    """A document of version 1 with its writes typed, and what exactly-once depends on in tables of its own."""
    tables = typed_facts(document)
    for name in ("audit", "writes"):
        if name in tables:
            tables[name] = {number: typed_audit_row(row) for number, row in tables[name].items()}
    for number, intent in tables.get("intents", {}).items():
        tables["intents"][number] = {**intent, "change": typed_change(intent["change"])}
    for number, plan in tables.get("plans", {}).items():
        tables["plans"][number] = {**plan, "changes": [typed_change(change) for change in plan["changes"]]}
    return tables


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


def typed_facts(document: TinyDocument) -> TinyDocument:
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
