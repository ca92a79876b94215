"""A partner from nothing to the first counts: the installed command, over real HTTP, killed at any instant."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from tests.end_to_end.conftest import Opened
from tests.end_to_end.running import Cwtui, Sandbox, chance_of, serve, wait_until_begun

ACCOUNTS = [f"IM2000{number:02}" for number in range(6)]
KILLS = 22
_ID = re.compile(r":\d+$")


@pytest.fixture
def seeded(stack: ExitStack) -> Sandbox:
    return serve(stack, "--port", "0")


KEPT = {
    "company": "companies",
    "contact": "contacts",
    "catalog item": "catalog",
    "cross-reference": "cross_references",
    "Manage ID": "manage_ids",
}


def json_of(cwtui: Cwtui, *arguments: str, status: int) -> Any:
    return cwtui.run("intermedia", *arguments, "--json", status=status).json


def held(sandbox: Sandbox) -> list[tuple[str, ...]]:
    """Company, catalog item, quantity, price, cost, first and last day, text: by names, whatever the ids."""
    world = json.loads(sandbox.control.get("/world").content, parse_float=Decimal)
    companies = {row["id"]: row["company"]["identifier"] for row in world["psa"]["agreements"]}
    return sorted(
        (
            companies[row["agreementId"]],
            row["product"]["identifier"],
            *(f"{Decimal(str(row[name])).normalize():f}" for name in ("quantity", "unitPrice", "unitCost")),
            row["effectiveDate"][:10],
            (row.get("cancelledDate") or "")[:10],
            row["invoiceDescription"],
        )
        for row in sandbox.rows()
    )


def names_of(sandbox: Sandbox, table: str, field: str) -> list[str]:
    world = sandbox.control.get("/world").json()
    return sorted(row[field] for row in world["psa"][table])


def test_from_nothing_to_the_first_counts(seeded: Sandbox, opened: Opened, tmp_path: Path) -> None:
    cwtui = opened(seeded)
    files = tmp_path / "files"
    listed = cwtui.run("intermedia", "demo-files", str(files), status=0).out.split()
    assert [Path(name).name for name in listed] == [
        "accounts.csv", "sku_sheet.csv", "billing_report.csv", "billing_report_next.csv",
    ]  # fmt: skip
    assert "already" in cwtui.run("intermedia", "demo-files", str(files), status=2).err

    assert json_of(cwtui, "setup", status=3)["complete"] is False
    assert json_of(cwtui, "setup", "--apply", status=0)["complete"] is True
    assert json_of(cwtui, "setup", status=0)["complete"] is True

    accounts = json_of(cwtui, "export-accounts", str(files / "accounts.csv"), "--manage-id", status=3)
    assert {row["account"]: row["by"] for row in accounts["linked"]} == {
        "IM100201": "identifier", "IM100202": "account number", "IM100203": "Manage ID",
    }  # fmt: skip
    assert [row["account"] for row in accounts["created"]] == ["IM100205"]
    assert [(row["line"], row["subject"]) for row in accounts["refused"]] == [(5, "IM100204"), (7, "IM100206")]

    items = json_of(cwtui, "export-items", str(files / "sku_sheet.csv"), status=3)
    assert (len(items["created"]), len(items["same"])) == (4, 1)
    assert [row["line"] for row in items["refused"]] == [7, 8, 9]

    missing = json_of(cwtui, "cross-reference", status=3)
    assert {row["state"] for row in missing} == {"missing"}
    json_of(cwtui, "cross-reference", "--apply", status=0)
    assert {row["state"] for row in json_of(cwtui, "cross-reference", status=0)} == {"there"}

    before = held(seeded)
    report = str(files / "billing_report.csv")
    counts = json_of(cwtui, "export-counts", report, "--dated", "2026-11-22", status=3)
    assert {task["customer"]["name"]: [one["code"] for one in task["problems"]] for task in counts["tasks"]} == {
        "Juniper Realty": ["link_missing"], "Cobalt Studios": [], "Redwood Clinic": ["row_refused"],
    }  # fmt: skip
    adopted = json_of(cwtui, "export-counts", report, "--dated", "2026-11-22", "--adopt", status=3)
    assert {task["customer"]["name"]: task["status"] for task in adopted["tasks"]} == {
        "Juniper Realty": "ready", "Cobalt Studios": "ready", "Redwood Clinic": "needs_action",
    }  # fmt: skip
    ready = [task["id"] for task in adopted["tasks"] if task["status"] == "ready"]
    assert {task["kind"] for task in counts["tasks"]} == {"count_update"}
    assert [row["line"] for row in counts["refused"]] == [6, 7, 9]
    assert held(seeded) == before, "nothing is written before a task is synchronised"

    out = files / "out.csv"
    cwtui.run("intermedia", "reconcile", str(files / "billing_report.csv"), "--csv", str(out), status=3)
    with out.open(newline="") as file:
        assert Counter(row["status"] for row in csv.DictReader(file)) == {
            "missing": 4, "quantity_differs": 1, "unmapped": 3,
        }  # fmt: skip

    run = cwtui.run("tasks", "sync", *ready, "--json", status=0).json
    assert (run["synced"], run["writes"]) == (2, {"post": 3, "patch": 1, "delete": 0})
    assert [row[:4] for row in held(seeded) if row[0] == "IM100201"] == [
        ("IM100201", "MXS10C01SUNO_0", "3", "25"),
        ("IM100201", "MXS10C01SUNR_7.25", "15", "11.5"),
        ("IM100201", "SPF20A01SUNR_1.1", "15", "2"),
    ]
    audit = cwtui.run("audit", "--json", status=0).json
    assert {row["task_id"] for row in audit if row["record"] == "addition"} == set(ready)
    assert {"company", "contact", "catalog item", "Manage ID"} <= {row["record"] for row in audit}

    again = json_of(cwtui, "export-counts", str(files / "billing_report.csv"), "--dated", "2026-11-22", status=3)
    assert (again["created"], len(again["unchanged"])) == ([], 3)
    older = cwtui.run(
        "intermedia", "export-counts", str(files / "billing_report_next.csv"), "--dated", "2026-10-22", status=1
    )
    assert "older than the last one applied" in older.err

    following = json_of(
        cwtui, "export-counts", str(files / "billing_report_next.csv"), "--dated", "2026-12-20", status=0
    )
    assert [row["item"] for row in following["vanished"]] == []
    synced = cwtui.run("tasks", "sync", *following["created"], "--json", status=3).json
    assert (synced["synced"], synced["needs_action"], synced["warned"]) == (3, 0, 2)  # new prices; nobody accepted them
    assert [(row[1], row[2], row[6]) for row in held(seeded) if row[0] == "IM100201"] == [
        ("MXS10C01SUNO_0", "3", "2026-12-31"),
        ("MXS10C01SUNR_7.25", "15", "2026-11-30"),
        ("MXS10C01SUNR_7.95", "17", ""),
        ("SPF20A01SUNR_1.1", "17", ""),
    ]
    assert json_of(cwtui, "reconcile", str(files / "billing_report_next.csv"), status=0)["refused"] == []


def test_an_operators_edit_is_shown_before_it_is_reset(seeded: Sandbox, opened: Opened, tmp_path: Path) -> None:
    cwtui = opened(seeded)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("SKU;Description;Unit Cost;Retail Price\nAR;Archive;1.10;2.00\n", encoding="utf-16")
    cwtui.run("intermedia", "setup", "--apply", status=0)
    created = json_of(cwtui, "export-items", str(sheet), status=0)["created"]
    with seeded.psa() as psa:
        path = f"/procurement/catalog/{created[0]['id']}"
        assert psa.patch(path, json=[{"op": "replace", "path": "price", "value": 3}]).status_code == 200
    left = cwtui.run("intermedia", "export-items", str(sheet), status=0)
    assert "AR_1.1" in left.err
    tried = cwtui.run("intermedia", "export-items", str(sheet), "--reset", "--dry-run", status=0)
    assert "3.00" in tried.out
    assert json_of(cwtui, "export-items", str(sheet), status=0)["differs"]
    reset = cwtui.run("intermedia", "export-items", str(sheet), "--reset", status=0)
    assert reset.out.index("3.00") < reset.out.index("1 reset")
    assert json_of(cwtui, "export-items", str(sheet), status=0)["same"]


@pytest.mark.parametrize("option", ["--profile", "--layout"])
def test_usage_of_another_vendor(option: str, seeded: Sandbox, opened: Opened, tmp_path: Path) -> None:
    cwtui = opened(seeded)
    config = tmp_path / "config.toml"
    config.write_text(
        '[usage.backup]\nagreement_type = "Cloud Services"\n'
        '[usage.backup.columns]\naccount_id = "Customer"\nsku = "Service"\nquantity = "Used GB"\n'
    )
    usage = tmp_path / "usage-2026-11-20.csv"
    usage.write_bytes("Customer\tService\tUsed GB\nGreenLane\tBACKUP-500\t4\n".encode("cp1252"))
    made = cwtui.run("--config", str(config), "usage", "import", str(usage), option, "backup", "--json", status=0)
    assert made.json["dated"].startswith("2026-11-20")
    cwtui.run("--config", str(config), "tasks", "sync", *made.json["created"], status=0)
    assert ("GreenLane", "BACKUP-500", "4", "114") in {row[:4] for row in held(seeded)}
    unknown = cwtui.run("--config", str(config), "usage", "import", str(usage), option, "other", status=2)
    known = "aws-cur, backup, focus, github, intermedia, microsoft-nce, pax8"
    assert f"There is no column profile other; there is {known}." in unknown.err


def test_a_column_profile_behind_the_settings_of_a_reseller(seeded: Sandbox, opened: Opened, tmp_path: Path) -> None:
    """Before the sub-command `--profile` names the settings, behind it the columns."""
    cwtui = opened(seeded)
    config = tmp_path / "config.toml"
    config.write_text('[profiles.west.usage.backup]\nagreement_type = "Cloud Services"\npriced_names = false\n')
    usage = tmp_path / "usage-2026-11-20.csv"
    usage.write_text("account_id,sku,quantity\nGreenLane,BACKUP-500,4\n")
    command = ("usage", "import", str(usage), "--profile", "backup", "--json")
    made = cwtui.run("--config", str(config), "--profile", "west", *command, status=0)
    assert len(made.json["created"]) == 1
    assert "no column profile backup" in cwtui.run("--config", str(config), *command, status=2).err


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        pytest.param("", 10, id="nothing about files"),
        pytest.param('[intermedia]\nagreement_type = "Intermedia"\n', 15, id="intermedia"),
        pytest.param('[usage.backup]\nagreement_type = "Backup"\n', 15, id="another vendor"),
    ],
)
def test_doctor_asks_what_vendors_files_need_where_they_are_set_up(
    settings: str, rows: int, sandbox: Sandbox, opened: Opened, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(settings)
    sandbox.behave(lacks=[["Companies", "Contacts", "Add"]])
    status = 0 if rows == 10 else 3
    asked = opened(sandbox).run("--config", str(config), "doctor", "--json", status=status).json["permissions"]
    assert len(asked) == rows
    missing = [(one["module"], one["permission"], one["level"]) for one in asked if not one["granted"]]
    assert missing == ([] if rows == 10 else [("Companies", "Contacts", "Add")])


def test_without_the_marketplace_a_partner_can_still_count(seeded: Sandbox, opened: Opened) -> None:
    cwtui = opened(seeded)
    for name in [name for name in cwtui.environment if name.startswith("CWTUI_MARKETPLACE")]:
        del cwtui.environment[name]
    assert json_of(cwtui, "setup", status=3)["complete"] is False
    assert "marketplace.base_url" in cwtui.run("check", status=2).err
    assert "marketplace.base_url" in cwtui.run("doctor", status=2).err
    cwtui.run("map", "set", "customer", "intermedia:IM100201", "270", status=0)
    services = cwtui.run("doctor", "--json", status=0).json["services"]
    assert [one["ok"] for one in services] == [True, True]
    assert "Not set up" in services[0]["message"]


@dataclass
class Story:
    """A partner's files, long enough to be killed in every step."""

    folder: Path
    sandbox: Sandbox
    cwtui: Cwtui
    agreements: list[int] = field(default_factory=list)

    def write(self) -> None:
        self.folder.mkdir()
        accounts = [
            f"{name},Company {name},1 Street,,Boise,ID,83702,US,5550150,Ines,{name},{name}@x.example"
            for name in ACCOUNTS
        ]
        columns = "account_id,name,address1,address2,city,state,zip,country,phone"
        self._file("accounts", f"{columns},contact_first_name,contact_last_name,contact_email", accounts)
        sheet = [
            f"S{number:02}R,Seat {number},{number}.{cost},{number + 3}" for number in range(6) for cost in (25, 95)
        ]
        self._file("sheet", "sku,description,unit_cost,retail_price", [*sheet, "SETO,Setup,0,25"])
        first = [f"{name},S{number:02}R,{5 + number},{number}.25" for name in ACCOUNTS for number in range(4)]
        self._file("first", "account_id,sku,quantity,unit_cost", [*first, *(f"{name},SETO,2,0" for name in ACCOUNTS)])
        then = [f"{name},S{number:02}R,{7 + number},{number}.95" for name in ACCOUNTS for number in range(1, 5)]
        self._file("then", "account_id,sku,quantity,unit_cost", then)

    def _file(self, name: str, header: str, rows: list[str]) -> None:
        (self.folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")

    def steps(self) -> Iterator[list[str]]:
        """Commands in their order; each may be killed and started again until it ends."""
        yield ["intermedia", "setup", "--apply"]
        yield ["intermedia", "export-accounts", str(self.folder / "accounts.csv"), "--manage-id"]
        yield ["intermedia", "export-items", str(self.folder / "sheet.csv")]
        yield ["intermedia", "cross-reference", "--apply"]
        self._add_agreements()
        for name, day in (("first", "2026-11-22"), ("then", "2026-12-22")):
            yield ["intermedia", "export-counts", str(self.folder / f"{name}.csv"), "--dated", day]  # some end with 3
            ready = [name for name, task in self.cwtui.tasks().items() if task["status"] == "ready"]
            assert len(ready) == len(ACCOUNTS)
            yield ["tasks", "sync", *ready]
            self._invoice()

    def _add_agreements(self) -> None:
        world = self.sandbox.control.get("/world").json()
        dates = {"type": "Intermedia", "bill_start": "2026-01-01", "next_invoice": "2026-12-01"}
        for row in world["psa"]["companies"]:
            self.agreements.append(self.sandbox.call("add_agreement", company_id=row["id"], **dates)["id"])

    def _invoice(self) -> None:
        for agreement in self.agreements:
            self.sandbox.call("advance_invoice", agreement_id=agreement, next_invoice_date="2027-01-01")

    def left(self) -> dict[str, Any]:
        """What ConnectWise holds in the end, by natural keys."""
        world = self.sandbox.control.get("/world").json()
        children = world["children"]
        return {
            "additions": held(self.sandbox),
            "companies": names_of(self.sandbox, "companies", "identifier"),
            "contacts": names_of(self.sandbox, "contacts", "lastName"),
            "catalog": names_of(self.sandbox, "catalog", "identifier"),
            "types": names_of(self.sandbox, "product_types", "name"),
            "manage_ids": sorted(
                row["groupIdentifier"] for rows in children["summary_reports"].values() for row in rows
            ),
            "cross_references": sorted(
                (row["vendorType"], row["vendorLevel"])
                for rows in children["cross_references"].values()
                for row in rows
            ),
        }


def test_a_killed_run_never_doubles(stack: ExitStack, opened: Opened, tmp_path: Path) -> None:
    sandbox = serve(stack)
    calm = Story(tmp_path / "calm files", sandbox, opened(sandbox, "calm"))
    calm.write()
    ends_as = [calm.cwtui.run(*arguments).status for arguments in calm.steps()]
    assert ends_as == [0, 0, 0, 0, 0, 0, 3, 0]  # 3: the second report lacks a SKU (files.md#vanished)
    expected, written = calm.left(), _written(calm.cwtui)
    assert len(expected["additions"]) == len(ACCOUNTS) * 9
    for kept in ("companies", "contacts", "catalog", "types", "manage_ids", "cross_references"):
        assert len(set(expected[kept])) == len(expected[kept])

    kills, round_ = 0, 0
    while kills < KILLS:
        round_ += 1
        chance, sandbox = chance_of(f"intermedia {round_}"), serve(stack)
        cwtui = opened(sandbox, f"round {round_}", CWTUI_SYNC__CONCURRENCY="2")
        story = Story(tmp_path / f"files {round_}", sandbox, cwtui)
        story.write()
        sandbox.behave(latency_ms=15)
        for arguments, status in zip(story.steps(), ends_as, strict=True):
            span_s = 0.8
            while not _ended_within(cwtui, cwtui.start(*arguments), span_s * chance.random(), status):
                kills, span_s = kills + 1, span_s * 1.3
                _assert_it_opens(cwtui)
        assert _beside(story.left(), expected) == ({}, {}), "doubled, lost"
        assert story.left() == expected
        assert _written(cwtui) == written
        rows = cwtui.run("audit", "--json", status=0).json
        ended = [row for row in rows if row["outcome"] in {"confirmed", "adopted"}]
        additions = Counter((row["task_id"], row["key"]) for row in ended if row["record"] == "addition")
        others = Counter((row["record"], row["name"]) for row in ended if row["record"] != "addition")
        assert set(additions.values()) == set(others.values()) == {1}
        for record in ("company", "contact", "catalog item", "cross-reference", "Manage ID"):
            assert sum(kind == record for kind, _ in others) == len(expected[KEPT[record]]), record


def _beside(left: dict[str, Any], expected: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands once more than in an undisturbed run, and what stands once less; of each kind with any."""
    doubled = {kind: Counter(left[kind]) - Counter(names) for kind, names in expected.items()}
    lost = {kind: Counter(names) - Counter(left[kind]) for kind, names in expected.items()}
    return {kind: more for kind, more in doubled.items() if more}, {kind: less for kind, less in lost.items() if less}


def _written(cwtui: Cwtui) -> Counter[tuple[str, ...]]:
    """Each write of an addition that is done: account, what was done, and its change without the addition's id."""
    rows = cwtui.run("audit", "--json", status=0).json
    done = [row for row in rows if row["record"] == "addition" and row["outcome"] in {"confirmed", "adopted"}]
    return Counter((row["task_id"].partition(".")[2], row["operation"], _ID.sub("", row["key"])) for row in done)


def _ended_within(cwtui: Cwtui, process: subprocess.Popen[str], seconds: float, status: int) -> bool:
    wait_until_begun(cwtui, process)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    ran = cwtui.ended(process)
    assert ran.status == status, ran.err + ran.out
    return True


def _assert_it_opens(cwtui: Cwtui) -> None:
    if cwtui.state.exists():
        with TinyDB(cwtui.state, access_mode="r") as state:
            assert state.tables() is not None
