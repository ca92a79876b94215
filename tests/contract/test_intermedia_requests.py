"""Every request that a partner's steps send to ConnectWise is one the published contract allows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cwtui.domain.errors import ServiceError
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.sandbox.app import Sandbox, create_app
from cwtui.sandbox.credentials import PSA, PSA_BASE
from cwtui.sandbox.demo_files import copy_demo_files
from cwtui.sandbox.world import World
from cwtui.services.connectwise import ConnectWise
from cwtui.store.state import open_state
from cwtui.vendors.accounts import AccountExport, read_accounts
from cwtui.vendors.cross_references import CrossReferences
from cwtui.vendors.items import ItemExport, ItemState
from cwtui.vendors.layouts import Layout
from cwtui.vendors.setup_tables import VendorSetup
from cwtui.vendors.sku_sheet import read_sku_sheet

pytestmark = pytest.mark.contract
TODAY = date(2026, 11, 23)


class Checked(httpx.AsyncBaseTransport):
    """The sandbox, every request held against the contract before it is answered."""

    def __init__(self, sandbox: Sandbox, contract: Any) -> None:
        self.inner, self.contract = httpx.ASGITransport(sandbox), contract
        self.written: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(PSA_BASE)
        body = json.loads(request.content) if request.content else None
        self.contract.check_request(request.method, path, body, request.url.params.keys())
        if request.method != "GET":
            self.written.add((request.method, self.contract.template(request.method, path)))
        return await self.inner.handle_async_request(request)


class Silent:
    """Hears everything, says nothing."""

    def progress(self, progress: object) -> None: ...
    def waits(self, message: str) -> None: ...
    def task_changed(self, task: object) -> None: ...
    def written(self, row: object) -> None: ...
    def problem(self, message: str) -> None: ...


async def test_every_step_sends_what_the_contract_allows(tmp_path: Path, psa_contract: Any) -> None:
    world = World.empty(TODAY)
    transport = Checked(create_app(world), psa_contract)
    psa = ConnectWise(
        "http://127.0.0.1",
        PSA.company_id,
        PSA.public_key,
        SecretStr(PSA.private_key),
        PSA.client_id,
        transport=transport,
    )
    accounts, sheet, *_ = copy_demo_files(tmp_path / "files")
    state, layout, once = open_state(tmp_path / "state.json"), Layout(), CreateOnce(0)
    try:
        setup = VendorSetup(psa, layout, once)
        assert (await setup.checklist(apply=True)).is_complete
        first = AccountExport(psa, state, Silent(), layout, once)
        assert len((await first.run(read_accounts(accounts, layout), manage_id=True)).created) == 5
        report = next(iter(world.children["summary_reports"].values()))
        next(iter(report))["groupIdentifier"] = "another"
        second = AccountExport(psa, state, Silent(), layout, once)
        assert (await second.run(read_accounts(accounts, layout), manage_id=True)).failures == ()
        items = ItemExport(psa, state, Silent(), layout, once, setup)
        created = await items.apply(await items.compare(read_sku_sheet(sheet, layout)))
        assert len(created.of(ItemState.CREATED)) == 5
        held = world.find("catalog", "identifier", "SPF20A01SUNR_1.1")
        assert held
        held["price"] = 9
        again = ItemExport(psa, state, Silent(), layout, once, setup)
        reset = await again.apply(await again.compare(read_sku_sheet(sheet, layout)), reset=True)
        assert len(reset.of(ItemState.RESET)) == 1
        assert len(await CrossReferences(psa, state, Silent(), layout, once, setup).run(apply=True)) == 5
    except ServiceError as error:
        pytest.fail(str(error))
    finally:
        state.close()
        await psa.aclose()
    assert transport.written == {
        ("POST", "/procurement/types"),
        ("POST", "/finance/agreements/types"),
        ("POST", "/procurement/categories"),
        ("POST", "/procurement/subcategories/"),
        ("POST", "/company/managementItSolutions"),
        ("POST", "/company/managedDevicesIntegrations"),
        ("POST", "/company/companies"),
        ("POST", "/company/contacts"),
        ("POST", "/company/companies/{parentId}/managementSummaryReports"),
        ("PATCH", "/company/companies/{parentId}/managementSummaryReports/{id}"),
        ("POST", "/procurement/catalog"),
        ("PATCH", "/procurement/catalog/{id}"),
        ("POST", "/company/managedDevicesIntegrations/{parentId}/crossReferences"),
    }
