"""How many requests a run costs (check.md#cost-of-a-check), counted by the sandbox's own log."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.reseller import CUSTOMER, MAIL, USAGE, reseller_in
from tests.end_to_end.running import Cwtui, Sandbox

NOTHING_NEW = 10


def test_a_first_run_asks_for_little_more_than_it_must(sandbox: Sandbox, cwtui: Cwtui) -> None:
    """The least: one per subscription, one per agreement touched, one per write, one per page of a list."""
    reseller = reseller_in(sandbox)
    agreements = [reseller.another_agreement() for _ in range(25)]
    names = [f"S{number:03}" for number in range(130)]
    for name in names:
        reseller.subscribe(2, name)
    cwtui.map(
        ("customer", CUSTOMER, "", reseller.company),
        ("product", MAIL, "", reseller.mail_item),
        *(("agreement", name, "", agreements[number % 25]) for number, name in enumerate(names)),
    )
    sandbox.forget_requests()
    assert cwtui.auto()["writes"] == {"post": 130, "patch": 0, "delete": 0}
    lists = {"token": 1, "orders": 1, "subscriptions": 2, "customers": 1, "agreements": 1, "catalog": 1}
    least = len(names) + 25 + 130 + sum(lists.values())
    assert sandbox.requests()["total"] <= 1.2 * least


def test_later_runs_ask_for_each_new_order_once(sandbox: Sandbox, cwtui: Cwtui) -> None:
    reseller = reseller_in(sandbox)
    names = [f"S{number:03}" for number in range(40)]
    for name in names:
        reseller.subscribe(2, name)
    reseller.map_all(cwtui, *names)
    cwtui.auto(as_of="2026-11-10")
    for number, name in enumerate(names):
        lines = [["recurring", MAIL, 1, "4.50"]]
        reseller.order(f"20000{number:02}", "change", lines, name, created="2026-11-11")
        reseller.hold(3, name)
    sandbox.forget_requests()
    report = cwtui.auto(as_of="2026-11-12")
    assert report["writes"] == {"post": 80, "patch": 0, "delete": 40}
    least = 40 + 40 + 1 + 120 + 4
    assert sandbox.requests()["total"] <= 1.2 * least
    sandbox.forget_requests()
    cwtui.auto(as_of="2026-11-13")
    assert sandbox.requests()["total"] <= NOTHING_NEW


@pytest.mark.parametrize("mapped", [False, True], ids=["nothing mapped", "the customer unmapped"])
def test_nothing_new_costs_ten_requests_with_300_tasks_that_need_action(
    mapped: bool, sandbox: Sandbox, cwtui: Cwtui
) -> None:
    reseller = reseller_in(sandbox)
    names = [f"S{number:03}" for number in range(300)]
    for name in names:
        reseller.subscribe(2, name)
    if mapped:
        reseller.map_all(cwtui, *names)
        cwtui.run("map", "unset", "customer", CUSTOMER, status=0)
    first = cwtui.auto(as_of="2026-11-10", status=3)
    assert first["needs_action"] == 300
    sandbox.forget_requests()
    again = cwtui.auto(as_of="2026-11-11", status=3)
    assert (again["needs_action"], again["created"]) == (300, 0)
    assert sandbox.requests()["total"] <= NOTHING_NEW


def test_nothing_new_costs_ten_requests_with_300_orders_and_agreements_in_the_way(
    sandbox: Sandbox, cwtui: Cwtui
) -> None:
    """Each task has an order and an agreement of its own, and ConnectWise could remove what is in its way."""
    reseller = reseller_in(sandbox)
    names = [f"S{number:03}" for number in range(300)]
    agreements = [reseller.another_agreement(currency="USD") for _ in names]
    cwtui.map(
        ("customer", CUSTOMER, "", reseller.company),
        ("product", MAIL, "", reseller.mail_item),
        *(("agreement", name, "", agreement) for name, agreement in zip(names, agreements, strict=True)),
    )
    cwtui.auto(as_of="2026-10-30")
    for number, name in enumerate(names):
        reseller.subscribe(2, name)
        lines = [["recurring", MAIL, 2, "4.50"]]
        status = "processing" if number < 9 else "completed"
        day = f"2026-11-{1 + number % 9:02}"
        reseller.order(f"20000{number:03}", "sales", lines, name, created=day, status=status)
    assert cwtui.auto(as_of="2026-11-12", status=3)["needs_action"] == 291
    sandbox.forget_requests()
    assert cwtui.auto(as_of="2026-11-20", status=3)["needs_action"] == 291
    pages = 3  # once a day: what 300 subscriptions hold is compared with what was carried over
    assert sandbox.requests()["total"] <= NOTHING_NEW + pages
    sandbox.forget_requests()
    assert cwtui.auto(as_of="2026-11-20", status=3)["needs_action"] == 291
    assert sandbox.requests()["total"] <= NOTHING_NEW


def test_a_whole_world_of_usage_costs_one_catalogue(sandbox: Sandbox, opened: Opened) -> None:
    reseller, cwtui = reseller_in(sandbox), opened(sandbox)
    names = [f"U{number}" for number in range(12)]
    for name in names:
        more = {"billing_model": "chargeAfterBillingPeriod", "products": [[USAGE, 1]]}
        reseller.subscribe(1, name, **more)
    reseller.map_all(cwtui, *names)
    cwtui.auto(as_of="2026-11-10")
    for number, name in enumerate(names):
        lines = [["overuse", USAGE, 30, "0.08"]]
        reseller.order(f"20000{number:02}", "unknown", lines, name, number=f"BO{number}", created="2026-11-11")
    assert cwtui.auto(as_of="2026-11-12")["synced"] == 12
    assert sandbox.requests()["counts"]["marketplace GET /products"] <= 3
