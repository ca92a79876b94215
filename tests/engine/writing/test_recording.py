"""Every write of what is no addition is in the audit, however it ended (commands.md#audit)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cwtui.domain.errors import OutcomeUnknown, Refused
from cwtui.domain.ids import CatalogItemId, CompanyId
from cwtui.domain.psa import Company, NewCatalogItem
from cwtui.domain.records import RecordWrite
from cwtui.engine.writing.record_log import name_of, values_of
from cwtui.engine.writing.recording import RecordedPsa
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import EXCHANGE_ITEM, Running, running, small_world

ITEM = NewCatalogItem("NEW-1", "New item", "New item", subcategory_id=1, type_id=1)
LOST = Fault(status=500, when="after", service="psa", method="POST", path="/procurement/catalog", times=0)


@pytest.fixture
def world() -> World:
    world = small_world()
    world.add_company("Pinecrest Pharmacy", contact="Ruth Bell")
    return world


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def written(at: Running) -> list[RecordWrite]:
    return list(at.engine.record_writes())


async def test_a_create_is_noted_with_what_became_of_it(at: Running) -> None:
    made = await at.engine.psa.create_catalog_item(ITEM)
    (row,) = written(at)
    assert (row.operation, row.service, row.record, row.name, row.outcome) == (
        "create", "PSA", "catalog item", "NEW-1", "confirmed",
    )  # fmt: skip
    assert (row.record_id, row.before, row.after and row.after["identifier"]) == (str(made.id), None, "NEW-1")


async def test_a_refused_create_is_noted_with_what_was_asked(at: Running) -> None:
    at.sandbox.behaviour.plan(Fault(status=400, service="psa", method="POST", path="/procurement/catalog"))
    with pytest.raises(Refused):
        await at.engine.psa.create_catalog_item(ITEM)
    (row,) = written(at)
    assert row.result.startswith("failed: ")
    assert (row.record_id, row.after and row.after["identifier"]) == ("", "NEW-1")


async def test_a_create_without_an_answer_is_unknown_until_its_record_is_seen(at: Running) -> None:
    at.sandbox.behaviour.plan(LOST)
    with pytest.raises(OutcomeUnknown):
        await at.engine.psa.create_catalog_item(ITEM)
    assert written(at)[0].result.startswith("unknown: ")
    items = [item async for page in at.engine.psa.catalog_items([CatalogItemId(EXCHANGE_ITEM)]) for item in page]
    assert len(items) == 1
    assert written(at)[0].result.startswith("unknown: ")
    items = [item async for page in at.engine.psa.catalog_items() for item in page]
    (row,) = written(at)
    assert (row.outcome, row.record_id) == ("adopted", str(items[-1].id))


async def test_a_create_that_is_sent_again_is_done_once_in_the_audit(at: Running) -> None:
    at.sandbox.behaviour.plan(replace(LOST, when="before"))
    with pytest.raises(OutcomeUnknown):
        await at.engine.psa.create_catalog_item(ITEM)
    at.sandbox.behaviour.script.clear()
    await at.engine.psa.create_catalog_item(ITEM)
    _ = [item async for page in at.engine.psa.catalog_items() for item in page]
    first, second = written(at)
    assert (first.outcome, second.outcome) == ("failed", "confirmed")


async def test_a_killed_create_is_on_the_disk_before_it_is_sent(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def killed(_: object) -> None:
        assert written(at)[0].result.startswith("unknown: the program ended")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        assert isinstance(at.engine.psa, RecordedPsa)
        patched.setattr(at.engine.psa.recorded, "create_catalog_item", killed)
        with pytest.raises(KeyboardInterrupt):
            await at.engine.psa.create_catalog_item(ITEM)
    assert [row.result for row in written(at)] == ["unknown: the program ended before an answer came"]


async def test_an_update_has_both_sides(at: Running) -> None:
    (held,) = [item async for page in at.engine.psa.catalog_items([CatalogItemId(EXCHANGE_ITEM)]) for item in page]
    await at.engine.psa.update_catalog_item(held, replace(held, description="Other"))
    (row,) = written(at)
    assert row.operation == "update"
    assert (row.before and row.before["description"], row.after and row.after["description"]) == (
        held.description,
        "Other",
    )


async def test_an_imported_customer_is_a_write_to_the_marketplace(at: Running) -> None:
    report = await at.engine.customers.import_all()
    (row,) = written(at)
    assert (row.service, row.record, row.record_id) == ("marketplace", "customer", report.imported[0].customer.id)


async def test_writes_of_additions_are_the_writers_alone(at: Running) -> None:
    assert (await at.engine.auto()).writes.post == 1
    assert written(at) == []
    assert len(await at.engine.audit()) == 1


async def test_since_a_day(at: Running) -> None:
    await at.engine.psa.create_catalog_item(ITEM)
    today = written(at)[0].at.date()
    assert len(at.engine.record_writes(today)) == 1
    assert at.engine.record_writes(today.replace(year=today.year + 1)) == ()


def test_a_company_is_told_by_its_identifier() -> None:
    company = Company(CompanyId(7), "IM1", "Juniper")
    assert name_of(company) == "IM1"
    assert values_of(company) == {"id": 7, "identifier": "IM1", "name": "Juniper", "is_deleted": False}
