"""Documents of version 1: their writes become typed, and hidden facts become tables."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.ledger import Doubt, ImportIntent, Outcome, Owed, Purpose, TakenBack
from cwtui.store import schema
from cwtui.store.version_1 import purpose_of_key, to_version_2, typed_audit_row, typed_change, typed_facts


@pytest.mark.parametrize(
    ("key", "purpose", "refers_to"),
    [
        pytest.param("standing:MFL-1", Purpose.PLAN, None, id="a plan's change"),
        pytest.param("undo:12", Purpose.UNDO, 12, id="an undo names the row it takes back"),
        pytest.param("undo:12:credit", Purpose.COMPENSATION, 12, id="a compensation too"),
        pytest.param("restore:9001", Purpose.RESTORE, 9001, id="what was gone is created again"),
        pytest.param("values-restore:9001", Purpose.RESTORE, 9001, id="values are written back"),
        pytest.param("double:7:9002", Purpose.DOUBLE, 7, id="a late double"),
        pytest.param("undo:MFL-1", Purpose.PLAN, None, id="a product that is called so"),
    ],
)
def test_the_key_said_what_a_write_was_for(key: str, purpose: Purpose, refers_to: int | None) -> None:
    assert purpose_of_key(key) == (purpose.value, refers_to)
    change = typed_change({"key": key})
    assert (change["purpose"], change["refers_to"]) == (purpose.value, refers_to)
    assert typed_change(change) == change


@pytest.mark.parametrize(
    ("outcome", "typed", "reason"),
    [
        ("confirmed", Outcome.CONFIRMED, ""),
        ("adopted", Outcome.ADOPTED, ""),
        ("failed: no: it is taken", Outcome.FAILED, "no: it is taken"),
        (
            "unknown: the program ended before an answer came",
            Outcome.UNKNOWN,
            "the program ended before an answer came",
        ),
    ],
)
def test_an_outcome_and_its_reason_are_two(outcome: str, typed: Outcome, reason: str) -> None:
    row = typed_audit_row({"outcome": outcome, "why": {"key": "undo:3", "is_standing": True, "rule": "a sale"}})
    assert (row["outcome"], row["reason"]) == (typed.value, reason)
    assert (row["key"], row["is_standing"], row["purpose"], row["why"]) == ("undo:3", True, "undo", {"rule": "a sale"})
    assert typed_audit_row(row) == row


DOUBT = {
    "seq": 7,
    "at": "2026-11-21T12:00:00+00:00",
    "agreement_id": 101,
    "task_id": "1.S1",
    "subscription_id": "S1",
    "product_id": "P1",
    "charge": "recurring",
    "key": "standing:P1",
    "present": [3, 4],
    "likeness": "501|10|4.5|3.6|2026-12-01|None|Billable|False|Exchange|Online",
}


def test_hidden_facts_become_tables() -> None:
    facts: list[dict[str, Any]] = [
        {"id": "doubts", "value": [DOUBT]},
        {"id": "undone:1.S1", "value": 12},
        {"id": "owed:1.S1", "value": {"9": "2026-12-31", "11": "2026-11-30"}},
        {"id": "owed:2.S2", "value": None},
        {"id": "customers.import:19", "value": {"customer": "C1"}},
        {"id": "customers.import:20", "value": {"identifier": "Kestrel", "at": "2026-11-21T12:00:00+00:00"}},
        {"id": "names", "value": {"a": 1}},
    ]
    document = to_version_2({"facts": {str(number): fact for number, fact in enumerate(facts, 1)}})
    assert list(document["facts"].values()) == [{"id": "names", "name": "names", "value": {"a": 1}}]

    def read(table: schema.Schema[Any]) -> list[Any]:
        return [table.decode(orjson.dumps(row)) for row in document[table.name].values()]

    (doubt,) = read(schema.DOUBTS)
    assert isinstance(doubt, Doubt)
    assert (doubt.seq, doubt.charge, set(doubt.present)) == (7, Charge.RECURRING, {3, 4})
    assert (doubt.values.catalog_item_id, doubt.values.description) == (501, "Exchange Online")
    assert (doubt.values.cancelled, doubt.values.taxable) == (None, False)
    assert read(schema.TAKEN_BACK) == [TakenBack("1.S1", 12)]  # type: ignore[arg-type]
    owed = read(schema.OWED)
    assert {(one.task_id, one.seq, one.through.isoformat()) for one in owed} == {
        ("1.S1", 9, "2026-12-31"),
        ("1.S1", 11, "2026-11-30"),
    }
    assert all(isinstance(one, Owed) for one in owed)
    imports = read(schema.IMPORTS)
    assert all(isinstance(one, ImportIntent) for one in imports)
    assert [(one.company_id, one.identifier, one.customer_id) for one in imports] == [
        (19, "", "C1"),
        (20, "Kestrel", None),
    ]
    assert typed_facts(document) == document
