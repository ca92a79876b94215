"""examples.md as it happens: orders come in, invoices go out, and the PSA holds what the examples say."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.reseller import CUSTOMER, MAIL, SEATS, USAGE, Reseller, reseller_in
from tests.end_to_end.running import Billed, Cwtui, Sandbox


@pytest.fixture
def reseller(sandbox: Sandbox) -> Reseller:
    return reseller_in(sandbox)


def line(
    reseller: Reseller, quantity: str, price: str, cost: str, begins: str, ends: str = "", said: str = ""
) -> Billed:
    item = str(reseller.mail_item)
    return (str(reseller.agreement), item, quantity, price, cost, begins, ends, SEATS + said, "Billable", "True")


def test_examples_1_to_4_over_four_months(reseller: Reseller, cwtui: Cwtui) -> None:
    sandbox = reseller.sandbox
    reseller.map_all(cwtui)
    empty = cwtui.auto(as_of="2026-11-10")
    assert (empty["created"], empty["tasks"], empty["as_of"]) == (0, [], "2026-11-10")

    # 1: sale of 10 seats, setup fee 25.00, provisioned 11 November
    reseller.subscribe(10, created="2026-11-11")
    reseller.order(
        "2000001", "sales", [["recurring", MAIL, 10, "4.50"], ["setup", MAIL, 1, "25.00"]], created="2026-11-11"
    )
    sold = cwtui.auto(as_of="2026-11-12")
    assert (sold["created"], sold["synced"], sold["writes"]) == (1, 1, {"post": 3, "patch": 0, "delete": 0})
    ten = line(reseller, "10", "4.5", "3.6", "2026-12-01")
    ten_prorated = line(
        reseller, "10", "3", "2.4", "2026-12-01", "2026-12-31", " - prorated 11 Nov 2026 to 30 Nov 2026"
    )
    setup = line(reseller, "1", "25", "20", "2026-12-01", "2026-12-31", " - setup fee")
    assert sorted(sandbox.billed()) == sorted([ten, ten_prorated, setup])

    # 2: then a change to 15 seats, provisioned 21 November
    reseller.hold(15)
    reseller.order("2000002", "change", [["recurring", MAIL, 5, "4.50"]], created="2026-11-21")
    changed = cwtui.auto(as_of="2026-11-22")
    assert (changed["synced"], changed["writes"]) == (1, {"post": 2, "patch": 0, "delete": 1})
    fifteen = line(reseller, "15", "4.5", "3.6", "2026-12-01")
    five_prorated = line(
        reseller, "5", "1.5", "1.2", "2026-12-01", "2026-12-31", " - prorated 21 Nov 2026 to 30 Nov 2026"
    )
    once = [ten_prorated, setup, five_prorated]
    assert sorted(sandbox.billed()) == sorted([*once, fifteen])

    # 3: invoiced through December; a downgrade to 12, without a credit line
    reseller.invoice("2027-01-01")
    reseller.hold(12)
    reseller.order("2000003", "change", [["recurring", MAIL, -3, "4.50"]], created="2026-12-05")
    downgraded = cwtui.auto(as_of="2026-12-06")
    assert (downgraded["synced"], downgraded["writes"]) == (1, {"post": 1, "patch": 1, "delete": 0})
    fifteen_ended = line(reseller, "15", "4.5", "3.6", "2026-12-01", "2026-12-31")
    twelve = line(reseller, "12", "4.5", "3.6", "2027-01-01")
    assert sorted(sandbox.billed()) == sorted([*once, fifteen_ended, twelve])

    # 4: invoiced through January; cancelled on 20 January
    reseller.invoice("2027-02-01")
    reseller.order("2000004", "cancellation", [], created="2027-01-20")
    cancelled = cwtui.auto(as_of="2027-01-21")
    assert (cancelled["synced"], cancelled["writes"]) == (1, {"post": 0, "patch": 1, "delete": 0})
    twelve_ended = line(reseller, "12", "4.5", "3.6", "2027-01-01", "2027-01-20")
    assert sorted(sandbox.billed()) == sorted([*once, fifteen_ended, twelve_ended])
    assert {task["status"] for task in cwtui.tasks().values()} == {"synced"}


def test_example_4_unbilled_is_deleted_with_a_warning(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.map_all(cwtui)
    reseller.subscribe(12)
    reseller.invoice("2027-01-01")
    assert cwtui.auto(as_of="2026-12-06")["synced"] == 1
    assert reseller.sandbox.billed() == [line(reseller, "12", "4.5", "3.6", "2027-01-01")]

    reseller.order("2000004", "cancellation", [], created="2027-01-20")
    cwtui.run("check", as_of="2027-01-21", status=0)
    shown = cwtui.run("tasks", "show", "2000004.S1", "--json", as_of="2027-01-21", status=0).json
    assert "before the cancel date" in " ".join(shown["plan"]["warnings"])
    deleted = cwtui.auto(as_of="2027-01-21", status=3)
    assert (deleted["writes"], deleted["warned"]) == ({"post": 0, "patch": 0, "delete": 1}, 1)
    assert reseller.sandbox.billed() == []


def test_example_5_usage_is_billed_for_the_month_before(reseller: Reseller, cwtui: Cwtui) -> None:
    sandbox = reseller.sandbox
    reseller.map_all(cwtui, "S5")
    sandbox.call(
        "add_subscription",
        customer_id=CUSTOMER,
        products=[[USAGE, 1]],
        id="S5",
        billing_model="chargeAfterBillingPeriod",
    )
    first = cwtui.auto(as_of="2026-11-23")
    assert (first["synced"], sandbox.billed()) == (1, [])

    lines = [["recurring", USAGE, 1, "12.00"], ["overuse", USAGE, 30, "0.08"]]
    reseller.order("2000005", "unknown", lines, subscription="S5", number="BO77", created="2026-12-01")
    assert cwtui.auto(as_of="2026-12-02")["writes"]["post"] == 2
    agreement, item = str(reseller.agreement), str(reseller.usage_item)
    days = ("2026-12-01", "2026-12-31")
    assert sorted(sandbox.billed()) == [
        (agreement, item, "1", "12", "10", *days, "Azure usage - usage 1 Nov 2026 to 30 Nov 2026", "Billable", "True"),
        (
            agreement,
            item,
            "30",
            "0.08",
            "0.06",
            *days,
            "Azure usage - overuse 1 Nov 2026 to 30 Nov 2026",
            "Billable",
            "True",
        ),
    ]


def test_example_6_an_agreement_that_prorates_itself(sandbox: Sandbox, opened: Opened) -> None:
    reseller, cwtui = reseller_in(sandbox, prorate=True), opened(sandbox)
    reseller.map_all(cwtui)
    cwtui.auto(as_of="2026-11-10")
    reseller.subscribe(10, created="2026-11-11")
    reseller.order("2000001", "sales", [["recurring", MAIL, 10, "4.50"]], created="2026-11-11")
    cwtui.auto(as_of="2026-11-12")
    assert sandbox.billed() == [line(reseller, "10", "4.5", "3.6", "2026-11-11")]

    reseller.hold(15)
    reseller.order("2000002", "change", [["recurring", MAIL, 5, "4.50"]], created="2026-11-21")
    cwtui.auto(as_of="2026-11-22")
    assert sandbox.billed() == [
        line(reseller, "10", "4.5", "3.6", "2026-11-11", "2026-11-20"),
        line(reseller, "15", "4.5", "3.6", "2026-11-21"),
    ]
