"""Drift, driven like a user over the demo's sandbox."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import Refused
from cwtui.domain.ids import AdditionId
from cwtui.domain.mappings import Link
from cwtui.engine.writing.drift import DriftChecker
from cwtui.tui.drift.screen import DriftScreen
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from tests.tui.demo_app import Demo, demo


async def drifted(app: Demo) -> Link:
    """Write one task, and remember another quantity than was written: as if ConnectWise's had been edited."""
    tasks = [task for task in await app.engine.tasks() if task.customer_id == "1000020" and task.status.is_open]
    await app.engine.sync([task.id for task in tasks])
    link = next(iter(app.engine.store.links()))
    ours = replace(link, values=replace(link.values, quantity=Decimal(7)))
    app.engine.store.save_link(ours)
    await app.press("6")
    await app.until(DriftScreen)
    await app.press("f")
    await app.until_idle()
    return ours


async def held(app: Demo, link: Link) -> Decimal:
    additions = await app.engine.psa.additions(link.agreement_id)
    return next(one.values.quantity for one in additions if one.id == link.addition_id)


async def test_nothing_drifted_is_said(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        await app.press("6")
        await app.until(DriftScreen)
        await app.press("f")
        await app.until_idle()
        assert app.top(DriftScreen).table.empty_text == "Nothing drifted: ConnectWise holds what cwtui wrote."


async def test_k_keeps_theirs_after_asking(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        link = await drifted(app)
        assert [row[0] for row in app.rows()] == ["! edited"]
        assert "quantity 7 → 40" in app.detail
        await app.press("K")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        kept = app.engine.store.link(link.addition_id)
        assert kept is not None
        assert kept.tolerated is not None
        assert (kept.values.quantity, kept.tolerated.quantity) == (Decimal(7), Decimal(40))
        assert app.rows() == []


async def test_a_adopts_theirs_after_asking(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        link = await drifted(app)
        await app.press("A")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        adopted = app.engine.store.link(link.addition_id)
        assert adopted is not None
        assert adopted.values.quantity == 40
        assert app.rows() == []


async def test_r_restores_ours_after_asking(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        link = await drifted(app)
        await app.press("R")
        await app.until(ConfirmScreen)
        await app.press("n")
        assert await held(app, link) == 40
        await app.press("R")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        assert await held(app, link) == 7
        assert app.rows() == []


async def test_what_connectwise_refuses_is_said_and_the_row_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        await drifted(app)

        async def refuse(_: DriftChecker, __: AdditionId) -> str:
            raise Refused("ConnectWise said [/no].", next_step="Look there.", service="PSA", status=400)

        monkeypatch.setattr(DriftChecker, "restore", refuse)
        await app.press("R")
        await app.until(ConfirmScreen)
        await app.press("y")
        await app.until_idle()
        assert "ConnectWise said [/no]. Nothing was changed. Look there." in app.messages
        assert len(app.rows()) == 1
