"""One account's counts as a plan: table-driven, and what must hold whatever is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.charges import Charge
from cwtui.domain.counts import CountedItem
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    OrderId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.periods import BillingCycle
from cwtui.domain.plans import Plan
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition, AdditionValues, Agreement, CatalogItem
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.vendors.count_facts import CountFacts
from cwtui.vendors.counting import plan_counts, proposals, vanished
from cwtui.vendors.layouts import Layout, sku_of
from cwtui.wording.problems import sentence

DAY = datetime(2026, 11, 22, tzinfo=UTC)
ITEMS = {"MR_7.25": 1, "MR_7.95": 2, "SR_1.1": 3, "FO_0": 4, "MR_8.5": 5}
PRICES = {"MR_7.25": "11.50", "MR_7.95": "12.25", "SR_1.1": "2", "FO_0": "25", "MR_8.5": "0"}
CATALOG = {
    CatalogItemId(number): CatalogItem(
        CatalogItemId(number),
        name,
        f"About {name}",
        f"About {name}",
        Decimal(PRICES[name]),
        Decimal(name.split("_")[1]),
    )
    for name, number in ITEMS.items()
}
AGREEMENT = Agreement(
    AgreementId(7),
    "Intermedia",
    CompanyId(250),
    type_name="Intermedia",
    cycle=BillingCycle.MONTHLY,
    start=date(2026, 1, 1),
    bill_start=date(2026, 1, 1),
    next_invoice=date(2026, 12, 1),
    currency="USD",
)
TASK = Task(
    TaskId("counts.intermedia:IM1"),
    TaskKind.COUNT_UPDATE,
    TaskStatus.READY,
    CustomerId("intermedia:IM1"),
    "Juniper Realty",
    SubscriptionId("intermedia:IM1"),
    "Intermedia IM1",
    OrderId("counts"),
    "counts of 2026-11-22",
    DAY,
)


def counted(name: str, quantity: int, line: int = 2) -> CountedItem:
    sku, _, cost = name.partition("_")
    return CountedItem(name, sku, Decimal(cost), Decimal(quantity), CatalogItemId(ITEMS[name]), (line,))


def held(number: int, name: str, quantity: int, price: str = "", **more: Any) -> Addition:
    more.setdefault("effective", date(2026, 9, 1))
    values = AdditionValues(
        CatalogItemId(ITEMS.get(name, 99)),
        Decimal(quantity),
        Decimal(price or PRICES.get(name, "1")),
        Decimal(1),
        **more,
    )
    return Addition(AdditionId(number), AGREEMENT.id, values, name)


def facts(*items: CountedItem, additions: tuple[Addition, ...] = (), **more: Any) -> CountFacts:
    more.setdefault("links", tuple(linked(one) for one in additions if one.catalog_item in ITEMS))
    known = CountFacts(
        task=TASK,
        layout=Layout(),
        report="report.csv",
        items=items,
        doubts={},
        company=CompanyId(250),
        agreement_id=AGREEMENT.id,
        agreement=AGREEMENT,
        lacking="",
        billed_through=date(2026, 11, 30),
        catalog=CATALOG,
        additions=additions,
        links=(),
    )
    return replace(known, **more)


def shown(plan: Plan) -> list[str]:
    """Operation, addition, quantity × price, first and last day; charge where it is no recurring one."""
    lines = []
    for change in plan.changes:
        at = f" {change.addition_id}" if change.addition_id else ""
        after = change.after
        what = f" {after.quantity} × {after.unit_price} {after.effective} {after.cancelled or '-'}" if after else ""
        lines.append(
            f"{change.operation}{at}{what}" + ("" if change.charge is Charge.RECURRING else f" {change.charge}")
        )
    return lines


def linked(held: Addition) -> Link:
    return Link(
        held.id,
        AGREEMENT.id,
        TASK.subscription_id,
        Layout().product(held.catalog_item),
        Charge.RECURRING,
        held.values,
        TASK.id,
        DAY,
        is_standing=True,
    )


MAIL_10 = held(9001, "MR_7.25", 10)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(
            facts(counted("MR_7.25", 10)),
            ["create 10 × 11.5000 2026-12-01 -"],
            id="create at the catalog item's price, from the first date ConnectWise accepts",
        ),
        pytest.param(
            facts(counted("MR_7.25", 12), additions=(MAIL_10,)),
            ["update 9001 12 × 11.50 2026-09-01 -"],
            id="update the quantity only: the agreement's price and dates stay",
        ),
        pytest.param(facts(counted("MR_7.25", 10), additions=(MAIL_10,)), [], id="leave what is right"),
        pytest.param(
            facts(counted("MR_7.25", 10), additions=(held(9001, "MR_7.25", 10, "9.99"),)),
            [],
            id="the partner's own price in the agreement is left alone",
        ),
        pytest.param(facts(counted("MR_7.25", 0)), [], id="nothing counted, nothing there: nothing"),
        pytest.param(
            facts(counted("MR_7.25", 0), additions=(MAIL_10,)),
            ["update 9001 0 × 11.50 2026-09-01 -"],
            id="an explicit count of 0 is the count",
        ),
        pytest.param(facts(additions=(MAIL_10,)), [], id="a SKU no longer reported is left alone"),
        pytest.param(
            facts(counted("FO_0", 3)),
            ["create 3 × 25.0000 2026-12-01 2026-12-31 setup"],
            id="a one-time SKU fills the next period to be invoiced",
        ),
        pytest.param(
            facts(
                counted("FO_0", 4),
                additions=(held(9002, "FO_0", 3, effective=date(2026, 12, 1), cancelled=date(2026, 12, 31)),),
            ),
            ["update 9002 4 × 25 2026-12-01 2026-12-31 setup"],
            id="a one-time SKU counted again before its invoice",
        ),
        pytest.param(
            facts(
                counted("FO_0", 4),
                additions=(held(9002, "FO_0", 3, effective=date(2026, 11, 1), cancelled=date(2026, 11, 30)),),
            ),
            ["create 4 × 25.0000 2026-12-01 2026-12-31 setup"],
            id="a one-time SKU invoiced last month is counted anew",
        ),
        pytest.param(
            facts(counted("MR_7.25", 5), additions=(held(9001, "MR_7.25", 10, cancelled=date(2026, 10, 31)),)),
            ["create 5 × 11.5000 2026-12-01 -"],
            id="an addition that ended is no longer there",
        ),
        pytest.param(
            facts(counted("MR_7.95", 12), additions=(MAIL_10,)),
            ["update 9001 10 × 11.50 2026-09-01 2026-11-30", "create 12 × 12.2500 2026-12-01 -"],
            id="lineage: the old price ends the day before the new one starts",
        ),
        pytest.param(
            facts(counted("MR_7.95", 12), additions=(held(9001, "MR_7.25", 10, effective=date(2026, 12, 1)),)),
            ["delete 9001", "create 12 × 12.2500 2026-12-01 -"],
            id="lineage: an old price that would only begin later is deleted",
        ),
        pytest.param(
            facts(counted("MR_7.95", 2), counted("MR_7.25", 8), additions=(MAIL_10,)),
            ["update 9001 8 × 11.50 2026-09-01 -", "create 2 × 12.2500 2026-12-01 -"],
            id="both prices reported are two lines",
        ),
        pytest.param(
            facts(counted("MR_7.95", 2), additions=(MAIL_10, held(9002, "MR_7.95", 2))),
            [],
            id="an old price beside a new one that stays as it was: its units vanished, it is left alone",
        ),
        pytest.param(
            facts(counted("MR_7.95", 9), additions=(MAIL_10, held(9002, "MR_7.95", 2))),
            ["update 9002 9 × 12.25 2026-09-01 -", "update 9001 10 × 11.50 2026-09-01 2026-11-30"],
            id="lineage: an old price whose units went to a new one that was there already",
        ),
        pytest.param(
            facts(counted("MR_7.25", 12), additions=(held(9001, "MR_7.25", 10, cancelled=date(2026, 11, 30)),
                                                     held(9002, "MR_7.95", 10, effective=date(2026, 12, 1)))),
            ["delete 9002", "create 12 × 11.5000 2026-12-01 -"],
            id="lineage: back to the old price before the new one was invoiced",
        ),
        pytest.param(
            facts(counted("MR_7.95", 0), additions=(MAIL_10,)),
            ["update 9001 10 × 11.50 2026-09-01 2026-11-30"],
            id="lineage with an explicit count of 0 ends the old price",
        ),
        pytest.param(
            facts(counted("MR_8.5", 3), additions=(held(9001, "MR_7.25", 3, "10.75"),)),
            ["update 9001 3 × 10.75 2026-09-01 2026-11-30", "create 3 × 10.7500 2026-12-01 -"],
            id="lineage without a catalog price goes on at the agreement's own",
        ),
        pytest.param(
            facts(counted("SR_1.1", 4), additions=(held(9009, "Onboarding", 1),)),
            ["create 4 × 2.0000 2026-12-01 -"],
            id="what is not the vendor's is not touched",
        ),
        pytest.param(
            facts(counted("MR_7.25", 10), additions=(held(9001, "MR_7.25", 6), held(9002, "MR_7.25", 4))),
            [],
            id="two additions that together hold the count",
        ),
        pytest.param(
            facts(counted("MR_7.25", 4), agreement=replace(AGREEMENT, prorates=True)),
            ["create 4 × 11.5000 2026-12-01 -"],
            id="an agreement that prorates starts on the first unbilled day too",
        ),
        pytest.param(
            facts(counted("MR_7.25", 4), agreement=replace(AGREEMENT, bill_start=date(2027, 1, 1), next_invoice=None),
                  billed_through=date(2026, 12, 31)),
            ["create 4 × 11.5000 2027-01-01 -"],
            id="never before the agreement bills",
        ),
    ],
)  # fmt: skip
def test_plans(made: CountFacts, expected: list[str]) -> None:
    plan = plan_counts(made)
    assert shown(plan) == expected
    assert plan.problems == ()


def test_a_created_addition_carries_everything_and_says_where_it_comes_from() -> None:
    (change,) = plan_counts(facts(counted("FO_0", 3, line=9))).changes
    assert change.after is not None
    assert (change.after.description, change.after.unit_cost, change.after.taxable) == (
        "About FO_0 - setup fee",
        Decimal(0),
        False,
    )
    assert change.source == "report report.csv, line 9: FO_0 3"
    assert list(change.arithmetic) == ["3 × 25.00 = 75.00"]
    assert change.product_id == "intermedia:FO_0"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        pytest.param({"company": None}, ProblemCode.CUSTOMER_UNMAPPED, id="not linked"),
        pytest.param({"agreement_id": None, "agreement": None}, ProblemCode.AGREEMENT_UNMAPPED, id="no agreement"),
        pytest.param({"agreement": None}, ProblemCode.AGREEMENT_INACTIVE, id="agreement gone"),
        pytest.param(
            {"agreement": replace(AGREEMENT, is_cancelled=True)},
            ProblemCode.AGREEMENT_INACTIVE,
            id="agreement cancelled",
        ),
        pytest.param(
            {"agreement": replace(AGREEMENT, company_id=CompanyId(9))},
            ProblemCode.AGREEMENT_WRONG_COMPANY,
            id="another company's agreement",
        ),
        pytest.param(
            {"agreement": replace(AGREEMENT, cycle=BillingCycle.QUARTERLY)},
            ProblemCode.BILLING_CYCLE_MISMATCH,
            id="counts are of a month",
        ),
        pytest.param(
            {"agreement": replace(AGREEMENT, cycle=None)}, ProblemCode.AGREEMENT_NOT_BILLING, id="no billing cycle"
        ),
        pytest.param(
            {"agreement": replace(AGREEMENT, end=date(2026, 11, 30))}, ProblemCode.AGREEMENT_ENDED, id="ends before"
        ),
        pytest.param({"catalog": {}}, ProblemCode.CATALOG_ITEM_INACTIVE, id="catalog item gone"),
        pytest.param(
            {"catalog": {name: replace(item, product_class="Bundle") for name, item in CATALOG.items()}},
            ProblemCode.CATALOG_ITEM_INACTIVE,
            id="a bundle",
        ),
        pytest.param({"is_company_deleted": True}, ProblemCode.COMPANY_DELETED, id="company deleted"),
        pytest.param(
            {"additions": (held(9001, "MR_7.25", 3), held(9002, "MR_7.25", 3))},
            ProblemCode.LINK_MISSING,
            id="several additions that do not add up",
        ),
        pytest.param(
            {"additions": (held(9001, "MR_7.25", 3),), "max_quantity_change": Decimal(50)},
            ProblemCode.GUARD,
            id="a change beyond the guard",
        ),
        pytest.param(
            {"additions": (held(9001, "MR_8.5", 2),), "max_quantity_change": Decimal(50)},
            ProblemCode.GUARD,
            id="a change beyond the guard along a lineage",
        ),
    ],
)
def test_problems(made: dict[str, Any], code: ProblemCode) -> None:
    problems = plan_counts(facts(counted("MR_7.25", 10), **made)).problems
    assert [problem.code for problem in problems] == [code]
    assert sentence(problems[0]).endswith((".", "ID."))


def test_the_guard_looks_at_all_prices_of_a_sku_together() -> None:
    """Ten units that go to another price are no change of quantity."""
    both = (held(9001, "MR_7.25", 8), held(9002, "MR_7.95", 2))
    assert plan_counts(facts(counted("MR_7.95", 10), additions=both, max_quantity_change=Decimal(10))).is_ready


def test_a_confirmed_guard_lets_the_count_through() -> None:
    confirmed = replace(TASK, confirmed=("MR_7.25: 3 → 10",))
    made = facts(
        counted("MR_7.25", 10), additions=(held(9001, "MR_7.25", 3),), max_quantity_change=Decimal(50), task=confirmed
    )
    assert plan_counts(made).is_ready
    more = facts(
        counted("MR_7.25", 100), additions=(held(9001, "MR_7.25", 3),), max_quantity_change=Decimal(50), task=confirmed
    )
    assert [problem.code for problem in plan_counts(more).problems] == [ProblemCode.GUARD]


@pytest.mark.parametrize(
    ("made", "changes", "target"),
    [
        pytest.param({"doubts": {"mr": (3,)}}, [], "MR", id="a row of the SKU itself"),
        pytest.param({"doubts": {"": (3,)}}, [], "intermedia:IM1", id="a row of the account whose SKU is not known"),
        pytest.param({"anywhere": {"mr": (3,)}}, [], "MR", id="a row whose account is not known"),
        pytest.param({"anywhere": {"": (3,)}}, [], "intermedia:IM1", id="a row of which nothing is known"),
        pytest.param(
            {"doubts": {"xr": (3,)}}, ["create 2 × 12.2500 2026-12-01 -"], "xr", id="a row of a SKU without a count"
        ),
    ],
)
def test_a_part_is_never_the_whole(made: dict[str, Any], changes: list[str], target: str) -> None:
    plan = plan_counts(facts(counted("MR_7.95", 2), **made))
    assert shown(plan) == changes
    (problem,) = plan.problems
    assert (problem.code, problem.target) == (ProblemCode.ROW_REFUSED, target)
    assert "line 3 of report.csv" in sentence(problem)


def test_a_row_of_nobody_and_of_a_sku_that_this_account_has_not_keeps_nothing_of_it() -> None:
    assert plan_counts(facts(counted("MR_7.95", 2), anywhere={"xr": (3,)})).is_ready


@pytest.mark.parametrize("count", [3, 0], ids=["another count", "an explicit count of 0"])
def test_an_addition_without_a_link_waits_for_a_person_to_adopt_it(count: int) -> None:
    made = facts(counted("MR_7.25", count), additions=(MAIL_10,), links=())
    plan = plan_counts(made)
    assert (plan.changes, [one.code for one in plan.problems]) == ((), [ProblemCode.LINK_MISSING])
    assert [(one.addition.id, one.product_id) for one in proposals(made)] == [(9001, "intermedia:MR_7.25")]


def test_an_addition_without_a_link_that_is_right_already_needs_nobody() -> None:
    assert plan_counts(facts(counted("MR_7.25", 10), additions=(MAIL_10,), links=())).is_ready


def test_an_old_price_without_a_link_is_not_ended() -> None:
    plan = plan_counts(facts(counted("MR_7.95", 10), additions=(MAIL_10,), links=()))
    assert [change.operation for change in plan.changes] == [Operation.CREATE]
    assert [one.code for one in plan.problems] == [ProblemCode.LINK_MISSING]


def test_a_name_that_only_looks_priced_is_another_sku() -> None:
    """files.md#profile-in-force: `_<price>` is part of a name only in a profile with priced names."""
    layout = Layout(priced_names=False, unsupported="", one_time="", recurring="")
    made = facts(replace(counted("MR_7.95", 10), name="MR"), additions=(MAIL_10,), layout=layout)
    assert [change.operation for change in plan_counts(made).changes] == [Operation.CREATE]
    assert [one.name for one in vanished(made)] == ["MR_7.25"]


def test_what_vanished_is_listed_and_left_alone() -> None:
    made = facts(
        counted("SR_1.1", 4),
        additions=(MAIL_10, held(9003, "SR_1.1", 4), held(9004, "FO_0", 1, cancelled=date(2026, 12, 31))),
    )
    plan, (gone,) = plan_counts(made), vanished(made)
    assert plan.changes == ()
    assert str(gone) == "MR_7.25 (10 × 11.50, addition 9001) is not in the report; it was left as it is."
    assert (gone.account, plan.notes) == ("IM1", (str(gone),))


def test_a_renamed_item_is_known_by_its_link() -> None:
    renamed = replace(MAIL_10, catalog_item="Mailbox")
    made = facts(counted("MR_7.95", 12), additions=(renamed,), links=(linked(MAIL_10),))
    assert [change.operation for change in plan_counts(made).changes] == [Operation.UPDATE, Operation.CREATE]
    assert plan_counts(made).changes[0].product_id == "intermedia:MR_7.25"


def test_a_price_that_is_not_carried_over_is_a_warning() -> None:
    own = held(9001, "MR_7.25", 10, "13.00")
    assert plan_counts(facts(counted("MR_7.95", 10), additions=(own,))).warnings == (
        "MR_7.95 starts at its catalog item's price 12.25; the line it replaces was billed at 13.00.",
    )
    assert "starts at a price of 0" in plan_counts(facts(counted("MR_8.5", 1))).warnings[0]


# what must hold whatever is counted

names = st.sampled_from(sorted(ITEMS))
reports = st.dictionaries(names, st.integers(0, 50), min_size=0).map(
    lambda counts: tuple(counted(name, quantity) for name, quantity in counts.items())
)
agreements = st.dictionaries(names, st.integers(0, 50)).map(
    lambda counts: tuple(held(9000 + ITEMS[name], name, quantity) for name, quantity in counts.items())
)


def applied(made: CountFacts, plan: Plan) -> CountFacts:
    by_id = {one.id: one for one in made.additions}
    for number, change in enumerate(plan.changes):
        if change.operation is Operation.DELETE and change.addition_id:
            del by_id[change.addition_id]
        elif change.after is not None:
            key = change.addition_id or AdditionId(9500 + number)
            name = CATALOG[change.after.catalog_item_id].identifier
            by_id[key] = Addition(key, AGREEMENT.id, change.after, name)
    links = tuple(linked(one) for one in by_id.values())
    return replace(made, additions=tuple(by_id.values()), links=links)


@given(reports, agreements)
def test_planning_after_applying_finds_nothing(items: tuple[CountedItem, ...], additions: tuple[Addition, ...]) -> None:
    made = facts(*items, additions=additions)
    plan = plan_counts(made)
    assert plan.problems == ()
    assert plan_counts(applied(made, plan)).changes == ()


@given(reports, agreements)
def test_every_count_is_what_is_billed_from_the_first_open_day(
    items: tuple[CountedItem, ...], additions: tuple[Addition, ...]
) -> None:
    made = facts(*items, additions=additions)
    after = applied(made, plan_counts(made)).additions
    live = [one for one in after if one.values.cancelled is None or one.values.cancelled >= date(2026, 12, 1)]
    for item in items:
        billed = sum(one.values.quantity for one in live if one.values.catalog_item_id == item.catalog_item_id)
        assert billed == item.quantity


@given(reports, agreements)
def test_nothing_that_the_report_does_not_name_is_touched(
    items: tuple[CountedItem, ...], additions: tuple[Addition, ...]
) -> None:
    reported = {item.sku for item in items}
    for change in plan_counts(facts(*items, additions=additions)).changes:
        assert sku_of(change.product_id.removeprefix("intermedia:")) in reported


@given(agreements)
def test_a_report_without_lines_changes_nothing(additions: tuple[Addition, ...]) -> None:
    assert plan_counts(facts(additions=additions)).changes == ()


@pytest.mark.parametrize(
    ("additions", "counts", "changes", "codes"),
    [
        pytest.param((held(1, "MR_7.25", 10),), 12, [], [ProblemCode.LINK_MISSING], id="counted: a person says who"),
        pytest.param((held(1, "MR_7.25", 12),), 12, [], [ProblemCode.LINK_MISSING], id="as many: the same"),
        pytest.param((held(1, "MR_7.25", 10),), 0, [], [], id="none are counted: none of the report's business"),
        pytest.param((held(1, "MR_7.25", 10, cancelled=date(2026, 11, 30)),), 12,
                     ["create 12 × 11.5000 2026-12-01 -"], [], id="it ended: the report's starts"),
        pytest.param((held(1, "MR_7.25", 10), held(2, "MR_7.25", 5)), 12,
                     ["update 2 12 × 11.50 2026-09-01 -"], [], id="the account has one of its own"),
        pytest.param((held(1, "MR_7.25", 10), held(3, "SR_1.1", 4)), 0, [], [], id="nor listed as no longer reported"),
    ],
)  # fmt: skip
def test_what_the_marketplace_sold_is_no_reports(
    additions: tuple[Addition, ...], counts: int, changes: list[str], codes: list[ProblemCode]
) -> None:
    """Addition 1 bills a subscription of the marketplace: it is never adopted, changed or listed.

    Rule: files.md.
    """
    own = tuple(linked(one) for one in additions if one.id != 1)
    known = facts(
        counted("MR_7.25", counts), additions=additions, links=own, others={AdditionId(1): SubscriptionId("S1")}
    )
    plan = plan_counts(known)
    assert shown(plan) == changes
    assert [problem.code for problem in plan.problems] == codes
    assert all("subscription S1" in sentence(problem) for problem in plan.problems)
    assert not [one for one in proposals(known) if one.addition.id == 1]
    assert not [one for one in vanished(known) if one.addition.id == 1]
