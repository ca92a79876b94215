"""Which orders make tasks, and when (check.md#later-checks): nothing missed, nothing twice, whatever ends when.

Rules: examples.md#example-7.
"""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.reseller import CUSTOMER, MAIL, Reseller, reseller_in
from tests.end_to_end.running import Cwtui, Row, Sandbox


@pytest.fixture
def reseller(sandbox: Sandbox) -> Reseller:
    return reseller_in(sandbox)


def names(report: Row) -> list[str]:
    return sorted(task["id"] for task in report["tasks"])


def test_the_first_run_takes_every_active_subscription_and_no_ended_order(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    reseller.subscribe(4, "S2", status="hold")
    reseller.subscribe(5, "S3", status="terminated")
    reseller.order("2000001", "sales", [["recurring", MAIL, 10, "4.50"]], created="2026-11-23")
    reseller.order("2000002", "change", [["recurring", MAIL, 1, "4.50"]], created="2026-11-22T23:59:59Z")
    reseller.map_all(cwtui)
    first = cwtui.auto()
    assert (names(first), first["created"], first["synced"]) == (["initial.S1"], 1, 1)
    task = first["tasks"][0]
    assert task["order"] == {"id": "initial", "number": "initial", "created": None}
    assert task["customer"] == {"id": CUSTOMER, "name": "Green Lane LLC"}
    assert (task["kind"], task["status"], task["problems"]) == ("sales_order", "synced", [])
    for _ in range(2):
        again = cwtui.auto(as_of="2026-11-24")
        assert (again["created"], again["synced"], names(again)) == (0, 0, ["initial.S1"])


@pytest.mark.parametrize("status", ["submitted", "processing", "error"])
def test_an_order_open_at_one_check_and_completed_much_later_makes_one_task(
    status: str, reseller: Reseller, cwtui: Cwtui
) -> None:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    reseller.order("2000001", "change", [["recurring", MAIL, 5, "4.50"]], status=status, created="2026-08-01")
    assert names(cwtui.auto(as_of="2026-11-10")) == ["initial.S1"]
    for day in ("2026-11-11", "2026-11-13", "2026-11-19"):
        assert names(cwtui.auto(as_of=day)) == ["initial.S1"]
    reseller.hold(15)
    reseller.sandbox.call("complete_order", order_id="2000001", provisioned="2026-11-20")
    assert names(cwtui.auto(as_of="2026-11-21")) == ["2000001.S1", "initial.S1"]
    assert cwtui.auto(as_of="2026-11-22")["created"] == 0
    standing = [row for row in reseller.sandbox.billed() if not row[6]]
    assert [row[2] for row in standing] == ["15"]


def test_many_open_orders_are_followed_to_their_ends(reseller: Reseller, cwtui: Cwtui) -> None:
    ends = ["complete", "error", "cancelled", "complete", "open"]
    for number, _ in enumerate(ends):
        reseller.subscribe(10, f"S{number}")
    reseller.map_all(cwtui, *(f"S{number}" for number, _ in enumerate(ends)))
    cwtui.auto(as_of="2026-11-10")
    for number, _ in enumerate(ends):
        lines = [["recurring", MAIL, 2, "4.50"]]
        status = "processing" if number % 2 else "submitted"
        name = f"S{number}"
        reseller.order(f"200000{number}", "change", lines, name, status=status, created="2026-11-11")
    assert cwtui.auto(as_of="2026-11-12")["created"] == 0
    orders = reseller.sandbox
    for number, end in enumerate(ends):
        if end == "complete":
            reseller.hold(12, f"S{number}")
            orders.call("complete_order", order_id=f"200000{number}", provisioned="2026-11-25")
        elif end != "open":
            lines = [["recurring", MAIL, 2, "4.50"]]
            reseller.order(f"200000{number}", "change", lines, f"S{number}", status=end, created="2026-11-11")
    late = cwtui.auto(as_of="2026-12-20", status=0)
    assert [name for name in names(late) if not name.startswith("initial")] == ["2000000.S0", "2000003.S3"]
    assert cwtui.auto(as_of="2026-12-21")["created"] == 0


FAILED_FIRST = [
    pytest.param("sales", 7, None, 7, id="a sale of 7"),
    pytest.param("change", 4, 10, 14, id="4 more"),
    pytest.param("change", -6, 10, 4, id="a downgrade by 6"),
    pytest.param("cancellation", 0, 10, 0, id="a cancellation"),
]


@pytest.mark.parametrize(("kind", "delta", "before", "after"), FAILED_FIRST)
def test_an_order_that_failed_first_and_completed_a_week_later_is_carried_over(
    kind: str, delta: int, before: int | None, after: int, reseller: Reseller, cwtui: Cwtui
) -> None:
    """(check.md#following-orders) Nothing is made of it while it is in `error`, whatever is checked in between."""
    if before is not None:
        reseller.subscribe(before)
    reseller.map_all(cwtui)
    cwtui.auto(as_of="2026-11-10")
    lines = [["recurring", MAIL, delta, "4.50"]] if delta else []
    if before is None:
        reseller.subscribe(after, status="pending")
    reseller.order("2000001", kind, lines, status="error", created="2026-11-11")
    for day in ("2026-11-12", "2026-11-14"):
        assert not any(name.startswith("2000001") for name in names(cwtui.auto(as_of=day)))
    changes = {"status": "active", "quantities": {MAIL: after}} if after else {"status": "terminated"}
    reseller.sandbox.call("change_subscription", subscription_id="S1", lastModifiedDate="2026-11-18", **changes)
    reseller.sandbox.call("complete_order", order_id="2000001", provisioned="2026-11-18")
    assert "2000001.S1" in names(cwtui.auto(as_of="2026-11-19"))
    standing = [row[2] for row in reseller.sandbox.billed() if not row[6]]
    assert standing == ([str(after)] if after else [])


def test_orders_that_failed_or_were_cancelled_make_none(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    cwtui.auto(as_of="2026-11-10")
    for number, status in enumerate(["error", "cancelled"]):
        lines = [["recurring", MAIL, 2, "4.50"]]
        reseller.order(f"200000{number}", "change", lines, status=status, created="2026-11-11")
    assert names(cwtui.auto(as_of="2026-11-12")) == ["initial.S1"]


def test_an_order_over_two_subscriptions_makes_a_task_of_each(reseller: Reseller, cwtui: Cwtui) -> None:
    """The subscription of a line is that of the order's product (check.md#subscription-of-a-line)."""
    cwtui.auto(as_of="2026-11-10")
    reseller.subscribe(3)
    reseller.map_all(cwtui)
    reseller.order("2000001", "sales", [["recurring", MAIL, 3, "4.50"]], created="2026-11-11", by_product=True)
    assert names(cwtui.auto(as_of="2026-11-12")) == ["2000001.S1"]


def test_later_tasks_wait_for_the_older_ones(reseller: Reseller, cwtui: Cwtui) -> None:
    cwtui.auto(as_of="2026-11-10")
    reseller.subscribe(17)
    reseller.order("2000001", "sales", [["recurring", MAIL, 10, "4.50"]], created="2026-11-11")
    reseller.order("2000003", "change", [["recurring", MAIL, 2, "4.50"]], created="2026-11-13")
    reseller.order("2000002", "change", [["recurring", MAIL, 5, "4.50"]], created="2026-11-12")
    waiting = cwtui.auto(as_of="2026-11-14", status=3)
    assert (waiting["needs_action"], waiting["waiting"], waiting["synced"]) == (1, 2, 0)
    states = cwtui.tasks()
    assert states["2000001.S1"]["note"].startswith("Failed auto-sync.")
    assert [problem["code"] for problem in states["2000001.S1"]["problems"]] == [
        "customer_unmapped",
        "agreement_unmapped",
        "product_unmapped",
    ]
    assert list(cwtui.tasks("--status", "waiting")) == ["2000002.S1", "2000003.S1"]

    reseller.map_all(cwtui)
    done = cwtui.auto(as_of="2026-11-14")
    assert (done["synced"], done["needs_action"], done["waiting"]) == (3, 0, 0)
    standing = [(row[2], row[5]) for row in reseller.sandbox.billed() if not row[6]]
    assert standing == [("17", "2026-12-01")]
    prorated = sorted((row[2], row[3]) for row in reseller.sandbox.billed() if row[6])
    assert prorated == [("10", "3"), ("2", "2.7"), ("5", "2.85")]


def test_mapping_holes_are_filled_one_by_one(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    codes = []
    settings = [
        ("customer", CUSTOMER, reseller.company),
        ("agreement", "S1", reseller.agreement),
        ("product", MAIL, reseller.mail_item),
    ]
    for kind, name, target in settings:
        report = cwtui.auto(status=3)
        codes.append([problem["code"] for problem in report["tasks"][0]["problems"]])
        cwtui.run("map", "set", kind, name, str(target), status=0)
    assert codes == [
        ["customer_unmapped", "agreement_unmapped", "product_unmapped"],
        ["agreement_unmapped", "product_unmapped"],
        ["product_unmapped"],
    ]
    assert cwtui.tasks()["initial.S1"]["status"] == "ready"
    assert cwtui.auto()["writes"] == {"post": 1, "patch": 0, "delete": 0}

    cwtui.run("map", "unset", "customer", CUSTOMER, status=0)
    reseller.order("2000001", "change", [["recurring", MAIL, 1, "4.50"]], created="2026-11-24")
    unmapped = cwtui.auto(as_of="2026-11-25", status=3)
    assert [problem["code"] for problem in unmapped["tasks"][1]["problems"]] == ["customer_unmapped"]


def test_a_moment_of_another_zone_and_locale_changes_nothing(sandbox: Sandbox, opened: Opened) -> None:
    reseller = reseller_in(sandbox)
    reseller.subscribe(10)
    reports = []
    for number, zone in enumerate(["Pacific/Kiritimati", "Etc/GMT+12"]):
        cwtui = opened(sandbox, f"zone {number}", TZ=zone, LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8")
        cwtui.as_of = "2026-11-10"
        reseller.map_all(cwtui)
        reports.append(cwtui.auto("--dry-run"))
        reports.append(cwtui.run("tasks", "show", "initial.S1", "--json", status=0).json)
        order = f"200000{number}"
        reseller.order(order, "change", [["recurring", MAIL, 0, "4.50"]], created="2026-11-10T23:30:00-01:00")
        later = cwtui.auto("--dry-run", as_of="2026-11-12")
        task = next(task for task in later["tasks"] if task["order"]["id"] == order)
        assert task["order"]["created"] == "2026-11-11T00:30:00+00:00"
    assert reports[::2] == [reports[0]] * 2
    assert reports[1::2] == [reports[1]] * 2
