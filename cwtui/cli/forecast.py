"""`cwtui forecast`: the next invoices before and after the pending plans, with alarms."""

from __future__ import annotations

from decimal import Decimal

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.domain.forecasts import Forecast, totals
from cwtui.domain.ids import CustomerId
from cwtui.domain.money import price_text
from cwtui.domain.plain_text import plain_text
from cwtui.engine.facade import Engine
from cwtui.engine.reporting.forecast import ForecastReport


@click.command(cls=ListingCommand, epilog=examples("cwtui forecast", "cwtui forecast --customer 1000011 --json"))
@click.option("--customer", metavar="ID", help="Only this marketplace customer's agreements.")
def forecast(customer: str | None) -> ExitStatus:
    """Forecast each agreement's next invoice, before and after the plans that are ready to be written.

    Names what would be billed twice or not at all. Exit status 3 when there is such an alarm. Nothing is written.
    """

    async def ask(engine: Engine) -> ForecastReport:
        return await engine.forecaster.forecast(None if customer is None else CustomerId(customer))

    report = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json(_document(report))
    else:
        answer(_text(report))
    for skipped in report.skipped:
        tell(plain_text(skipped))
    return ExitStatus.NEEDS_ACTION if report.has_alarms else ExitStatus.DONE


def _document(report: ForecastReport) -> dict[str, object]:
    sums = totals(report.forecasts)
    return {
        "agreements": [_forecast_document(one) for one in report.forecasts],
        "totals": [{"currency": name, "before": sums[name][0], "after": sums[name][1]} for name in sums],
        "skipped": list(report.skipped),
    }


def _forecast_document(one: Forecast) -> dict[str, object]:
    period = one.invoice.period
    return {
        "agreement": one.agreement_id,
        "name": one.agreement_name,
        "currency": one.currency,
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "before": one.invoice.before,
        "after": one.invoice.after,
        "difference": one.invoice.difference,
        "approximate": one.invoice.is_prorated,
        "planned_changes": one.planned,
        "waiting_tasks": one.waiting,
        "alarms": [
            {"code": alarm.code.value, "message": alarm.message, "additions": list(alarm.additions)}
            for alarm in one.alarms
        ],
        "notes": list(one.notes),
    }


def _text(report: ForecastReport) -> str:
    if not report.forecasts:
        return "No mapped agreement bills anything."
    headers = ("AGREEMENT", "NAME", "NEXT PERIOD", "CURRENCY", "BEFORE", "AFTER", "DIFFERENCE", "CHANGES", "NOTE")
    right = {"BEFORE", "AFTER", "DIFFERENCE", "CHANGES"}
    lines = [table(headers, [_cells(one) for one in report.forecasts], right=right)]
    for currency, (before, after) in totals(report.forecasts).items():
        lines.append(plain_text(f"Total {currency or 'without a currency'}: {_money(before)} → {_money(after)}"))
    for one in report.forecasts:
        lines += [plain_text(f"  ! {one.agreement_name}: {alarm.message}") for alarm in one.alarms]
        lines += [plain_text(f"  - {one.agreement_name}: {note}") for note in one.notes]
    return "\n".join(lines)


def _cells(one: Forecast) -> tuple[object, ...]:
    invoice = one.invoice
    period = f"{invoice.period.start} to {invoice.period.end}"
    sums = (_money(invoice.before), _money(invoice.after), _money(invoice.difference))
    alarms = f"{len(one.alarms)} alarms" if one.alarms else "approximate" if invoice.is_prorated else ""
    return one.agreement_id, one.agreement_name, period, one.currency, *sums, one.planned, alarms


def _money(amount: Decimal) -> str:
    return price_text(amount)
