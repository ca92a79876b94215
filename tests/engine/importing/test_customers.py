"""Customers import on the sandbox: complete ones at once, gaps filled singly, none twice.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwtui.domain.errors import AccessDenied
from cwtui.domain.ids import CompanyId, CustomerId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.engine.importing.customers import CustomerImport
from cwtui.sandbox.behaviour import Fault
from cwtui.sandbox.world import World
from tests.engine.upkeep_world import CUSTOMER, Running, running, small_world


@pytest.fixture
def world() -> World:
    world = small_world()
    world.add_company("Pinecrest Pharmacy", contact="Ruth Bell")
    world.add_company("Delta Plumbing", country="", contact="Omar Haddad")
    return world


@pytest.fixture
async def at(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(world, tmp_path) as opened:
        yield opened


def desk(at: Running) -> CustomerImport:
    return at.engine.customers


async def ids(at: Running) -> dict[str, CompanyId]:
    return {one.company.identifier: one.company.id for one in await desk(at).candidates()}


def created(at: Running) -> list[str]:
    return [row["name"] for row in at.world.marketplace["customers"] if row["id"] != CUSTOMER]


async def test_unmapped_companies_with_what_each_lacks(at: Running) -> None:
    found = {one.company.name: one.account.lacks for one in await desk(at).candidates()}
    assert found == {"Delta Plumbing": ("country_code",), "Pinecrest Pharmacy": ()}


async def test_complete_ones_at_once_mapped_at_once(at: Running) -> None:
    report = await desk(at).import_all()
    (one,) = report.imported
    assert (one.company.name, one.adopted) == ("Pinecrest Pharmacy", False)
    assert at.state.mappings().company(one.customer.id) == one.company.id
    assert [(failure.name, failure.lacks) for failure in report.failures] == [("Delta Plumbing", ("country_code",))]
    row = at.world.marketplace["customers"].rows[one.customer.id]
    assert row["externalId"] == "PinecrestPharmacy"
    assert row["contactPersons"][0]["phoneNumber"] == "+15550101"
    assert (await desk(at).import_all()).imported == ()


async def test_a_gap_is_filled_for_one(at: Running) -> None:
    name = (await ids(at))["DeltaPlumbing"]
    report = await desk(at).import_some([name], {"country_code": "us"})
    assert len(report.imported) == 1
    assert created(at) == ["Delta Plumbing"]


async def test_a_customer_with_its_external_id_is_adopted(at: Running) -> None:
    at.world.add_customer("Pinecrest (old)", id="1000099", externalId="pinecrestpharmacy")
    (one,) = (await desk(at).import_all()).imported
    assert (one.customer.id, one.adopted) == ("1000099", True)
    assert created(at) == ["Pinecrest (old)"]


async def test_a_customer_of_another_company_is_left_alone(at: Running) -> None:
    at.world.marketplace["customers"].rows[CUSTOMER]["externalId"] = "PinecrestPharmacy"
    at.world.marketplace["customers"].touch()
    report = await desk(at).import_some([(await ids(at))["PinecrestPharmacy"]])
    assert report.imported == ()
    assert "mapped to company" in report.failures[0].reason
    assert at.state.mappings().company(CustomerId(CUSTOMER)) is not None


async def test_a_company_that_only_a_vendors_account_is_linked_to_is_no_customer_yet(at: Running) -> None:
    name = (await ids(at))["PinecrestPharmacy"]
    at.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "intermedia:IM1"), name))
    assert "PinecrestPharmacy" in await ids(at)
    assert len((await desk(at).import_all()).imported) == 1
    assert at.state.mappings().company(CustomerId("intermedia:IM1")) == name


@pytest.mark.parametrize("name", ["Pinecrest Pharmacy", "PINECREST  pharmacy"])
async def test_the_one_customer_of_its_name_is_that_customer(at: Running, name: str) -> None:
    at.world.add_customer(name, id="1000099", externalId=None)
    (one,) = (await desk(at).import_all()).imported
    assert (one.customer.id, one.adopted) == ("1000099", True)
    assert created(at) == [name]


async def test_a_customer_of_its_name_that_is_mapped_is_another(at: Running) -> None:
    at.world.add_customer("Pinecrest Pharmacy", id="1000099")
    mapped = at.state.mappings().company(CustomerId(CUSTOMER))
    assert mapped is not None
    at.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "1000099"), mapped))
    (one,) = (await desk(at).import_all()).imported
    assert not one.adopted


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("Pinecrest Pharmacy", "Pinecrest Pharmacy"), id="two of its name"),
        pytest.param(("Pinecrest Pharmacy, Inc.",), id="another legal form"),
    ],
)
async def test_customers_of_its_name_that_leave_a_doubt_are_for_a_person(at: Running, names: tuple[str, ...]) -> None:
    for number, called in enumerate(names, 1000098):
        at.world.add_customer(called, id=str(number))
    company = (await ids(at))["PinecrestPharmacy"]
    report = await desk(at).import_all()
    assert report.imported == ()
    reason = next(one.reason for one in report.failures if one.company_id == company)
    assert f"Map customer 1000098 to company {company}" in reason
    (one,) = (await desk(at).import_some([company], anew=True)).imported
    assert not one.adopted


@pytest.mark.parametrize(("status", "failed"), [(400, False), (503, True)], ids=["refused", "cannot now"])
async def test_what_the_marketplace_cannot_do_now_is_told_apart(at: Running, status: int, failed: bool) -> None:
    fault = Fault(status=status, service="marketplace", method="POST", path="customers", times=0)
    at.sandbox.behaviour.script.append(fault)
    report = await desk(at).import_all()
    assert {one.failed for one in report.failures if not one.lacks} == {failed}


async def test_what_cannot_be_imported_is_said_and_the_others_go_on(at: Running) -> None:
    mapped = at.state.mappings().company(CustomerId(CUSTOMER))
    assert mapped is not None
    report = await desk(at).import_some([mapped, CompanyId(4711), (await ids(at))["PinecrestPharmacy"]])
    assert len(report.imported) == 1
    assert [failure.company_id for failure in report.failures] == [mapped, 4711]


async def test_a_create_without_an_answer_is_looked_for(at: Running) -> None:
    fault = Fault(status=500, when="after", service="marketplace", method="POST", path="customers")
    at.sandbox.behaviour.script.append(fault)
    (one,) = (await desk(at).import_all()).imported
    assert one.adopted
    assert created(at) == ["Pinecrest Pharmacy"]


async def test_a_killed_import_creates_nobody_twice(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    create = at.engine.marketplace.create_customer

    async def killed(account: dict[str, object]) -> None:
        await create(account)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(at.engine.marketplace, "create_customer", killed)
        with pytest.raises(KeyboardInterrupt):
            await desk(at).import_all()
    (one,) = (await desk(at).import_all()).imported
    assert one.adopted
    assert created(at) == ["Pinecrest Pharmacy"]


async def test_a_refusal_of_one_does_not_stop_the_others(at: Running) -> None:
    at.world.add_company("Aspen Dental", contact="Lea Wong")
    fault = Fault(status=400, service="marketplace", method="POST", path="customers")
    at.sandbox.behaviour.script.append(fault)
    report = await desk(at).import_all()
    assert [one.company.name for one in report.imported] == ["Pinecrest Pharmacy"]
    assert {failure.name for failure in report.failures} == {"Aspen Dental", "Delta Plumbing"}


async def test_refused_credentials_stop_everything(at: Running) -> None:
    fault = Fault(status=403, service="marketplace", method="POST", path="customers", times=0)
    at.sandbox.behaviour.script.append(fault)
    with pytest.raises(AccessDenied):
        await desk(at).import_all()
