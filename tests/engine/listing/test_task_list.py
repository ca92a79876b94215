from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.folding import fold
from cwtui.engine.listing.task_list import TaskList
from cwtui.engine.listing.task_row import TaskColumn, TaskFilter, TaskRow


def row(
    name: str,
    status: TaskStatus = TaskStatus.READY,
    *,
    kind: TaskKind = TaskKind.SALES_ORDER,
    customer: str = "Contoso Ltd",
    order: str = "SO1",
    effective: date | None = None,
    effect: str | None = None,
    problem: str = "",
) -> TaskRow:
    return TaskRow(
        TaskId(name),
        status,
        kind,
        CustomerId(f"id of {customer}"),
        customer,
        f"Subscription of {name}",
        order,
        effective,
        None if effect is None else Decimal(effect),
        problem,
    )


FOUR = (
    row("a", customer="Łódź Müller GmbH", order="SO10", effective=date(2026, 11, 11), effect="-3.00"),
    row("b", TaskStatus.FAILED, customer="Contoso Ltd", order="SO2", effect="25.00", problem="The PSA refused"),
    row("c", TaskStatus.NEEDS_ACTION, kind=TaskKind.CHANGE_ORDER, customer="contoso west", effective=date(2026, 1, 1)),
    row("d", TaskStatus.SYNCED, kind=TaskKind.BILLING_ORDER, customer="Adatum", order="BO7", effect="4.50"),
)


def shown(tasks: TaskList) -> str:
    return "".join(tasks.shown_ids())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "abcd", id="nothing typed: all"),
        pytest.param("contoso", "bc", id="no matter the case"),
        pytest.param("lodz muller", "a", id="accents are folded"),
        pytest.param("ŁÓDŹ", "a", id="in what is typed too"),
        pytest.param("west change", "c", id="every word, in any order, in any column"),
        pytest.param("needs action", "c", id="the status's words"),
        pytest.param("billing", "d", id="the kind's words"),
        pytest.param("refused", "b", id="the problem's words"),
        pytest.param("so1", "ac", id="the order's number"),
        pytest.param("contoso adatum", "", id="words of two different tasks"),
        pytest.param("  ", "abcd", id="spaces alone"),
    ],
)
def test_type(text: str, expected: str) -> None:
    tasks = TaskList(FOUR)
    assert tasks.type(text) == len(expected)
    assert shown(tasks) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(TaskFilter(statuses=frozenset({TaskStatus.FAILED, TaskStatus.SYNCED})), "bd", id="by status"),
        pytest.param(TaskFilter(kinds=frozenset({TaskKind.SALES_ORDER})), "ab", id="by kind"),
        pytest.param(TaskFilter(customers=frozenset({CustomerId("id of Adatum")})), "d", id="by customer"),
        pytest.param(TaskFilter("contoso", kinds=frozenset({TaskKind.SALES_ORDER})), "b", id="text and kind"),
    ],
)
def test_show(wanted: TaskFilter, expected: str) -> None:
    tasks = TaskList(FOUR)
    tasks.show(wanted)
    assert shown(tasks) == expected
    tasks.show(TaskFilter())
    assert shown(tasks) == "abcd"


WORDS = st.lists(st.sampled_from(["a", "co", "con", "contoso", "ad", "müller", "so", "1", "zz"]), max_size=3)
FILTERS = st.builds(
    TaskFilter,
    WORDS.map(" ".join),
    st.frozensets(st.sampled_from(TaskStatus), max_size=2),
    st.frozensets(st.sampled_from(TaskKind), max_size=2),
    st.frozensets(st.sampled_from([row.customer_id for row in FOUR]), max_size=2),
)


@given(st.lists(FILTERS, max_size=6))
def test_narrowing_step_by_step_shows_what_filtering_afresh_does(steps: list[TaskFilter]) -> None:
    tasks = TaskList(FOUR)
    for wanted in steps:
        tasks.show(wanted)
        afresh = TaskList(FOUR)
        afresh.show(wanted)
        assert shown(tasks) == shown(afresh)


@pytest.mark.parametrize(
    ("column", "ascending", "descending"),
    [
        pytest.param(TaskColumn.STATUS, "bcad", "dacb", id="the most urgent status first"),
        pytest.param(TaskColumn.CUSTOMER, "dbca", "acbd", id="names without case and accents"),
        pytest.param(TaskColumn.EFFECTIVE, "cabd", "acbd", id="no date comes last either way"),
        pytest.param(TaskColumn.MONTHLY_EFFECT, "adbc", "bdac", id="money as numbers, unknown last"),
        pytest.param(TaskColumn.PROBLEM, "bacd", "bacd", id="no problem comes last either way"),
        pytest.param(TaskColumn.KIND, "dcab", "abcd", id="equal ones keep their order"),
    ],
)
def test_sort(column: TaskColumn, ascending: str, descending: str) -> None:
    up, down = TaskList(FOUR), TaskList(FOUR)
    up.sort(column)
    down.sort(column, descending=True)
    assert (shown(up), shown(down)) == (ascending, descending)


def test_a_sort_keeps_the_filter_and_the_filter_the_sort() -> None:
    tasks = TaskList(FOUR)
    tasks.type("contoso")
    tasks.sort(TaskColumn.STATUS, descending=True)
    assert shown(tasks) == "cb"
    tasks.type("")
    assert shown(tasks) == "dacb"
    tasks.type("c")
    assert shown(tasks) == "dacb"


def test_counts_are_of_all_tasks_and_follow_changes() -> None:
    tasks = TaskList(FOUR)
    tasks.type("nothing like this")
    assert tasks.row_count == 0
    assert tasks.counts == {
        TaskStatus.READY: 1,
        TaskStatus.FAILED: 1,
        TaskStatus.NEEDS_ACTION: 1,
        TaskStatus.SYNCED: 1,
        TaskStatus.WAITING: 0,
        TaskStatus.SKIPPED: 0,
    }
    tasks.update(replace(FOUR[0], status=TaskStatus.SYNCED))
    assert (tasks.counts[TaskStatus.READY], tasks.counts[TaskStatus.SYNCED]) == (0, 2)


def test_a_changed_row_keeps_its_place_until_the_next_filter() -> None:
    tasks = TaskList(FOUR)
    tasks.show(TaskFilter(statuses=frozenset({TaskStatus.READY, TaskStatus.FAILED})))
    assert tasks.update(replace(FOUR[1], status=TaskStatus.SYNCED, problem="")) == 1
    assert shown(tasks) == "ab"
    assert tasks.row(1).status is TaskStatus.SYNCED
    assert tasks.refresh() == 1
    assert shown(tasks) == "a"


def test_a_changed_row_that_is_not_shown_appears_at_the_next_letter() -> None:
    tasks = TaskList(FOUR)
    tasks.type("cont")
    assert tasks.update(replace(FOUR[3], customer="Contoso East")) is None
    tasks.type("conto")
    assert shown(tasks) == "bcd"


def test_update_of_an_unknown_task_is_an_error() -> None:
    with pytest.raises(KeyError):
        TaskList(FOUR).update(row("z"))


def test_positions() -> None:
    tasks = TaskList(FOUR)
    tasks.sort(TaskColumn.STATUS)
    assert [tasks.index_of(TaskId(name)) for name in "abcdz"] == [2, 0, 1, 3, None]
    tasks.type("contoso")
    assert [tasks.index_of(TaskId(name)) for name in "abc"] == [None, 0, 1]
    found = tasks.get(TaskId("a"))
    assert found is not None
    assert found.customer == "Łódź Müller GmbH"
    with pytest.raises(IndexError):
        tasks.row(2)
    with pytest.raises(IndexError):
        tasks.row(-1)


def test_the_selection_survives_filters_and_sorts() -> None:
    tasks = TaskList(FOUR)
    assert tasks.toggle(TaskId("a"))
    tasks.type("contoso")
    tasks.select_shown()
    tasks.sort(TaskColumn.STATUS)
    tasks.type("adatum")
    assert [row.id for row in tasks.selected] == ["b", "c", "a"]
    assert not tasks.toggle(TaskId("b"))
    assert tasks.selected_count == 2
    assert tasks.is_selected(TaskId("c"))
    tasks.select_none()
    assert tasks.selected == []
    with pytest.raises(KeyError):
        tasks.toggle(TaskId("z"))


def test_new_rows_stand_at_the_end_if_they_pass() -> None:
    tasks = TaskList(FOUR)
    tasks.type("contoso")
    tasks.add([row("e", customer="Contoso East"), row("f", customer="Fabrikam")])
    assert shown(tasks) == "bce"
    assert tasks.total == 6
    assert tasks.counts[TaskStatus.READY] == 3
    tasks.type("")
    assert shown(tasks) == "abcdef"
    assert tasks.index_of(TaskId("f")) == 5


def test_the_same_task_twice_is_an_error_and_adds_nothing() -> None:
    tasks = TaskList(FOUR)
    with pytest.raises(ValueError, match="already"):
        tasks.add([row("e"), row("a")])
    assert tasks.total == 4
    with pytest.raises(ValueError, match="same id"):
        TaskList([row("a"), row("a")])


def test_replace_keeps_filter_order_and_what_is_left_of_the_selection() -> None:
    tasks = TaskList(FOUR)
    tasks.sort(TaskColumn.CUSTOMER, descending=True)
    tasks.type("contoso")
    tasks.toggle(TaskId("b"))
    tasks.toggle(TaskId("d"))
    tasks.replace([*FOUR[:3], row("e", customer="Contoso East")])
    assert shown(tasks) == "cbe"
    assert [row.id for row in tasks.selected] == ["b"]
    assert tasks.filter == TaskFilter("contoso")


def test_prepare_works_ahead_in_portions() -> None:
    tasks = TaskList(FOUR)
    assert tasks.prepare(3)
    assert not tasks.prepare(3)
    assert not tasks.prepare(3)
    assert tasks.type("muller") == 1


def test_row_of_a_task() -> None:
    task = Task(
        TaskId("t"),
        TaskKind.SALES_ORDER,
        TaskStatus.NEEDS_ACTION,
        CustomerId("c"),
        "Contoso",
        SubscriptionId("s"),
        "Business",
        OrderId("o"),
        "SO1",
        None,
        problems=(
            Problem(ProblemCode.CUSTOMER_UNMAPPED, {"account": "7"}, case=ProblemCase.ACCOUNT),
            Problem(ProblemCode.TAKEN_BACK),
        ),
        note="Failed auto-sync.",
        monthly_effect=Decimal("4.50"),
    )
    assert TaskRow.of(task).problem == "Account 7 is not linked to a company. (+1 more)"
    assert TaskRow.of(replace(task, problems=())).problem == "Failed auto-sync."
    assert TaskRow.of(task).monthly_effect == Decimal("4.50")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße", "strasse"),
        ("ÆØÅ", "aeoa"),
        ("İstanbul", "istanbul"),
        ("ＡＢＣ", "abc"),
        ("日本", "日本"),
        ("ﬁne", "fine"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(max_examples=60)
@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.none(), max_size=12), st.booleans())
def test_any_amounts_sort_with_the_unknown_last(amounts: list[Decimal | None], descending: bool) -> None:
    rows = [replace(row(str(place)), monthly_effect=amount) for place, amount in enumerate(amounts)]
    tasks = TaskList(rows)
    tasks.sort(TaskColumn.MONTHLY_EFFECT, descending=descending)
    found = [tasks.row(position).monthly_effect for position in range(tasks.row_count)]
    known = [amount for amount in found if amount is not None]
    assert known == sorted(known, reverse=descending)
    assert found[len(known) :] == [None] * (len(found) - len(known))
