"""A partner's steps in their order, on the sandbox and a real state.

Rules: files.md#setup, files.md#export-accounts, files.md#cross-reference, files.md#export-counts,
files.md#reconcile-counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cwtui.composition import close_services
from cwtui.domain.errors import AccessDenied, GuardError, InputError, ServiceError
from cwtui.domain.ids import CatalogItemId, CustomerId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.psa import Company, NewContact
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.reports import UndoReport
from cwtui.engine.writing.recording import RecordedPsa
from cwtui.sandbox.app import create_app
from cwtui.sandbox.behaviour import Behaviour, Fault
from cwtui.sandbox.world import World
from cwtui.vendors.accounts import LinkedBy
from cwtui.vendors.cross_references import AssociationState
from cwtui.vendors.items import ItemState
from cwtui.vendors.setup_tables import SetupState
from cwtui.wording.problems import sentence
from tests.vendors.conftest import ACCOUNT_HEADER, COBALT, JUNIPER, TODAY, Partner, opened


def lost_answer(path: str, *, times: int = 1) -> Fault:
    """The create is done, and its answer is lost."""
    return Fault("status", 500, "after", service="psa", method="POST", path=path, times=times)


# setup


async def test_the_checklist_shows_what_is_there_and_creates_what_is_missing(partner: Partner) -> None:
    before = {item.key: item.state for item in (await partner.vendor.setup()).items}
    missing = {"product_type", "subcategory", "integration"}
    assert {key for key, state in before.items() if state is SetupState.MISSING} == missing
    assert {key for key, state in before.items() if state is SetupState.THERE} == {
        "agreement_type", "unit", "category", "solution",
    }  # fmt: skip
    applied = await partner.vendor.setup(apply=True)
    assert {item.key for item in applied.items if item.state is SetupState.CREATED} == missing
    assert applied.is_complete
    again = await partner.vendor.setup(apply=True)
    assert {item.state for item in again.items} == {SetupState.THERE}


async def test_an_empty_psa_gets_every_table(tmp_path: Path) -> None:
    world = World.empty(TODAY)
    world.psa["units"].remove(1)
    with opened(tmp_path, create_app(world)) as partner:
        found = await partner.vendor.setup(apply=True)
        created = {item.key for item in found.items if item.state is SetupState.CREATED}
        assert created == {
            "product_type", "agreement_type", "unit", "category", "subcategory", "solution", "integration",
        }  # fmt: skip
        kind = world.find("agreement_types", "name", "Intermedia")
        solution = world.find("management_solutions", "name", "Intermedia")
        assert kind is not None
        assert solution is not None
        assert (solution["managementItSolutionType"], solution["managementSolutionName"]) == ("Custom", "Intermedia")


async def test_an_inactive_entry_is_unfit_and_says_what_to_do(partner: Partner) -> None:
    unit = partner.world.find("units", "name", "Unit")
    assert unit
    unit["inactiveFlag"] = True
    found = await partner.vendor.setup(apply=True)
    item = next(item for item in found.items if item.key == "unit")
    assert (item.state, item.note) == (SetupState.UNFIT, "It is inactive: activate it in ConnectWise.")
    assert not found.is_complete
    with pytest.raises(InputError, match="Unit of Measure Unit"):
        await partner.export_items("AR,A,1,2")


@pytest.mark.parametrize("path", ["/procurement/types", "/procurement/subcategories/", "/company/managedDevices"])
async def test_a_created_table_whose_answer_is_lost_is_not_created_twice(partner: Partner, path: str) -> None:
    partner.plan_faults(lost_answer(path))
    assert (await partner.vendor.setup(apply=True)).is_complete
    tables = partner.world.psa
    for table in ("product_types", "subcategories", "managed_devices_integrations"):
        names = [row["name"] for row in tables[table]]
        assert len(names) == len(set(names))


# accounts


async def test_accounts_are_linked_by_identifier_and_account_number_or_created(partner: Partner) -> None:
    report = await partner.export_accounts(
        partner.account(JUNIPER, "Juniper Realty"),
        partner.account(COBALT, "Cobalt Studios"),
        partner.account("IM100204", "Bygone Retail"),
        partner.account("IM100205"),
        partner.account("IM100206", "Nowhere Logistics", country=""),
        partner.account("IM100207", "Atlantis Ltd", country="Atlantis"),
    )
    assert {link.account: link.by for link in report.links} == {
        JUNIPER: LinkedBy.IDENTIFIER, COBALT: LinkedBy.ACCOUNT_NUMBER, "IM100205": LinkedBy.CREATED,
    }  # fmt: skip
    refused = {one.line: one.reason for one in report.refused}
    assert set(refused) == {4, 6, 7}
    assert "recycle bin" in refused[4]
    assert "restore it" in refused[4]
    assert "no country" in refused[6]
    assert "ConnectWise has no country 'Atlantis'" in refused[7]
    made = partner.world.find("companies", "identifier", "IM100205")
    assert made
    assert (made["name"], made["country"]["name"], made["zip"]) == ("Pinecrest Pharmacy", "United States", "83702")


async def test_a_link_holds_when_the_identifier_changes(partner: Partner) -> None:
    await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"))
    company = partner.world.find("companies", "identifier", JUNIPER)
    assert company
    company["identifier"] = "Juniper"
    partner.world.psa["companies"].touch()
    report = await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"))
    assert [(link.by, link.company.id) for link in report.links] == [(LinkedBy.LINK, company["id"])]


async def test_the_manage_id_finds_a_company_and_is_written(partner: Partner) -> None:
    report = await partner.export_accounts(
        partner.account(JUNIPER, "Juniper Realty"),
        partner.account("IM100203", "Redwood Clinic"),
        partner.account("IM100205"),
        manage_id=True,
    )
    assert {link.account: (link.by, link.manage_id_written) for link in report.links} == {
        JUNIPER: (LinkedBy.IDENTIFIER, True),
        "IM100203": (LinkedBy.MANAGE_ID, False),
        "IM100205": (LinkedBy.CREATED, True),
    }
    for link in report.links:
        rows = list(partner.world.child("summary_reports", link.company.id))
        assert [row["groupIdentifier"] for row in rows] == [link.account]
    again = await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"), manage_id=True)
    assert not again.links[0].manage_id_written


async def test_without_the_manage_id_option_none_is_read_or_written(partner: Partner) -> None:
    report = await partner.export_accounts(partner.account("IM100203", "Redwood Clinic"))
    assert report.links[0].by is LinkedBy.CREATED
    assert partner.sandbox.log.total("psa GET /company/companies/{parentId}/managementSummaryReports") == 0


async def test_a_link_into_the_recycle_bin_is_refused(partner: Partner) -> None:
    await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"))
    company = partner.world.find("companies", "identifier", JUNIPER)
    assert company
    company["deletedFlag"] = True
    partner.world.psa["companies"].touch()
    report = await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"))
    assert "recycle bin" in report.refused[0].reason
    assert "unmap customer intermedia:IM100201" in report.refused[0].reason


async def test_several_companies_with_one_id_are_refused_by_name(partner: Partner) -> None:
    partner.world.add_company("Juniper East", accountNumber=JUNIPER)
    report = await partner.export_accounts(partner.account(JUNIPER, "Juniper Realty"))
    assert "Juniper Realty" in report.refused[0].reason
    assert "Juniper East" in report.refused[0].reason


async def test_two_accounts_do_not_share_a_company_unasked(partner: Partner) -> None:
    company = partner.world.find("companies", "identifier", JUNIPER)
    assert company
    company["accountNumber"] = "IM100999"
    partner.world.psa["companies"].touch()
    report = await partner.export_accounts(partner.account(JUNIPER), partner.account("IM100999"))
    assert [(one.line, "linked to account IM100201 already" in one.reason) for one in report.refused] == [(3, True)]


async def test_a_created_company_whose_answer_is_lost_is_adopted(partner: Partner) -> None:
    partner.plan_faults(lost_answer("/company/companies"))
    report = await partner.export_accounts(partner.account("IM100205"), partner.account("IM100208", "Quarry Works"))
    assert len(report.created) == 2
    names = [row["identifier"] for row in partner.world.psa["companies"]]
    assert names.count("IM100205") == names.count("IM100208") == 1


def contacts_of(partner: Partner, identifier: str) -> list[tuple[str, str, str]]:
    company = partner.world.find("companies", "identifier", identifier)
    assert company
    held = [row for row in partner.world.psa["contacts"] if row["company"]["id"] == company["id"]]
    assert not held or held[-1]["id"] == company["defaultContact"]["id"]
    return [(row["firstName"], row["lastName"], row["communicationItems"][0]["value"]) for row in held]


INES = ("Ines", "Ortega", "ines@pinecrest.example")


async def test_a_created_company_gets_the_accounts_contact(partner: Partner) -> None:
    """An agreement needs one. Companies that were there already keep the contacts they have."""
    report = await partner.export_accounts(partner.account("IM100205"), partner.account(JUNIPER, "Juniper Realty"))
    assert report.without_contact == ()
    assert contacts_of(partner, "IM100205") == [INES]
    assert INES not in contacts_of(partner, JUNIPER)
    await partner.export_accounts(partner.account("IM100205"))
    assert contacts_of(partner, "IM100205") == [INES]


@pytest.mark.parametrize(
    ("person", "made"),
    [
        pytest.param(",,", [], id="nobody named"),
        pytest.param(",Ortega,ines@x.example", [("Ortega", "ines@x.example")], id="no first name"),
        pytest.param(",,ines@x.example", [("ines@x.example", "ines@x.example")], id="an e-mail address only"),
        pytest.param("Ines,,", [("Ines", "5550150")], id="no e-mail address"),
    ],
)
async def test_a_contact_is_made_of_what_is_known(partner: Partner, person: str, made: list[tuple[str, str]]) -> None:
    row = partner.account("IM100205").rsplit(",", 3)[0]
    await partner.export_accounts(f"{row},{person}")
    company = partner.world.find("companies", "identifier", "IM100205")
    assert company
    held = [one for one in partner.world.psa["contacts"] if one["company"]["id"] == company["id"]]
    assert [(one["firstName"], one["communicationItems"][0]["value"]) for one in held] == made


async def test_a_contact_that_cannot_be_made_is_said_and_made_the_next_time(partner: Partner) -> None:
    partner.sandbox.behaviour.lacks = {("Companies", "Contacts", "Add")}
    report = await partner.export_accounts(partner.account("IM100205"))
    assert [link.by for link in report.links] == [LinkedBy.CREATED]
    assert [(one.line, "its contact was not created" in one.reason) for one in report.without_contact] == [(2, True)]
    partner.sandbox.behaviour.lacks = set()
    again = await partner.export_accounts(partner.account("IM100205"))
    assert again.without_contact == ()
    assert contacts_of(partner, "IM100205") == [INES]


async def test_a_contact_whose_answer_is_lost_is_not_made_twice(partner: Partner) -> None:
    partner.plan_faults(lost_answer("/company/contacts"))
    assert (await partner.export_accounts(partner.account("IM100205"))).without_contact == ()
    assert contacts_of(partner, "IM100205") == [INES]


async def test_an_export_killed_between_company_and_contact_makes_the_contact(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = partner.engine.psa.create_company

    async def killed(company: Company) -> None:
        await create(company)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(partner.engine.psa, "create_company", killed)
        with pytest.raises(KeyboardInterrupt):
            await partner.export_accounts(partner.account("IM100205"))
    assert contacts_of(partner, "IM100205") == []
    report = await partner.export_accounts(partner.account("IM100205"))
    assert [link.by for link in report.links] == [LinkedBy.IDENTIFIER]
    assert contacts_of(partner, "IM100205") == [INES]


async def test_a_contact_that_a_killed_export_made_is_in_the_audit(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    psa = partner.engine.psa
    assert isinstance(psa, RecordedPsa)
    create = psa.recorded.create_contact

    async def killed(contact: NewContact) -> None:
        await create(contact)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(psa.recorded, "create_contact", killed)
        with pytest.raises(KeyboardInterrupt):
            await partner.export_accounts(partner.account("IM100205"))
    assert (await partner.export_accounts(partner.account("IM100205"))).without_contact == ()
    assert contacts_of(partner, "IM100205") == [INES]
    writes = partner.engine.record_writes()
    assert [(row.record, row.outcome) for row in writes] == [("company", "confirmed"), ("contact", "adopted")]


async def test_every_write_of_the_steps_is_in_the_audit(partner: Partner) -> None:
    await partner.ready()
    await partner.export_accounts(partner.account("IM100205"), manage_id=True)
    await partner.vendor.cross_references(apply=True)
    writes = partner.engine.record_writes()
    assert {row.outcome for row in writes} == {"confirmed"}
    assert Counter(row.record for row in writes) == {
        "product type": 1,
        "sub-category": 1,
        "managed devices integration": 1,
        "catalog item": 4,
        "company": 1,
        "contact": 1,
        "Manage ID": 1,
        "cross-reference": 5,
    }


async def test_a_refusal_of_connectwise_refuses_that_row_only(partner: Partner) -> None:
    report = await partner.export_accounts(partner.account("IM100205", "N" * 200), partner.account("IM100208"))
    assert [(one.line, "at most 156 characters" in one.reason) for one in report.refused] == [(2, True)]
    assert [link.account for link in report.links] == ["IM100208"]


async def test_a_missing_permission_stops_the_export(partner: Partner) -> None:
    partner.sandbox.behaviour.lacks = {("Companies", "Company Maintenance", "Add")}
    with pytest.raises(AccessDenied):
        await partner.export_accounts(partner.account("IM100205"))


async def test_accounts_that_come_twice_are_refused_the_second_time(partner: Partner) -> None:
    report = await partner.export_accounts(partner.account("IM100205"), partner.account("IM100205"))
    assert [(one.line, one.reason) for one in report.refused] == [(3, "the account is on line 2 already")]


# items


async def test_items_are_created_once_and_then_the_operators(partner: Partner) -> None:
    await partner.vendor.setup(apply=True)
    rows = ("MXS10C01SUNO,Mailbox setup,0,25", "SPF20A01SUNR,Filter,1.10,2.00", "ARC30B01SUNR,Archive,2.40,")
    report = await partner.export_items(*rows)
    assert [(item.item.name, item.state) for item in report.items] == [
        ("MXS10C01SUNO_0", ItemState.CREATED),
        ("SPF20A01SUNR_1.1", ItemState.CREATED),
        ("ARC30B01SUNR_2.4", ItemState.CREATED),
    ]
    assert "price is 0" in report.items[2].note
    filter_ = partner.world.find("catalog", "identifier", "SPF20A01SUNR_1.1")
    setup = partner.world.find("catalog", "identifier", "MXS10C01SUNO_0")
    assert filter_ is not None
    assert setup is not None
    assert (filter_["productClass"], filter_["unitOfMeasure"]["name"], filter_["type"]["name"]) == (
        "Agreement", "Unit", "Intermedia_Services",
    )  # fmt: skip
    assert (filter_["recurringFlag"], filter_["recurringBillCycle"]["name"]) == (True, "Monthly")
    assert (setup["recurringFlag"], setup["recurringOneTimeFlag"]) == (True, True)

    filter_["price"], filter_["identifier"] = 3, "Spam filter"
    partner.world.psa["catalog"].touch()
    before = len(partner.world.psa["catalog"])
    again = await partner.export_items(*rows)
    assert len(partner.world.psa["catalog"]) == before
    assert [item.state for item in again.items] == [ItemState.SAME, ItemState.DIFFERS, ItemState.SAME]
    assert filter_["price"] == 3
    differences = {one.field: (one.held, one.sheet) for one in again.items[1].differences}
    assert differences == {"identifier": ("Spam filter", "SPF20A01SUNR_1.1"), "price": ("3.00", "2.00")}

    reset = await partner.export_items(*rows, reset=True)
    assert [item.state for item in reset.items] == [ItemState.SAME, ItemState.RESET, ItemState.SAME]
    kept = partner.world.psa["catalog"].get(filter_["id"])
    assert kept
    assert (kept["price"], kept["identifier"]) == (2, "SPF20A01SUNR_1.1")


async def test_what_was_there_before_is_taken_over_as_it_is(partner: Partner) -> None:
    await partner.vendor.setup(apply=True)
    report = await partner.export_items("MXS10C01SUNR,Another text,7.25,99")
    assert [item.state for item in report.items] == [ItemState.DIFFERS]
    mapped = partner.state.mappings().get(MappingKey(MappingKind.PRODUCT, "intermedia:MXS10C01SUNR_7.25"))
    assert CatalogItemId(mapped or 0) == report.items[0].held.id


async def test_a_created_item_whose_answer_is_lost_is_adopted(partner: Partner) -> None:
    await partner.vendor.setup(apply=True)
    partner.plan_faults(lost_answer("/procurement/catalog", times=2))
    report = await partner.export_items("AR,A,1,2", "BR,B,1,2", "CR,C,1,2")
    assert {item.state for item in report.items} == {ItemState.CREATED}
    names = [row["identifier"] for row in partner.world.psa["catalog"]]
    assert [names.count(name) for name in ("AR_1", "BR_1", "CR_1")] == [1, 1, 1]


async def test_an_item_that_cannot_be_created_now_fails_alone(partner: Partner) -> None:
    await partner.vendor.setup(apply=True)
    partner.plan_faults(Fault(kind="status", status=400, service="psa", method="POST", path="/procurement/catalog"))
    report = await partner.export_items("AR,A,1,2", "BR,B,1,2")
    assert sorted(item.state for item in report.items) == [ItemState.CREATED, ItemState.FAILED]


# cross-references


async def test_cross_references_are_listed_then_made_once(partner: Partner) -> None:
    await partner.ready()
    found = await partner.vendor.cross_references()
    assert {one.state for one in found} == {AssociationState.MISSING}
    partner.plan_faults(lost_answer("/crossReferences"))
    made = await partner.vendor.cross_references(apply=True)
    assert {one.state for one in made} == {AssociationState.CREATED}
    assert {one.state for one in await partner.vendor.cross_references()} == {AssociationState.THERE}
    (table,) = partner.world.children["cross_references"].values()
    rows = {(row["vendorType"], row["vendorLevel"], row["agreementType"]["name"]) for row in table}
    assert ("MXS10C01SUNR", "7.95", "Intermedia") in rows
    assert len(rows) == len(table) == 5


# counts


async def test_counts_become_tasks_and_then_additions(partner: Partner) -> None:
    await partner.ready()
    report = await partner.export_counts(
        f"{JUNIPER},MXS10C01SUNR,15,7.25", f"{JUNIPER},MXS10C01SUNO,3,0", f"{COBALT},SPF20A01SUNR,8,1.10"
    )
    assert {task.status for task in report.tasks} == {TaskStatus.READY}
    assert partner.additions("Juniper Realty") == [("MXS10C01SUNR_7.25", "12", "11.5", "2026-09-01", "")]
    ran = await partner.engine.sync([task.id for task in report.tasks])
    assert (ran.synced, ran.writes.post, ran.writes.patch) == (2, 2, 1)
    assert partner.additions("Juniper Realty") == [
        ("MXS10C01SUNR_7.25", "15", "11.5", "2026-09-01", ""),
        ("MXS10C01SUNO_0", "3", "25", "2026-12-01", "2026-12-31"),
    ]
    assert partner.additions("Cobalt Studios") == [("SPF20A01SUNR_1.1", "8", "2", "2026-12-01", "")]
    assert {row.operation for row in await partner.engine.audit()} == {"create", "update"}


async def test_the_same_report_twice_changes_nothing(partner: Partner) -> None:
    await partner.ready()
    rows = (f"{JUNIPER},MXS10C01SUNR,15,7.25", f"{COBALT},SPF20A01SUNR,8,1.10")
    first = await partner.export_counts(*rows)
    await partner.engine.sync([task.id for task in first.tasks])
    before = partner.world.additions()
    again = await partner.export_counts(*reversed(rows))
    assert (again.created, len(again.unchanged)) == ((), 2)
    assert {task.status for task in again.tasks} == {TaskStatus.SYNCED}
    assert partner.world.additions() == before


async def test_a_newer_report_supersedes_what_was_not_synchronised(partner: Partner) -> None:
    await partner.ready()
    first = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,15,7.25", day=date(2026, 11, 1))
    newer = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,16,7.25", day=date(2026, 11, 2))
    assert newer.superseded == first.created
    old = partner.state.task(first.created[0])
    assert old is not None
    assert old.status is TaskStatus.SKIPPED
    assert old.note.startswith("Superseded by file")
    assert [task.status for task in newer.tasks] == [TaskStatus.READY]


async def test_the_same_counts_of_another_day_are_another_report(partner: Partner) -> None:
    await partner.ready()
    await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,12,7.25", day=date(2026, 11, 1))
    newer = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,12,7.25", day=date(2026, 12, 1))
    assert len(newer.created) == 1


async def test_an_older_report_is_refused_unless_forced(partner: Partner) -> None:
    await partner.ready()
    await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,15,7.25", day=date(2026, 11, 2))
    with pytest.raises(GuardError, match="older than the last one applied"):
        await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,9,7.25", day=date(2026, 11, 1))
    forced = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,9,7.25", day=date(2026, 11, 1), force=True)
    assert [task.status for task in forced.tasks] == [TaskStatus.READY]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param((), "a header and no rows", id="empty"),
        pytest.param(("IM100201,MXS10C01SUNR,5,7.25",), "1 rows, the last one", id="shrunken"),
        pytest.param(("IM100201,MXS10C01SUNR,0,7.25",) * 3, "Every count", id="all zero"),
    ],
)
async def test_an_empty_or_shrunken_report_changes_nothing(partner: Partner, rows: tuple[str, ...], said: str) -> None:
    await partner.ready()
    first = await partner.export_counts(
        f"{JUNIPER},MXS10C01SUNR,15,7.25", f"{JUNIPER},SPF20A01SUNR,15,1.10", f"{COBALT},SPF20A01SUNR,8,1.10"
    )
    await partner.engine.sync([task.id for task in first.tasks])
    tasks, additions = list(partner.state.tasks()), partner.world.additions()
    with pytest.raises(GuardError, match=said):
        await partner.export_counts(*rows, day=date(2027, 1, 1))
    assert list(partner.state.tasks()) == tasks
    assert partner.world.additions() == additions


async def test_refused_rows_are_named_and_the_others_go_on(partner: Partner) -> None:
    await partner.ready()
    report = await partner.export_counts(
        f"{JUNIPER},MXS10C01SUNR,15,7.25",
        f"{JUNIPER},MXS10C01SUNR,15,6.66",
        f"{JUNIPER},HPBX50E01SUNR,3,9",
        "IM100299,MXS10C01SUNR,2,7.25",
        "IM100299,SPF20A01SUNR,2,1.10",
        f"{COBALT},SPF20A01SUNR,1.5,1.10",
    )
    reasons = {one.line: one.reason for one in report.refused}
    assert set(reasons) == {3, 4, 5, 6, 7}
    assert "there is no catalog item MXS10C01SUNR_6.66; export it" in reasons[3]
    assert "not linked to a company" in reasons[5] == reasons[6]
    assert [(task.customer_name, task.status, len(task.problems)) for task in report.tasks] == [
        ("Juniper Realty", TaskStatus.NEEDS_ACTION, 1),
        ("Cobalt Studios", TaskStatus.NEEDS_ACTION, 1),
    ]


async def test_a_row_that_was_refused_is_taken_when_the_report_is_given_again(partner: Partner) -> None:
    await partner.ready()
    rows = (f"{JUNIPER},SPF20A01SUNR,15,1.10", f"{JUNIPER},BAK40D01SUNR,1,14")
    first = await partner.export_counts(*rows)
    await partner.engine.sync(first.created)
    await partner.export_items("BAK40D01SUNR,Backup,14,22")
    again = await partner.export_counts(*rows)
    assert (len(again.created), again.refused) == (1, ())
    await partner.engine.sync(again.created)
    assert ("BAK40D01SUNR_14", "1", "22", "2026-12-01", "") in partner.additions("Juniper Realty")


async def test_an_account_is_the_same_in_capitals(partner: Partner) -> None:
    await partner.ready()
    again = await partner.export_accounts(partner.account(JUNIPER.lower()), partner.account(JUNIPER))
    assert [(link.account, link.by) for link in again.links] == [(JUNIPER.lower(), LinkedBy.LINK)]
    assert [one.reason for one in again.refused] == ["the account is on line 2 already"]
    first = await partner.export_counts(f"{JUNIPER},SPF20A01SUNR,4,1.10", f"{JUNIPER.lower()},SPF20A01SUNR,6,1.10")
    other = await partner.export_counts(f"{JUNIPER.lower()},spf20a01sunr,10,1.10")
    assert (len(first.created), other.created, other.unchanged) == (1, (), first.created)
    assert [task.subscription_id for task in first.tasks] == [f"intermedia:{JUNIPER}"]


async def test_an_account_without_an_agreement_waits_for_one(partner: Partner) -> None:
    await partner.ready()
    created = await partner.export_accounts(partner.account("IM100205"))
    report = await partner.export_counts("IM100205,SPF20A01SUNR,5,1.10")
    (task,) = report.tasks
    assert [problem.code for problem in task.problems] == ["agreement_unmapped"]
    assert "has no agreement of type Intermedia" in sentence(task.problems[0])
    company = created.links[0].company
    partner.world.add_agreement(
        company.id, type="Intermedia", bill_start=date(2026, 11, 1), next_invoice=date(2026, 12, 1)
    )
    again = await partner.export_counts("IM100205,SPF20A01SUNR,5,1.10")
    assert [(one.id, one.status) for one in again.tasks] == [(task.id, TaskStatus.READY)]


async def test_a_report_that_is_no_longer_kept_is_asked_for_again(partner: Partner) -> None:
    await partner.ready()
    await partner.export_accounts(partner.account(JUNIPER))
    (task,) = (await partner.export_counts(f"{JUNIPER},SPF20A01SUNR,5,1.10")).tasks
    partner.state.drop_counts(task.id)
    (problem,) = (await partner.engine.plan(task.id)).problems
    assert (problem.code, problem.case) == (ProblemCode.SUBSCRIPTION_MISSING, ProblemCase.REPORT_GONE)
    assert sentence(problem) == (
        f"The lines of {task.order_number} are no longer kept. Give that report again, or skip this task."
    )


async def test_accounts_of_one_agreement_are_refused(partner: Partner) -> None:
    await partner.ready()
    company = partner.state.mappings().company(CustomerId(f"intermedia:{JUNIPER}"))
    assert company is not None
    partner.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "intermedia:IM100999"), company))
    report = await partner.export_counts(f"{JUNIPER},SPF20A01SUNR,5,1.10", "IM100999,SPF20A01SUNR,5,1.10")
    assert report.tasks == ()
    assert {one.line: "share agreement" in one.reason for one in report.refused} == {2: True, 3: True}


async def test_the_lines_survive_a_restart_and_a_change_of_price_is_one_line(tmp_path: Path) -> None:
    sandbox = create_app(World.seeded(TODAY), Behaviour())
    with opened(tmp_path, sandbox) as partner:
        await partner.ready()
        made = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,14,7.95")
    with opened(tmp_path, sandbox) as partner:
        ran = await partner.engine.sync(made.created)
        assert (ran.synced, ran.writes.post, ran.writes.patch) == (1, 1, 1)
        assert partner.additions("Juniper Realty") == [
            ("MXS10C01SUNR_7.25", "12", "11.5", "2026-09-01", "2026-11-30"),
            ("MXS10C01SUNR_7.95", "14", "12.25", "2026-12-01", ""),
        ]


async def test_undo_takes_counts_back(partner: Partner) -> None:
    await partner.ready()
    before = partner.additions("Juniper Realty")
    made = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,14,7.95", f"{JUNIPER},SPF20A01SUNR,3,1.10")
    await partner.engine.sync(made.created)
    undone = await partner.engine.undo(made.created[0])
    assert isinstance(undone, UndoReport)
    assert undone.complete
    assert partner.additions("Juniper Realty") == before
    again = await partner.engine.sync(made.created)
    assert again.synced == 1
    assert len(partner.additions("Juniper Realty")) == 3


async def test_an_addition_whose_answer_is_lost_is_not_doubled(partner: Partner) -> None:
    await partner.ready()
    made = await partner.export_counts(f"{COBALT},SPF20A01SUNR,8,1.10", f"{COBALT},MXS10C01SUNR,2,7.25")
    partner.plan_faults(lost_answer("/additions"))
    ran = await partner.engine.sync(made.created)
    assert ran.synced == 1
    assert len(partner.additions("Cobalt Studios")) == 2


async def test_a_report_asks_nothing_of_the_marketplace(partner: Partner) -> None:
    await partner.ready()
    made = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,15,7.25")
    await partner.engine.sync(made.created)
    assert partner.sandbox.log.total("marketplace") == 0


async def test_the_forecast_knows_what_is_counted(partner: Partner) -> None:
    """The agreement of an account is found by company and type; nobody mapped it."""
    await partner.ready()
    made = await partner.export_counts(f"{COBALT},SPF20A01SUNR,8,1.10")
    forecasts = partner.engine.forecaster
    (before,) = (await forecasts.forecast()).forecasts
    assert (before.invoice.before, before.invoice.after, before.planned) == (Decimal(0), Decimal("16.00"), 1)
    await partner.engine.sync(made.created)
    (after,) = (await forecasts.forecast(CustomerId(f"intermedia:{COBALT}"))).forecasts
    assert (after.agreement_id, after.invoice.before, after.planned) == (before.agreement_id, Decimal("16.00"), 0)


async def test_auto_writes_counts_too(partner: Partner) -> None:
    await partner.ready()
    made = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,15,7.25")
    await partner.engine.auto()
    task = partner.state.task(made.created[0])
    assert task is not None
    assert task.status is TaskStatus.SYNCED


@pytest.mark.parametrize("path", ["/finance/agreements", "/company/companies"])
async def test_a_service_that_fails_leaves_no_task(partner: Partner, path: str) -> None:
    await partner.ready()
    partner.plan_faults(Fault(kind="status", status=400, service="psa", method="GET", path=path, times=0))
    before = list(partner.state.tasks())
    with pytest.raises(ServiceError, match="400"):
        await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,15,7.25")
    assert list(partner.state.tasks()) == before


# reconcile


async def test_reconcile_compares_and_repairs(partner: Partner) -> None:
    await partner.ready()
    rows = (f"{JUNIPER},SPF20A01SUNR,15,1.10", f"{COBALT},MXS10C01SUNR,4,7.25", "IM100299,SPF20A01SUNR,1,1.10")
    path = partner.file("account_id,sku,quantity,unit_cost", *rows)
    found = await partner.vendor.reconcile(path)
    assert [(row.account, row.name, row.status.value) for row in found.rows] == [
        (JUNIPER, "SPF20A01SUNR_1.1", "missing"),
        (JUNIPER, "MXS10C01SUNR_7.25", "extra"),
        (COBALT, "MXS10C01SUNR_7.25", "missing"),
        ("IM100299", "", "unmapped"),
    ]
    assert partner.state.tasks_of(partner.vendor.layout.subscription(JUNIPER)) == []
    repaired = await partner.vendor.reconcile(path, apply=True)
    assert repaired.run is not None
    assert repaired.run.synced == 2
    assert [row.status.value for row in repaired.rows] == ["match", "extra", "match", "unmapped"]

    partner.world.additions(partner.agreement("Cobalt Studios"))[0]["quantity"] = 9
    drifted = await partner.vendor.reconcile(path)
    assert [row.status.value for row in drifted.rows] == ["match", "extra", "quantity_differs", "unmapped"]
    again = await partner.vendor.reconcile(path, apply=True)
    assert again.run is not None
    assert again.run.writes.patch == 1
    assert partner.additions("Cobalt Studios") == [("MXS10C01SUNR_7.25", "4", "11.5", "2026-12-01", "")]


async def test_reconcile_ends_an_old_price_whose_units_went_to_another(partner: Partner) -> None:
    """Nothing else differs but the addition of the old price: it is repaired all the same."""
    await partner.ready()
    both = await partner.export_counts(f"{JUNIPER},MXS10C01SUNR,12,7.25", f"{JUNIPER},MXS10C01SUNR,3,7.95")
    await partner.engine.sync(both.created)
    path = partner.file("account_id,sku,quantity,unit_cost", f"{JUNIPER},MXS10C01SUNR,15,7.95")
    found = await partner.vendor.reconcile(path)
    assert [(row.name, row.status.value, row.moves_on) for row in found.rows] == [
        ("MXS10C01SUNR_7.95", "quantity_differs", False),
        ("MXS10C01SUNR_7.25", "extra", True),
    ]
    repaired = await partner.vendor.reconcile(path, apply=True, force=True)
    assert [row.status.value for row in repaired.rows] == ["match"]
    assert partner.additions("Juniper Realty") == [
        ("MXS10C01SUNR_7.25", "12", "11.5", "2026-09-01", "2026-11-30"),
        ("MXS10C01SUNR_7.95", "15", "12.25", "2026-12-01", ""),
    ]


# any vendor


async def test_another_vendors_file_is_a_layout_of_the_same(tmp_path: Path) -> None:
    world = World.seeded(TODAY)
    company = world.find("companies", "identifier", "GreenLane")
    assert company
    more = {
        "usage": {
            "backup": {
                "agreement_type": "Cloud Services",
                "columns": {"account_id": "Customer", "sku": "Service", "quantity": "Used"},
            }
        }
    }
    with opened(tmp_path, create_app(world), layout="backup", **more) as partner:
        path = partner.file("Customer;Service;Used", "greenlane;BACKUP-500;4", "nobody;BACKUP-500;1")
        report = await partner.vendor.export_counts(path)
        assert [(task.customer_name, task.status) for task in report.tasks] == [("Green Lane LLC", TaskStatus.READY)]
        assert [one.line for one in report.refused] == [3]
        ran = await partner.engine.sync(report.created)
        assert ran.writes.post == 1
        assert ("BACKUP-500", "4", "114", "2026-12-01", "") in partner.additions("Green Lane LLC")
        assert partner.state.mappings().company(CustomerId("backup:greenlane")) == company["id"]


async def test_a_transient_failure_is_told_apart_from_a_refused_row(partner: Partner) -> None:
    partner.plan_faults(
        Fault(kind="status", status=500, service="psa", method="POST", path="/company/companies", times=0)
    )
    report = await partner.export_accounts(partner.account("IM100205"))
    assert (report.links, report.refused) == ((), ())
    assert [one.line for one in report.failures] == [2]


PROFILE = {
    "agreement_type": "Intermedia",
    "columns": {"account_id": "Customer", "sku": "SKU", "quantity": "Qty", "unit_cost": "Cost"},
}


@pytest.fixture
async def usage(tmp_path: Path) -> AsyncIterator[Partner]:
    """The steps of profile `u`, on the same sandbox."""
    sandbox = create_app(World.seeded(TODAY), Behaviour())
    with opened(tmp_path, sandbox, "u", usage={"u": PROFILE}) as partner:
        yield partner
        await close_services(partner.engine.marketplace, partner.engine.psa)


async def counted_by(usage: Partner, *rows: str, month: int = 11, **more: Any) -> Any:
    path = usage.file("Customer,SKU,Qty,Cost", *rows, name=f"usage-2026-{month:02}.csv")
    export, found = await usage.vendor.compare_items(path)
    await export.apply(found)
    return await usage.vendor.export_counts(path, force=True, **more)


async def test_an_account_that_a_later_report_does_not_name_is_listed_with_what_it_is_billed(usage: Partner) -> None:
    made = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,6.50", f"{COBALT},WIN-SRV,2,6.50")
    assert [task.status for task in made.tasks] == [TaskStatus.READY] * 2
    await usage.engine.sync(made.created)
    later = await counted_by(usage, f"{JUNIPER},WIN-SRV,5,6.50", month=12)
    assert [(one.company, one.name, one.addition.values.quantity, one.is_account) for one in later.vanished] == [
        ("Cobalt Studios", "WIN-SRV", 2, True)
    ]
    assert any(row[:2] == ("WIN-SRV", "2") for row in usage.additions("Cobalt Studios"))


async def test_a_sku_that_looks_like_a_price_of_another_is_left_alone(usage: Partner) -> None:
    made = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,6.50", f"{JUNIPER},WIN-SRV_2022,3,9")
    await usage.engine.sync(made.created)
    later = await counted_by(usage, f"{JUNIPER},WIN-SRV,6,6.50", month=12)
    assert [(one.name, one.is_account) for one in later.vanished] == [("WIN-SRV_2022", False)]
    await usage.engine.sync(later.created)
    assert {row[:2] for row in usage.additions("Juniper Realty")} >= {("WIN-SRV", "6"), ("WIN-SRV_2022", "3")}


async def test_a_cost_that_the_file_moves_is_kept_current(usage: Partner) -> None:
    made = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,6.50")
    await usage.engine.sync(made.created)
    later = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,7.10", month=12)
    ran = await usage.engine.sync(later.created)
    assert (ran.writes.post, ran.writes.patch, ran.writes.delete) == (0, 1, 0)


async def test_a_count_whose_profile_is_gone_waits(tmp_path: Path, usage: Partner) -> None:
    made = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,6.50")
    usage.state.close()
    with opened(tmp_path, usage.sandbox, "renamed", usage={"renamed": PROFILE}) as other:
        ran = await other.engine.sync(made.created)
        task = other.state.task(made.created[0])
        assert task is not None
        assert (ran.writes.post, [one.code for one in task.problems]) == (0, [ProblemCode.PROFILE_MISSING])


async def test_an_account_of_which_every_row_is_refused_waits_with_the_line(usage: Partner) -> None:
    made = await counted_by(usage, f"{JUNIPER},WIN-SRV,4,6.50", f"{COBALT},WIN-SRV,2 seats,6.50")
    assert {task.customer_name: [one.code for one in task.problems] for task in made.tasks} == {
        "Juniper Realty": [],
        "Cobalt Studios": [ProblemCode.ROW_REFUSED],
    }


async def test_a_dry_run_of_accounts_creates_nothing_and_names_who_is_there_already(partner: Partner) -> None:
    await partner.vendor.setup(apply=True)
    before = len(partner.world.psa["companies"])
    path = partner.file(ACCOUNT_HEADER, partner.account("IM900001", "Juniper Realty"))
    found = await partner.vendor.export_accounts(path, dry_run=True)
    assert (len(found.created), len(found.namesakes), len(partner.world.psa["companies"])) == (1, 1, before)
    assert "a company named Juniper Realty exists already" in found.namesakes[0].reason
