"""A reconciliation killed at any request, and applied again, ends as one never disturbed.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cwtui.domain.ids import CustomerId, ProductId, SubscriptionId
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import (
    AGREEMENT,
    CUSTOMER,
    EXCHANGE_ITEM,
    MAIL,
    OFFICE,
    OFFICE_ITEM,
    Running,
    running,
    small_world,
)

WRITES = ("create_addition", "update_addition", "delete_addition")
EXPECTED = [
    (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", None),
    (EXCHANGE_ITEM, "7", "4.50", "2026-02-01", "2026-11-30"),
    (OFFICE_ITEM, "4", "12.10", "2026-12-01", None),
]


def differing_world() -> World:
    """Seven of ten, billed since February; four offices missing; and three offices too many that nobody billed yet."""
    world = small_world()
    world.add_subscription(CUSTOMER, [("P2", 4)], id=OFFICE)
    world.add_addition(AGREEMENT, EXCHANGE_ITEM, 7, "4.50", cost="3.60", effective="2026-02-01")
    world.add_addition(AGREEMENT, OFFICE_ITEM, 2, "12.10", cost="9.90", effective="2026-12-01")
    world.add_addition(AGREEMENT, OFFICE_ITEM, 1, "12.10", cost="9.90", effective="2026-12-01")
    return world


async def adopt_all(at: Running) -> None:
    """What was made by hand is changed only after a person adopted it (reconciling.md#adoption)."""
    for held in await at.additions():
        name, product = (MAIL, "P1") if held.values.catalog_item_id == EXCHANGE_ITEM else (OFFICE, "P2")
        await at.engine.adoption.adopt(held.id, SubscriptionId(name), ProductId(product))


class Killed(BaseException):
    """The process is gone."""


def kill_at(at: Running, number: int, *, after: bool, patched: pytest.MonkeyPatch) -> None:
    """Let the process die at its n-th write, before or after ConnectWise did it."""
    left = [number]

    def dying(done: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def write(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not after:
                raise Killed
            answer = await done(*args, **named)
            if left[0] == 0:
                raise Killed
            return answer

        return write

    for verb in WRITES:
        patched.setattr(at.engine.psa, verb, dying(getattr(at.engine.psa, verb)))


def the_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(the_killed(one) for one in error.exceptions)
    return isinstance(error, Killed)


@pytest.mark.parametrize("after", [False, True], ids=["before it was done", "after it was done"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_killed_and_applied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    world = differing_world()
    async with running(world, tmp_path) as at:
        await adopt_all(at)
        with monkeypatch.context() as patched:
            kill_at(at, number, after=after, patched=patched)
            with pytest.raises(BaseException) as raised:  # noqa: PT011  # a task group wraps it
                await at.engine.reconciler.apply(CustomerId(CUSTOMER))
        assert the_killed(raised.value)
    async with running(world, tmp_path) as at:
        outcome = await at.engine.reconciler.apply(CustomerId(CUSTOMER))
        assert not outcome.after.differs, outcome
        assert not outcome.failed
        assert at.held() == EXPECTED
        assert not list(at.state.open_tasks())


async def test_never_disturbed(tmp_path: Path) -> None:
    async with running(differing_world(), tmp_path) as at:
        await adopt_all(at)
        await at.engine.reconciler.apply(CustomerId(CUSTOMER))
        assert at.held() == EXPECTED
        assert sum(run.writes.post + run.writes.patch + run.writes.delete for run in at.engine.runs.list()) == 4
