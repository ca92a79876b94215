"""The month's report from the sandbox's agreements, the audit and the tasks (report.md#contents-of-the-report)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import CustomerId
from cwtui.domain.month_report import Move
from tests.engine.upkeep_world import AGREEMENT, CUSTOMER, EXCHANGE_ITEM, MAIL, TODAY, Running, running, small_world

DECEMBER = date(2026, 12, 1)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        yield opened


async def test_a_month_bills_what_its_additions_say(at: Running) -> None:
    await at.engine.auto()
    (found,) = (await at.engine.reporter.report(DECEMBER, CustomerId(CUSTOMER))).agreements
    assert (found.customer_name, found.now.price, found.now.cost) == (
        "Green Lane LLC",
        Decimal("45.00"),
        Decimal("36.00"),
    )
    assert found.before.price == 0
    (line,) = found.lines
    assert (line.move, line.customer_name) == (Move.NEW, "Green Lane LLC")
    (why,) = line.reasons
    assert (why.what, why.order) == ("create", "initial")
    assert why.rule


async def test_a_change_says_which_order_and_which_arithmetic(at: Running) -> None:
    await at.engine.auto()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    at.world.change_subscription(MAIL, quantities={"P1": 15})
    await at.engine.auto()
    (found,) = (await at.engine.reporter.report(DECEMBER)).agreements
    assert found.now.price == Decimal("67.50") + sum(
        line.now.price for line in found.lines if line.addition.values.cancelled is not None
    )
    assert all(line.reasons for line in found.moved)


async def test_what_somebody_made_by_hand_is_billed_too_and_has_no_reason(at: Running) -> None:
    await at.engine.auto()
    at.world.add_addition(AGREEMENT, EXCHANGE_ITEM, 2, "7.00", effective="2026-12-01")
    (found,) = (await at.engine.reporter.report(DECEMBER)).agreements
    assert found.now.price == Decimal("59.00")
    assert [line.reasons for line in found.lines if line.addition.values.quantity == 2] == [()]


async def test_the_next_invoice_is_the_first_period_that_is_not_billed(at: Running) -> None:
    await at.engine.auto()
    (found,) = (await at.engine.reporter.report(None)).agreements
    assert [str(period.start) for period in found.periods] == ["2026-12-01"]


async def test_what_waits_is_named_with_its_reason(at: Running) -> None:
    await at.engine.check()
    at.world.add_order(MAIL, "change", [("recurring", "P1", 5, "4.50")], created=TODAY, provisioned=TODAY)
    await at.engine.check()
    found = await at.engine.reporter.report(DECEMBER)
    assert {one.status for one in found.waiting} == {"ready", "waiting"}
    assert found.needs_person


async def test_an_agreement_that_is_gone_is_said(at: Running) -> None:
    await at.engine.auto()
    at.world.psa["agreements"].remove(AGREEMENT)
    found = await at.engine.reporter.report(DECEMBER)
    assert found.agreements == ()
    assert found.skipped == (f"Agreement {AGREEMENT} does not exist in ConnectWise.",)


async def test_a_customer_without_an_agreement_is_said(at: Running) -> None:
    with pytest.raises(InputError, match="mapped to an agreement"):
        await at.engine.reporter.report(DECEMBER, CustomerId("4711"))
