"""The data: kept, found again, and believable."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.sandbox import sized
from cwtui.sandbox.psa_paths import RESOURCES
from cwtui.sandbox.shape import SHAPES
from cwtui.sandbox.table import RecordTable
from cwtui.sandbox.world import World

TODAY = date(2026, 11, 23)
DAYS = [TODAY, date(2026, 1, 31), date(2028, 2, 29), date(2026, 12, 31), date(2026, 3, 1)]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_the_seeded_world_is_the_same_each_time_and_survives_a_file(today: date) -> None:
    text = World.seeded(today).to_json()
    assert text == World.seeded(today).to_json()
    assert World.from_json(text).to_json() == text


def test_a_world_goes_on_where_its_file_left_off() -> None:
    world = World.seeded(TODAY)
    again = World.from_json(world.to_json())
    for each in (world, again):
        each.add_addition(101, 501, 3, "4.567")
        each.complete_order(next(iter(each.ripening)))
        each.stamp()
    assert again.to_json() == world.to_json()
    assert again.additions(101)[-1]["extPrice"] == Decimal("13.701")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}'])
def test_another_file_is_no_world(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever is wrong with it
        World.from_json(text)


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_every_seeded_record_is_one_the_psa_would_take(today: date) -> None:
    world = World.seeded(today)
    shapes = {resource.table: resource.shape for resource in reversed(RESOURCES)}
    problems = []
    for name, table in world.psa.items():
        problems += [(name, item) for row in table for item in SHAPES[shapes[name]].check(row, updating=False)]
    for name, tables in world.children.items():
        rows = [row for table in tables.values() for row in table]
        problems += [(name, item) for row in rows for item in SHAPES[shapes[name]].check(row, updating=False)]
    assert problems == []


def test_the_story_of_the_seed() -> None:
    world = World.seeded(TODAY)
    subscriptions = world.marketplace["subscriptions"].rows
    customers = world.marketplace["customers"].rows
    named = {key: customers[subscriptions[key]["customerId"]]["name"] for key in ("1000048531", "1000047883")}
    assert named == {"1000048531": "Green Lane LLC", "1000047883": "FranciscoRGoogle02"}

    agreements = list(world.psa["agreements"])
    assert {row["billingCycle"]["name"] for row in agreements} >= {"Monthly", "Quarterly", "Yearly", "Not recurring"}
    assert {row["agreementStatus"] for row in agreements} == {"Active", "Expired", "Cancelled"}
    assert any(row["prorateFlag"] for row in agreements)
    assert {row["currency"]["currencyCode"] for row in agreements} == {"EUR", "USD"}
    without_date = {row["id"] for row in agreements if "nextInvoiceDate" not in row}
    assert {row["agreement"]["id"] for row in world.psa["invoices"]} <= without_date

    open_orders = [row for row in world.marketplace["orders"] if row["status"] in {"submitted", "processing"}]
    kinds = {"sales", "change", "cancellation", "renewal", "migration", "unknown"}
    assert {row["type"] for row in open_orders} == kinds
    assert {row["id"] for row in open_orders} == set(world.ripening)
    assert {"error", "cancelled", "completed"} < {row["status"] for row in world.marketplace["orders"]}
    assert all(row["creationDate"][:10] <= "2026-11-23" for row in world.marketplace["orders"])


def test_the_mappings_of_the_seed_point_at_what_is_there_and_leave_holes() -> None:
    world = World.seeded(TODAY)
    ours = {"customer": "customers", "product": "products", "agreement": "subscriptions"}
    theirs = {"customer": "companies", "product": "catalog", "agreement": "agreements"}
    for kind, marketplace_id, charge, connectwise_id in world.demo_mappings():
        assert world.marketplace[ours[kind]].get(marketplace_id) is not None
        assert world.psa[theirs[kind]].get(int(connectwise_id)) is not None
        assert charge in {"", "setup"}
    mapped = {(kind, ours) for kind, ours, charge, _ in world.demo_mappings() if not charge}
    holes = Counter(
        kind for kind, table in ours.items() for row in world.marketplace[table] if (kind, row["id"]) not in mapped
    )
    assert all(holes[kind] for kind in ours)


def test_a_sized_world_has_predictable_ids() -> None:
    world = World.sized(customers=3, subscriptions=12, agreements=6, orders=5, additions=7)
    for number in range(12):
        subscription = world.marketplace["subscriptions"].rows[str(sized.FIRST_SUBSCRIPTION + number)]
        agreement = world.psa["agreements"].rows[sized.FIRST_AGREEMENT + number % 6]
        mapped = {(kind, key): theirs for kind, key, _, theirs in world.demo_mappings()}
        assert mapped["agreement", subscription["id"]] == str(agreement["id"])
        assert mapped["customer", subscription["customerId"]] == str(agreement["company"]["id"])
        assert ("product", subscription["products"][0]["id"]) in mapped
    assert [len(world.marketplace[name]) for name in ("customers", "subscriptions", "orders")] == [3, 12, 5]
    assert len(world.additions()) == 7


@settings(deadline=None)
@given(ids=st.lists(st.integers(1, 1000), unique=True), gone=st.sets(st.integers(1, 1000)), after=st.integers(0, 1000))
def test_a_table_keeps_the_order_of_its_ids(ids: list[int], gone: set[int], after: int) -> None:
    table = RecordTable()
    for key in ids:
        table.add({"id": key})
    assert table.filtered("all", lambda _: True) == list(table)
    for key in gone & set(ids):
        table.remove(key)
    left = sorted(set(ids) - gone)
    assert [row["id"] for row in table] == left
    assert [row["id"] for row in table.filtered("all", lambda _: True)] == left
    assert [row["id"] for row in table.after(after)] == [key for key in left if key > after]
