"""Reconcile compares everything a customer holds (reconciling.md#everything-is-compared)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.reconciliation import RowStatus
from tests.engine.upkeep_world import (
    AGREEMENT,
    CUSTOMER,
    EXCHANGE_ITEM,
    MAIL,
    OFFICE,
    Running,
    running,
    small_world,
)

WHO = CustomerId(CUSTOMER)
OTHER = "AS-7007"
"""A subscription that nothing knows yet."""
STANDING = (EXCHANGE_ITEM, "10", "4.50", "2026-12-01", None)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("status", "maps", "expected"),
    [
        pytest.param("active", False, [RowStatus.MATCH, RowStatus.UNMAPPED], id="active, mapped to no agreement"),
        pytest.param("terminated", False, [RowStatus.MATCH], id="ended, mapped to no agreement"),
        pytest.param("active", True, [RowStatus.QUANTITY_DIFFERS], id="active and mapped, not carried over"),
    ],
)
async def test_a_subscription_without_a_task(at: Running, status: str, maps: bool, expected: list[RowStatus]) -> None:
    """Rule: reconciling.md#everything-is-compared."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 7)], id=OTHER, status=status)
    if maps:
        at.state.save_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, OTHER), AGREEMENT))
    for report in (await at.engine.reconciler.compare(WHO), await at.engine.reconciler.compare_all()):
        assert [row.status for found in report.reconciliations for row in found.rows] == expected
        assert report.differs is (expected != [RowStatus.MATCH])


async def test_a_customer_of_whom_nothing_is_mapped_is_compared_too(at: Running) -> None:
    """Rule: reconciling.md#everything-is-compared."""
    at.state.drop_mapping(MappingKey(MappingKind.AGREEMENT, MAIL))
    for report in (await at.engine.reconciler.compare(WHO), await at.engine.reconciler.compare_all()):
        (found,) = report.reconciliations
        (row,) = found.rows
        assert row.status is RowStatus.UNMAPPED
        assert (row.difference, report.differs) == (Decimal("-45.00"), True)


@pytest.mark.parametrize("chosen", [pytest.param(True, id="chosen"), pytest.param(False, id="mapped")])
async def test_an_agreement_of_another_company_is_refused(at: Running, chosen: bool) -> None:
    """Rule: reconciling.md#everything-is-compared."""
    other = at.world.add_agreement(
        at.world.add_company("Harbor Inc.")["id"], bill_start="2026-01-01", next_invoice="2026-12-01"
    )
    name = AgreementId(int(other["id"]))
    if not chosen:
        at.state.save_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, MAIL), name))
    with pytest.raises(InputError, match="belongs to company"):
        await at.engine.reconciler.compare(WHO, name if chosen else None)
    with pytest.raises(InputError, match="belongs to company"):
        await at.engine.reconciler.apply(WHO, name if chosen else None)
    assert at.held(int(name)) == []


async def test_a_linked_addition_that_was_deleted_in_connectwise_is_written_again(at: Running) -> None:
    """Rule: reconciling.md#repairs."""
    await at.engine.auto()
    assert at.held() == [STANDING]
    (gone,) = (held.id for held in await at.additions())
    at.world.children["additions"][AGREEMENT].remove(int(gone))
    outcome = await at.engine.reconciler.apply(WHO)
    assert at.held() == [STANDING]
    assert not outcome.after.differs
    assert at.state.link(AdditionId(gone)) is None
    await at.engine.reconciler.apply(WHO)
    assert at.held() == [STANDING]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param("4.33", RowStatus.MATCH, id="two decimals"),
        pytest.param("4.333", RowStatus.MATCH, id="three decimals"),
        pytest.param("4.3", RowStatus.PRICE_DIFFERS, id="one decimal is no rounding of prices"),
        pytest.param("4.34", RowStatus.PRICE_DIFFERS, id="another price"),
    ],
)
async def test_a_price_that_connectwise_rounds_is_no_difference(at: Running, kept: str, expected: RowStatus) -> None:
    """Rule: synchronising.md#links-remember-what-was-read."""
    at.world.add_product("P5", "Archive", mpn="MPN5", price="4.3333", cost="4.3333")
    at.world.add_subscription(CUSTOMER, [("P5", 3)], id=OFFICE)
    item = int(at.world.add_catalog_item("MPN5", "Archive", price="5.00", cost="0")["id"])
    at.state.save_mapping(Mapping(MappingKey(MappingKind.AGREEMENT, OFFICE), AGREEMENT))
    at.state.save_mapping(Mapping(MappingKey(MappingKind.PRODUCT, "P5"), item))
    at.world.add_addition(AGREEMENT, item, 3, kept, cost=kept, effective="2026-02-01")
    report = await at.engine.reconciler.compare(WHO)
    (row,) = (row for found in report.reconciliations for row in found.rows if row.catalog_item_id == item)
    assert row.status is expected


async def test_repairs_name_what_no_agreement_bills(at: Running) -> None:
    """Rule: reconciling.md#everything-is-compared."""
    await at.engine.auto()
    at.world.add_subscription(CUSTOMER, [("P1", 7)], id=OTHER)
    prepared = await at.engine.reconciler.prepare(WHO)
    assert prepared.tasks == ()
    (said,) = prepared.blocked
    assert OTHER in said
    assert "mapped to no agreement" in said
