"""An engine on a small sandbox world and a real state: what the upkeep tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from cwtui.composition import build_engine
from cwtui.domain.ids import AgreementId
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.psa import Addition
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.clock import SystemClock
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Progress
from cwtui.engine.workspace import Workspace
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.world import World
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.gate import Timing
from cwtui.settings import Settings
from cwtui.store.state import State, open_state

TODAY = date(2026, 11, 23)
CUSTOMER, MAIL, OFFICE = "1000011", "S1", "S2"
AGREEMENT, EXCHANGE_ITEM, OFFICE_ITEM = 101, 501, 502


async def _no_wait(seconds: float) -> None:
    """Pauses between tries take no time in a test."""


class Silent:
    """Hears everything, shows nothing, keeps the problems."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def progress(self, progress: Progress) -> None: ...
    def waits(self, message: str) -> None: ...
    def task_changed(self, task: Task) -> None: ...
    def written(self, row: AuditRow) -> None: ...
    def problem(self, message: str) -> None:
        self.problems.append(message)


def small_world(**agreement: Any) -> World:
    """One customer with 10 × 4.50 of Exchange on a monthly agreement billed through November 2026 (examples.md)."""
    world = World.empty(TODAY)
    world.add_customer("Green Lane LLC", id=CUSTOMER)
    world.add_product("P1", "Exchange Online", mpn="MPN1", price="4.50", cost="3.60")
    world.add_product("P2", "Business Standard", mpn="MPN2", price="12.10", cost="9.90")
    world.add_subscription(CUSTOMER, [("P1", 10)], id=MAIL)
    company = world.add_company("Green Lane LLC", identifier="GreenLane")
    fields = {"bill_start": "2026-01-01", "next_invoice": "2026-12-01", "currency": "EUR"} | agreement
    assert world.add_agreement(company["id"], name="Cloud", **fields)["id"] == AGREEMENT
    assert world.add_catalog_item("EXO-P1", "Exchange Online", price="5.00", cost="4.00")["id"] == EXCHANGE_ITEM
    assert world.add_catalog_item("M365-BS", "Business Standard", price="12.10", cost="9.90")["id"] == OFFICE_ITEM
    world.mappings += [
        ("customer", CUSTOMER, "", str(company["id"])),
        ("product", "P1", "", str(EXCHANGE_ITEM)),
        ("product", "P2", "", str(OFFICE_ITEM)),
        ("agreement", MAIL, "", str(AGREEMENT)),
        ("agreement", OFFICE, "", str(AGREEMENT)),
    ]
    return world


@dataclass
class Running:
    """An open engine and what it works on."""

    engine: Engine
    state: State
    world: World
    sandbox: Sandbox
    listener: Silent

    def work_by(self, **rules: Any) -> None:
        """Another engine on the same state and services, with other settings of the engine."""
        at = self.engine.workspace
        self._work_on(replace(at, rules=replace(at.rules, **rules)))

    def plan_by(self, **rules: Any) -> None:
        """Another engine, with other settings of planning."""
        at = self.engine.workspace
        self._work_on(replace(at, planning_rules=replace(at.planning_rules, **rules)))

    def go_on(self, today: date) -> None:
        """Another engine, on a later day."""
        self._work_on(replace(self.engine.workspace, clock=SystemClock(today)))

    def engine_on(self, state: State) -> Engine:
        """Another engine on another view of the state."""
        workspace = replace(self.engine.workspace, store=state)
        return Engine(workspace, replace(self.engine.desk, workspace=workspace), self.engine.tell)

    def _work_on(self, workspace: Workspace) -> None:
        self.engine = Engine(workspace, replace(self.engine.desk, workspace=workspace), self.engine.tell)

    def held(self, agreement: int = AGREEMENT) -> list[tuple[int, str, str, str, str | None]]:
        """The agreement's additions as ConnectWise holds them: item, quantity, price, first and last day."""
        rows = self.world.additions(agreement)
        shown = (
            (
                int(row["product"]["id"]),
                str(row["quantity"].normalize() if isinstance(row["quantity"], Decimal) else row["quantity"]),
                f"{Decimal(row['unitPrice']):.2f}",
                row["effectiveDate"][:10],
                row["cancelledDate"][:10] if row.get("cancelledDate") else None,
            )
            for row in rows
        )
        return sorted(shown, key=lambda row: (*row[:4], row[4] or "9"))

    async def additions(self, agreement: int = AGREEMENT) -> list[Addition]:
        return list(await self.engine.psa.additions(AgreementId(agreement)))


@asynccontextmanager
async def running(world: World, folder: Path, today: date = TODAY, **sync: Any) -> AsyncIterator[Running]:
    """An engine on this world; the state lies in `folder` and is kept from one to the next."""
    sandbox = create_app(world)
    transport = httpx.ASGITransport(sandbox)
    given = announcement("http://127.0.0.1")
    settings = Settings.model_validate(
        {**{name: given[name] for name in ("marketplace", "connectwise")}, "sync": {"settle_s": 0, **sync}}
    )
    market, psa = settings.marketplace, settings.connectwise
    marketplace = CloudBlue(
        market.base_url,
        market.username,
        market.password,
        market.subscription_key,
        market.marketplace,
        concurrency=settings.sync.concurrency,
        transport=transport,
        timing=Timing(sleep=_no_wait),
    )
    connectwise = ConnectWise(
        psa.base_url,
        psa.company_id,
        psa.public_key,
        psa.private_key,
        psa.client_id,
        concurrency=settings.sync.concurrency,
        transport=transport,
        timing=Timing(sleep=_no_wait),
    )
    state = open_state(folder / "state.json")
    listener = Silent()
    try:
        if not len(state.mappings()):
            for kind, name, charge, target in world.demo_mappings():
                state.save_mapping(Mapping(MappingKey(MappingKind(kind), name, charge or ""), int(target)))
        engine = build_engine(settings, state, marketplace, connectwise, SystemClock(today), listener)
        yield Running(engine, state, world, sandbox, listener)
    finally:
        await marketplace.aclose()
        await connectwise.aclose()
        state.close()
