"""Which open tasks a check plans anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId, TaskId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.planning import PlanningRules
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.engine.due import due_tasks, is_new_basis, note_basis
from cwtui.store.state import State, open_state

RULES = PlanningRules(PriceSource.MARKETPLACE, 4, ProrateMode.ALL, None)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(tmp_path / "state.json")
    yield opened
    opened.close()


def task(name: str, code: str = "", status: TaskStatus = TaskStatus.NEEDS_ACTION) -> Task:
    order, _, subscription = name.partition(".")
    return Task(
        TaskId(name),
        TaskKind.RECONCILIATION if code == "migrated" else TaskKind.CHANGE_ORDER,
        status,
        CustomerId("C1"),
        "Green Lane LLC",
        SubscriptionId(subscription),
        subscription,
        OrderId(order),
        order,
        datetime(2026, 11, int(order), tzinfo=UTC),
        problems=(Problem(ProblemCode(code), {"words": "…"}, case=ProblemCase.IN_WORDS),)
        if code and code != "migrated"
        else (),
    )


def due(
    state: State, *tasks: Task, created: tuple[str, ...] = (), more_subscriptions: bool = True, by_itself: bool = False
) -> list[str]:
    for one in tasks:
        state.save_task(one)
    names = [TaskId(name) for name in created]
    return sorted(one.id for one in due_tasks(state, names, more_subscriptions=more_subscriptions, by_itself=by_itself))


@pytest.mark.parametrize(
    ("code", "is_due"),
    [
        ("customer_unmapped", False),
        ("product_unmapped", False),
        ("agreement_unmapped", False),
        ("unknown_order_type", False),
        ("unknown_charge_type", False),
        ("statement_billing_unsupported", False),
        ("agreement_inactive", True),
        ("currency_mismatch", True),
        ("catalog_item_inactive", True),
        ("link_changed", True),
        ("link_missing", True),
        ("guard", True),
        ("", True),
    ],
)
def test_what_only_a_person_can_move_rests(code: str, is_due: bool, state: State) -> None:
    expected = ["1.S1", "2.S1"] if is_due else []
    assert due(state, task("1.S1", code), task("2.S1", status=TaskStatus.WAITING)) == expected


def test_a_task_just_made_is_always_planned(state: State) -> None:
    assert due(state, task("1.S1", "customer_unmapped"), task("2.S1"), created=("2.S1",)) == ["2.S1"]


def test_what_runs_is_due_whatever_waits_elsewhere(state: State) -> None:
    failed, ready = task("1.S2", status=TaskStatus.FAILED), task("1.S3", status=TaskStatus.READY)
    ended = task("1.S4", status=TaskStatus.SYNCED)
    assert due(state, task("1.S1", "customer_unmapped"), failed, ready, ended) == ["1.S2", "1.S3"]


@pytest.mark.parametrize(("count", "more", "is_due"), [(2, False, True), (3, False, False), (3, True, True)])
def test_missing_subscriptions_are_looked_for_if_few_or_if_there_are_others(
    count: int, more: bool, is_due: bool, state: State
) -> None:
    tasks = [task(f"1.S{number}", "subscription_missing") for number in range(count)]
    assert bool(due(state, *tasks, more_subscriptions=more)) is is_due


def test_a_reconciliation_is_never_begun_by_itself(state: State) -> None:
    assert due(state, task("1.S1", "migrated"), by_itself=True) == []
    assert due(state, by_itself=False) == ["1.S1"]


def test_another_mapping_or_rule_is_another_basis(state: State) -> None:
    assert is_new_basis(state, RULES)
    note_basis(state, RULES)
    assert not is_new_basis(state, RULES)
    assert is_new_basis(state, replace(RULES, price_decimals=2))
    key = MappingKey(MappingKind.CUSTOMER, "C1")
    state.save_mapping(Mapping(key, 250))
    assert is_new_basis(state, RULES)
    note_basis(state, RULES)
    state.drop_mapping(key)
    assert is_new_basis(state, RULES)
