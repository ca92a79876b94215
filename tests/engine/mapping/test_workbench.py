"""What the mapping screens, the wizard and the editor ask of the engine, on the demo's sandbox.

Rules: mapping.md#add-and-map.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.composition import compose
from cwtui.domain.errors import InputError, Refused
from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId, CustomerId, SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import Customer, Duration, Subscription, SubscriptionStatus
from cwtui.domain.periods import BillingCalendar, BillingCycle
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.psa import AdditionValues, Agreement, NewCatalogItem
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.facade import Engine
from cwtui.engine.mapping.choices import agreement_choices
from cwtui.engine.mapping.csv_lines import tasks_needing
from cwtui.engine.mapping.wizard_steps import Stage
from cwtui.engine.planning.editing import FIELDS, PlanEditing, date_refusals, field_text, field_value
from cwtui.options import Options
from cwtui.tui.session import ScreenListener

GREEN_LANE = TaskId("initial.1000048531")
ENDPOINT = TaskId("initial.1000048711")
KEY = "standing:PRD100101:4.5"
NORTHGATE = MappingKey(MappingKind.CUSTOMER, "1000024")


@asynccontextmanager
async def checked(tmp_path: Path) -> AsyncIterator[Engine]:
    options = Options(demo=True, as_of=date(2026, 11, 23), state=tmp_path / "state.json")
    async with compose(options, ScreenListener()) as composed:
        if composed.engine.store.cursor().checked_at is None:
            await composed.engine.check()
        yield composed.engine


# tables and suggestions


async def test_lines_stand_unmapped_first_what_tasks_need_before_all(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        for kind in MappingKind:
            lines = await engine.workbench.lines(kind)
            ranks = [(not line.is_missing, not line.waiting) for line in lines]
            assert ranks == sorted(ranks)
            assert len({line.key for line in lines}) == len(lines)


async def test_a_subscription_whose_customer_is_not_mapped_says_so(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        lines = await engine.workbench.lines(MappingKind.AGREEMENT)
        assert {line.hint for line in lines if line.is_missing} == {"map its customer first"}


async def test_suggestions_are_worked_out_once_and_again_when_a_mapping_took_one(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        bench = engine.workbench
        lines = [line for line in await bench.lines(MappingKind.CUSTOMER) if line.is_missing]
        first = (await bench.suggestions(lines))[NORTHGATE]
        assert first[0].connectwise_id == 264
        assert (await bench.suggestions(lines))[NORTHGATE] is first
        taken = MappingKey(MappingKind.CUSTOMER, "1000019")
        engine.store.save_mapping(Mapping(taken, 264))
        bench.forget_suggestions(taken)
        again = (await bench.suggestions(lines))[NORTHGATE]
        assert "already used by another mapping" in again[0].reason


async def test_two_customers_of_one_name_are_no_exact_match(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        assert [line.key for line, _ in await engine.workbench.exact(MappingKind.CUSTOMER)] == [NORTHGATE]
        twin = Customer(CustomerId("twin"), "NG Logistics Holdings")
        engine.store.save_customers([twin])
        assert await engine.workbench.exact(MappingKind.CUSTOMER) == []


def price_of(planned: PlanEditing | Plan) -> Decimal:
    after = planned.changes[0].after
    assert after is not None
    return after.unit_price


async def test_choices_begin_with_suggestions_and_know_the_present_one(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        key = MappingKey(MappingKind.PRODUCT, "PRD100101")
        choices = await engine.workbench.choices(key, "Exchange Online (Plan 1)", "CFQ7TTC0LH16")
        place = choices.place_of(choices.suggestions[0].connectwise_id)
        assert place is not None
        assert choices.entries[place].name == "EXO-P1"
        assert choices.current == 501
        inactive = next(choice for choice in choices.entries if choice.name == "BACKUP-ARC")
        assert inactive.why_not == "It is inactive in ConnectWise."
        bundle = next(choice for choice in choices.entries if choice.name == "M365-BUNDLE")
        assert "bundle" in bundle.why_not
        assert choices.entries[choices.search("onbord")[0]].name == "ONBOARDING"


TODAY = date(2026, 11, 23)
MONTHLY = Subscription(
    SubscriptionId("S"),
    "Mail",
    CustomerId("C"),
    SubscriptionStatus.ACTIVE,
    billing_period=Duration("month", Decimal(1)),
)
FITS = Agreement(
    AgreementId(1), "Fits", CompanyId(7), cycle=BillingCycle.MONTHLY, start=date(2026, 1, 1), currency="EUR"
)


@pytest.mark.parametrize(
    ("agreement", "said"),
    [
        pytest.param(FITS, "", id="one that fits can be chosen"),
        pytest.param(replace(FITS, cycle=BillingCycle.YEARLY), "bills every 1 month", id="another cycle"),
        pytest.param(replace(FITS, currency="USD"), "bills in USD", id="another currency"),
        pytest.param(replace(FITS, end=date(2026, 11, 1)), "ended on 1 Nov 2026", id="ended"),
        pytest.param(replace(FITS, status="Expired"), "is Expired", id="not active"),
        pytest.param(replace(FITS, is_cancelled=True), "is cancelled", id="cancelled"),
        pytest.param(replace(FITS, cycle=None), "names no billing cycle", id="without a cycle"),
        pytest.param(replace(FITS, company_id=CompanyId(8)), "belongs to company 8", id="of another company"),
    ],
)
def test_why_an_agreement_cannot_be_chosen(agreement: Agreement, said: str) -> None:
    (choice,) = agreement_choices([agreement], MONTHLY, CompanyId(7), "EUR", TODAY)
    assert said in choice.why_not
    assert bool(choice.why_not) == bool(said)


def test_agreements_of_the_company_that_fit_stand_first() -> None:
    others = [
        replace(FITS, id=AgreementId(2), name="A foreign one", company_id=CompanyId(8)),
        replace(FITS, id=AgreementId(3), name="An ended one", end=date(2026, 1, 2)),
        FITS,
    ]
    names = [choice.name for choice in agreement_choices(others, MONTHLY, CompanyId(7), "EUR", TODAY)]
    assert names == ["Fits", "An ended one", "A foreign one"]


async def test_tasks_needing_a_mapping_are_named(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        desk = engine.mapping
        assert len(tasks_needing(desk, MappingKey(MappingKind.CUSTOMER, "1000011"))) == 2
        assert [task.id for task in tasks_needing(desk, MappingKey(MappingKind.AGREEMENT, "1000048711"))] == [ENDPOINT]
        everything = tasks_needing(desk, MappingKey(MappingKind.PRODUCT, "PRD100101"))
        assert len(everything) == 6
        assert tasks_needing(desk, MappingKey(MappingKind.PRODUCT, "PRD100101", "overuse")) == []


# catalog items


async def test_a_new_catalog_item_can_be_chosen_at_once_and_a_refusal_keeps_connectwises_words(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        bench = engine.workbench
        tables = await bench.setup_tables()
        category = next(row for row in tables.of("categories") if row.name == "Cloud")
        names = [row.name for row in tables.subcategories_of(category.id)]
        assert names == ["Infrastructure", "Productivity"]
        item = NewCatalogItem(
            "EPP", "Endpoint", "Endpoint", 1, 1, category_id=1, price=Decimal("3.25"), is_one_time=True
        )
        made = await bench.create_item(item)
        key = MappingKey(MappingKind.PRODUCT, "PRD100501")
        choices = await bench.choices(key, "Endpoint Protection Advanced", "EPP-ADV-1")
        assert choices.place_of(made.id) is not None
        with pytest.raises(Refused, match="already exists"):
            await bench.create_item(item)


# the wizard's steps


async def test_steps_stand_in_the_wizards_order_with_what_is_answered(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        steps = await engine.workbench.steps(ENDPOINT)
        assert [step.stage for step in steps] == list(Stage)
        assert not any(step.is_answered for step in steps)
        await engine.set_mapping(Mapping(NORTHGATE, 264))
        first = (await engine.workbench.steps(ENDPOINT))[0]
        assert (first.is_answered, first.answer) == (True, "NG Logistics Holdings")


@pytest.mark.parametrize(
    ("task", "stage", "said"),
    [
        pytest.param("initial.1000048602", Stage.AGREEMENT, "Monthly", id="billing_cycle_mismatch"),
        pytest.param("initial.1000048630", Stage.AGREEMENT, "USD", id="currency_mismatch"),
        pytest.param("initial.1000048650", Stage.AGREEMENT, "cancelled", id="agreement_inactive"),
        pytest.param("initial.1000048680", Stage.AGREEMENT, "does not recur", id="agreement_not_billing"),
        pytest.param("initial.1000048621", Stage.PRODUCT, "inactive", id="catalog_item_inactive"),
    ],
)
async def test_an_answer_with_a_problem_is_open_again(tmp_path: Path, task: str, stage: Stage, said: str) -> None:
    async with checked(tmp_path) as engine:
        steps = await engine.workbench.steps(TaskId(task))
        (wrong,) = [step for step in steps if step.problem]
        assert wrong.stage is stage
        assert said in wrong.problem
        assert not wrong.is_answered


# edits


async def test_edits_hold_for_the_plan_they_were_made_on(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        bench = engine.workbench
        editing = await bench.edit(GREEN_LANE)
        assert not editing.is_changed
        editing.type(KEY, "quantity", "7")
        editing.type(KEY, "description", "Seven")
        assert editing.is_changed
        task = bench.save_edits(editing)
        assert not editing.is_changed
        assert task.monthly_effect == Decimal("31.50")
    async with checked(tmp_path) as engine:
        (change,) = (await engine.plan(GREEN_LANE)).changes
        assert change.after is not None
        assert (change.after.quantity, change.after.description) == (Decimal(7), "Seven")
        assert change.computed is not None
        assert change.computed.quantity == Decimal(25)
        editing = await engine.workbench.edit(GREEN_LANE)
        assert editing.text(KEY, "quantity") == "7"
        editing.reset(KEY)
        engine.workbench.save_edits(editing)
        assert engine.store.edits(GREEN_LANE) is None


async def test_what_was_computed_is_no_edit(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        editing = await engine.workbench.edit(GREEN_LANE)
        for name in FIELDS:
            editing.type(KEY, name, editing.text(KEY, name))
        assert not editing.is_changed
        assert editing.edits() is None


async def test_edits_of_another_plan_are_dropped_and_named(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        engine.store.save_edits(PlanEdits(GREEN_LANE, "other", (Edit(KEY, {"quantity": Decimal(3)}),)))
        editing = await engine.workbench.edit(GREEN_LANE)
        assert editing.dropped == (f"An edit of {KEY} was dropped: the plan has changed since.",)
        assert editing.text(KEY, "quantity") == "25"


async def test_the_price_source_is_chosen_for_one_addition_or_for_all(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        task = TaskId("initial.1000048671")
        editing = await engine.workbench.edit(task)
        (change,) = editing.changes
        assert change.after is not None
        assert change.after.unit_price == Decimal("20.60")
        editing.choose_source(change.key, PriceSource.CONNECTWISE)
        assert price_of(editing) == Decimal(22)
        editing.choose_source(change.key, None)
        editing.choose_source(None, PriceSource.CONNECTWISE)
        assert price_of(editing) == Decimal(22)
        engine.workbench.save_edits(editing)
        assert price_of(await engine.plan(task)) == Decimal(22)


async def test_what_is_left_out_keeps_what_was_typed(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        editing = await engine.workbench.edit(GREEN_LANE)
        editing.type(KEY, "quantity", "7")
        editing.turn_left_out(KEY)
        engine.workbench.save_edits(editing)
        assert (await engine.plan(GREEN_LANE)).to_write == ()
        again = await engine.workbench.edit(GREEN_LANE)
        again.turn_left_out(KEY)
        assert again.text(KEY, "quantity") == "7"


async def test_what_cannot_be_used_is_not_saved(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        editing = await engine.workbench.edit(GREEN_LANE)
        editing.type(KEY, "effective", "2026-11-01")
        assert editing.has_errors
        with pytest.raises(InputError, match="cannot be saved"):
            engine.workbench.save_edits(editing)
        assert engine.store.edits(GREEN_LANE) is None


async def test_a_task_that_is_not_open_is_not_edited(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        await engine.skip([GREEN_LANE])
        with pytest.raises(InputError, match="not edited any more"):
            await engine.workbench.edit(GREEN_LANE)
        with pytest.raises(InputError, match="not edited any more"):
            await engine.workbench.steps(GREEN_LANE)
        with pytest.raises(InputError, match="no task"):
            await engine.workbench.steps(TaskId("nothing"))


async def test_a_review_shows_the_next_invoice_as_it_will_be(tmp_path: Path) -> None:
    async with checked(tmp_path) as engine:
        review = await engine.workbench.review(GREEN_LANE)
        assert review.next_invoice is not None
        assert (review.next_invoice.before, review.next_invoice.after) == (Decimal("160.00"), Decimal("272.50"))
        assert (await engine.sync([GREEN_LANE])).synced == 1
        later = await engine.workbench.review(TaskId("initial.1000048532"))
        assert later.next_invoice is not None
        assert later.next_invoice.before == Decimal("272.50")
        assert later.task.status is TaskStatus.READY
        nothing = await engine.workbench.review(ENDPOINT)
        assert nothing.next_invoice is None


# fields

VALUES = AdditionValues(
    CatalogItemId(1), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Mail"
)
DATES = AgreementDates(
    BillingCalendar(BillingCycle.MONTHLY, date(2026, 1, 1)),
    billed_through=date(2026, 11, 30),
    first_billable=date(2026, 1, 1),
    prorates=False,
)


@pytest.mark.parametrize(
    ("values", "before", "dates", "refused"),
    [
        pytest.param({}, None, DATES, {}, id="the first open day"),
        pytest.param({"effective": date(2026, 11, 30)}, None, DATES, {"effective"}, id="billed, no proration"),
        pytest.param(
            {"effective": date(2026, 11, 30)}, None, replace(DATES, prorates=True), {}, id="billed, but it prorates"
        ),
        pytest.param(
            {"effective": date(2025, 12, 31)},
            None,
            replace(DATES, prorates=True),
            {"effective"},
            id="before billStartDate",
        ),
        pytest.param({"effective": date(2028, 1, 1)}, None, DATES, {"effective"}, id="after the agreement's end"),
        pytest.param({"cancelled": date(2026, 11, 30)}, None, DATES, {"cancelled"}, id="the last day before the first"),
        pytest.param({"cancelled": date(2026, 12, 1)}, None, DATES, {}, id="one day only"),
        pytest.param(
            {"effective": date(2026, 3, 1)},
            replace(VALUES, effective=date(2026, 3, 1)),
            DATES,
            {},
            id="an addition that is there keeps its first day",
        ),
        pytest.param(
            {"effective": date(2026, 4, 1)},
            replace(VALUES, effective=date(2026, 3, 1)),
            DATES,
            {"effective"},
            id="but does not move into a billed period",
        ),
    ],
)
def test_dates_that_connectwise_would_refuse(
    values: dict[str, date], before: AdditionValues | None, dates: AgreementDates, refused: set[str]
) -> None:
    found = date_refusals(replace(VALUES, **values), before, dates, date(2027, 12, 31))  # type: ignore[arg-type]
    assert set(found) == set(refused)


amounts = st.decimals(-10_000, 10_000, places=4, allow_nan=False, allow_infinity=False)


@given(
    quantity=st.decimals(0, 10_000, places=2, allow_nan=False, allow_infinity=False),
    price=amounts,
    cost=amounts,
    effective=st.dates(),
    cancelled=st.none() | st.dates(),
    taxable=st.booleans(),
    description=st.text(min_size=1).filter(lambda text: bool(text.strip())),
)
def test_what_is_shown_in_a_field_reads_back_as_it_was(
    quantity: Decimal,
    price: Decimal,
    cost: Decimal,
    effective: date,
    cancelled: date | None,
    taxable: bool,
    description: str,
) -> None:
    values = AdditionValues(
        CatalogItemId(1), quantity, price, cost, effective, cancelled, taxable=taxable, description=description
    )
    read = {name: field_value(name, field_text(name, values)) for name in FIELDS}
    assert replace(values, **read) == values  # type: ignore[arg-type]
