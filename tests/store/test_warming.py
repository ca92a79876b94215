"""What the first look at a large state takes, done a little at a time, comes to the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cwtui.domain.ids import AdditionId, AgreementId, SubscriptionId, TaskId
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import Task
from cwtui.store import table
from cwtui.store.state import State, open_state

SIZE = 40
Meanwhile = Callable[[State], object]


@pytest.fixture
def filled(path: Path, task: Callable[..., Task], link: Callable[..., Link], monkeypatch: pytest.MonkeyPatch) -> Path:
    state = open_state(path)
    with state.batch():
        for number in range(SIZE):
            state.save_task(task(f"{number}.{number % 7}", subscription_id=SubscriptionId(str(number % 7))))
            state.save_link(link(number + 1, agreement_id=AgreementId(number % 3)))
            state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, f"C{number}"), number))
    state.close()
    monkeypatch.setattr(table, "_BYTES_AT_ONCE", 2000)
    monkeypatch.setattr(table, "_AT_ONCE", 5)
    return path


def look(state: State) -> object:
    return (
        [found.id for found in state.tasks()],
        [found.id for found in state.open_tasks()],
        [[found.id for found in state.tasks_of(SubscriptionId(str(number)))] for number in range(8)],
        [[found.addition_id for found in state.links_in(AgreementId(number))] for number in range(4)],
        sorted((row.key.marketplace_id, row.connectwise_id) for row in state.mappings()),
        state.mappings().fingerprint,
    )


def change(state: State) -> None:
    first = state.task(TaskId("0.0"))
    assert first is not None
    state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "C0"), 99))
    state.drop_mapping(MappingKey(MappingKind.CUSTOMER, "C1"))
    state.drop_link(AdditionId(1))
    state.documents.commit([("tasks", "1.1", None)])


NOTHING: Meanwhile = lambda _: None  # noqa: E731  # beside the others below


@pytest.mark.parametrize("meanwhile", [NOTHING, look, change], ids=["nothing", "somebody looks", "something changes"])
@pytest.mark.parametrize("after", [0, 1, 3, 10, 20, 45, 60])
def test_warming_comes_to_the_same(filled: Path, meanwhile: Meanwhile, after: int) -> None:
    state = open_state(filled)
    for number, _ in enumerate(state.warming()):
        if number == after:
            meanwhile(state)
    warm = look(state)
    state.close()
    assert look(open_state(filled, read_only=True)) == warm


def test_a_warm_state_has_nothing_left_to_do(filled: Path) -> None:
    state = open_state(filled, read_only=True)
    assert len(list(state.warming())) > SIZE
    assert list(state.warming()) == []
