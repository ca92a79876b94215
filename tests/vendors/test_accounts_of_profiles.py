"""Which accounts a profile names how, and what becomes of several accounts of one company."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.problems import ProblemCode
from tests.vendors.conftest import JUNIPER, Partner

ROWS = (f"{JUNIPER},MXS10C01SUNR,5,7.25", "SECOND,MXS10C01SUNR,8,7.25")


async def shared(partner: Partner, **layout: Any) -> None:
    """A second account of Juniper's company."""
    await partner.ready()
    company = partner.world.find("companies", "name", "Juniper Realty")
    assert company is not None
    await partner.engine.set_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "intermedia:SECOND"), company["id"]))
    partner.vendor = replace(partner.vendor, layout=replace(partner.vendor.layout, **layout))


async def test_accounts_of_one_company_are_refused_unless_the_profile_adds_them_up(partner: Partner) -> None:
    """Rule: files.md#profiles."""
    await shared(partner)
    report = await partner.export_counts(*ROWS)
    assert not report.tasks
    assert {one.line for one in report.refused} == {2, 3}
    assert "share agreement" in report.refused[0].reason


async def test_accounts_of_one_company_are_added_up(partner: Partner) -> None:
    """Rule: files.md#profiles."""
    await shared(partner, adds_up_company=True)
    report = await partner.export_counts(*ROWS)
    assert not report.refused
    (task,) = report.tasks
    plan = await partner.engine.plan(task.id)
    assert [change.after.quantity for change in plan.changes if change.after is not None] == [Decimal(13)]
    assert any("lines 2, 3 of the report were added up" in note for note in plan.notes)


async def test_one_refused_row_of_the_accounts_keeps_what_they_bill_together(partner: Partner) -> None:
    """Rule: files.md#a-part-is-never-the-whole."""
    await shared(partner, adds_up_company=True)
    report = await partner.export_counts(ROWS[0], "SECOND,MXS10C01SUNR,eight,7.25")
    assert [one.line for one in report.refused] == [3]
    (task,) = report.tasks
    assert [problem.code for problem in task.problems] == [ProblemCode.ROW_REFUSED]
    assert not (await partner.engine.plan(task.id)).to_write


async def test_an_account_named_by_its_company_waits_for_the_mapping(partner: Partner) -> None:
    """Rule: files.md#profiles."""
    await partner.ready()
    partner.vendor = replace(partner.vendor, layout=replace(partner.vendor.layout, by_name=True))
    row = "Pinecrest Pharmacy,MXS10C01SUNR,5,7.25"
    (task,) = (await partner.export_counts(row)).tasks
    assert task.problems
    assert not (await partner.engine.plan(task.id)).to_write
    (found,) = [
        one for one in await partner.engine.suggest(MappingKind.CUSTOMER) if one.marketplace_id == task.customer_id
    ]
    assert found.name == "Pinecrest Pharmacy"
    company = partner.world.find("companies", "name", "Juniper Realty")
    assert company is not None
    name = MappingKey(MappingKind.CUSTOMER, partner.vendor.layout.customer("Pinecrest Pharmacy"))
    await partner.engine.set_mapping(Mapping(name, company["id"]))
    (task,) = (await partner.export_counts(row, force=True)).tasks
    plan = await partner.engine.plan(task.id)
    assert [change.after.quantity for change in plan.changes if change.after is not None] == [Decimal(5)]
