"""Forecast, driven like a user over the demo's sandbox."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.errors import Transient
from cwtui.domain.forecasts import Alarm, AlarmCode
from cwtui.domain.ids import AdditionId
from cwtui.engine.reporting.forecast import Forecaster, ForecastReport
from cwtui.tui.forecast.screen import ForecastScreen
from tests.tui.demo_app import Demo, demo


async def open_forecast(app: Demo) -> None:
    await app.press("5")
    await app.until(ForecastScreen)
    await app.press("f")
    await app.until_idle()


async def test_each_agreement_stands_with_its_next_invoice_before_and_after(tmp_path: Path) -> None:
    async with demo(tmp_path, size=(80, 24)) as app:
        await open_forecast(app)
        rows = {row[1]: row for row in app.rows()}
        before, after, difference = (Decimal(text) for text in rows["Green Lane Cloud Services"][3:6])
        assert rows["Green Lane Cloud Services"][2] == "Green Lane LLC"
        assert after - before == difference > 0
        assert "All agreements" in app.detail
        assert "bills no periods" in app.detail
        assert not await app.engine.audit()


async def test_alarms_come_first_and_say_what_would_be_billed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with demo(tmp_path) as app:
        report = await app.engine.forecaster.forecast()
        alarm = Alarm(AlarmCode.GAP, "Nobody bills [/] from 2026-12-01.", (AdditionId(7),))
        last = sorted(report.forecasts, key=lambda one: one.agreement_name)[-1]
        forecasts = tuple(replace(one, alarms=(alarm,)) if one is last else one for one in report.forecasts)

        async def alarmed(_: Forecaster) -> ForecastReport:
            return ForecastReport(forecasts)

        monkeypatch.setattr(Forecaster, "forecast", alarmed)
        await open_forecast(app)
        assert app.rows()[0][:2] == ["! 1 alarm", last.agreement_name]
        assert "! Nobody bills [/] from 2026-12-01." in app.detail


async def test_a_failure_says_all_of_it_in_the_pane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo(tmp_path) as app:

        async def fail(_: Forecaster) -> ForecastReport:
            raise Transient("ConnectWise does not answer.", next_step="Try again.", service="PSA")

        monkeypatch.setattr(Forecaster, "forecast", fail)
        await open_forecast(app)
        assert "ConnectWise does not answer. Nothing was changed. Try again." in app.detail
