"""A seeded sandbox in-process, a state in a folder, and the steps of a vendor on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from cwtui.composition import build_engine, close_services, open_services
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Progress
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.behaviour import Behaviour, Fault
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.world import World
from cwtui.settings import Settings
from cwtui.store.state import State, open_state
from cwtui.vendor_composition import vendor_exports
from cwtui.vendors.exports import VendorExports
from cwtui.vendors.layouts import ACCOUNT_COLUMNS

TODAY = date(2026, 11, 23)
JUNIPER, COBALT = "IM100201", "IM100202"
ACCOUNT_HEADER = ",".join(ACCOUNT_COLUMNS)
REPORT_HEADER = "account_id,sku,quantity,unit_cost"
SHEET_HEADER = "sku,description,unit_cost,retail_price"


class Silent:
    """Hears everything, says nothing."""

    def progress(self, progress: Progress) -> None: ...
    def waits(self, message: str) -> None: ...
    def task_changed(self, task: Task) -> None: ...
    def written(self, row: AuditRow) -> None: ...
    def problem(self, message: str) -> None: ...


@dataclass
class Partner:
    """One partner: the sandbox, the state, and the steps."""

    folder: Path
    sandbox: Sandbox
    settings: Settings
    state: State
    engine: Engine
    vendor: VendorExports
    _files: int = field(default=0)

    @property
    def world(self) -> World:
        return self.sandbox.world

    def plan_faults(self, *faults: Fault) -> None:
        self.sandbox.behaviour.plan(*faults)

    def file(self, header: str, *rows: str, name: str = "") -> Path:
        self._files += 1
        path = self.folder / (name or f"file{self._files}.csv")
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    def account(self, account: str, name: str = "Pinecrest Pharmacy", country: str = "US") -> str:
        return f"{account},{name},300 Main Street,,Boise,ID,83702,{country},5550150,Ines,Ortega,ines@pinecrest.example"

    async def export_accounts(self, *rows: str, manage_id: bool = False) -> Any:
        return await self.vendor.export_accounts(self.file(ACCOUNT_HEADER, *rows), manage_id=manage_id)

    async def export_items(self, *rows: str, reset: bool = False) -> Any:
        export, found = await self.vendor.compare_items(self.file(SHEET_HEADER, *rows))
        return await export.apply(found, reset=reset)

    async def export_counts(self, *rows: str, day: date | None = None, force: bool = False, adopts: bool = True) -> Any:
        """The partner says that the additions made by hand are what the report counts, unless told otherwise."""
        return await self.vendor.export_counts(self.file(REPORT_HEADER, *rows), day=day, force=force, adopts=adopts)

    async def ready(self) -> None:
        """Set up, Juniper and Cobalt linked, a small sheet exported."""
        await self.vendor.setup(apply=True)
        await self.export_accounts(self.account(JUNIPER, "Juniper Realty"), self.account(COBALT, "Cobalt Studios"))
        await self.export_items(
            "MXS10C01SUNR,Mailbox,7.25,11.50", "MXS10C01SUNR,Mailbox,7.95,12.25", "MXS10C01SUNO,Mailbox setup,0,25",
            "SPF20A01SUNR,Filter,1.10,2.00", "ARC30B01SUNR,Archive,2.40,",
        )  # fmt: skip

    def agreement(self, name: str) -> int:
        company = self.world.find("companies", "name", name)
        assert company is not None
        return next(int(row["id"]) for row in self.world.psa["agreements"] if row["company"]["id"] == company["id"])

    def additions(self, name: str) -> list[tuple[str, str, str, str, str]]:
        """Identifier, quantity, unit price, first and last day."""
        return [
            (
                row["product"]["identifier"],
                f"{row['quantity']:f}" if hasattr(row["quantity"], "normalize") else str(row["quantity"]),
                f"{row['unitPrice'].normalize():f}",
                row["effectiveDate"][:10],
                (row.get("cancelledDate") or "")[:10],
            )
            for row in self.world.additions(self.agreement(name))
        ]


Reopened = Callable[[], Any]


@contextmanager
def opened(folder: Path, sandbox: Sandbox, layout: str = "intermedia", **more: Any) -> Iterator[Partner]:
    """The steps on a state in that folder; the caller closes the services."""
    given = announcement("http://127.0.0.1")
    settings = Settings.model_validate(
        {name: given[name] for name in ("marketplace", "connectwise")} | {"sync": {"settle_s": 0}} | more
    )
    state = open_state(folder / "state.json")
    try:
        marketplace, psa = open_services(settings, httpx.ASGITransport(sandbox))
        engine = build_engine(settings, state, marketplace, psa, SystemClock(TODAY), Silent())
        yield Partner(folder, sandbox, settings, state, engine, vendor_exports(settings, engine, layout))
    finally:
        state.close()


@pytest.fixture
async def partner(tmp_path: Path) -> AsyncIterator[Partner]:
    with opened(tmp_path, create_app(World.seeded(TODAY), Behaviour())) as partner:
        yield partner
        await close_services(partner.engine.marketplace, partner.engine.psa)
