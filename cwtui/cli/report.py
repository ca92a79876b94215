"""`cwtui report`: a month, or the next invoices, by customer and agreement (report.md#contents-of-the-report)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.engine_access import with_engine
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.domain.errors import InputError
from cwtui.domain.ids import CustomerId
from cwtui.domain.money import plain, price_text
from cwtui.domain.month_report import AgreementReport, BilledAmounts, MonthReport, Reason, ReportLine, TaskMention
from cwtui.domain.plain_text import plain_text
from cwtui.engine.facade import Engine

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@click.command(
    cls=ListingCommand,
    epilog=examples("cwtui report --month 2026-11", "cwtui report --html report.html --xlsx report.xlsx"),
)
@click.option("--month", metavar="YYYY-MM", help="The month; without it, the next invoices.")
@click.option("--customer", metavar="ID", help="Only this marketplace customer.")
@click.option("--html", "html", metavar="FILE", type=click.Path(path_type=Path), help="Also write a page to print.")
@click.option("--xlsx", "xlsx", metavar="FILE", type=click.Path(path_type=Path), help="Also write a workbook.")
def report(month: str | None, customer: str | None, html: Path | None, xlsx: Path | None) -> ExitStatus:
    """Report what is billed, what that costs and what changed since the month before, and why.

    Exit status 3 when tasks wait or warnings were not accepted yet. Nothing is written to ConnectWise.
    """
    first = None if month is None else _first_day(month)

    async def ask(engine: Engine) -> MonthReport:
        return await engine.reporter.report(first, None if customer is None else CustomerId(customer))

    found = with_engine(ask, only_reads=True)
    _write_files(found, html, xlsx)
    if current_options().json:
        answer_json(report_document(found))
    else:
        answer(_text(found))
    for skipped in found.skipped:
        tell(plain_text(skipped))
    return ExitStatus.NEEDS_ACTION if found.needs_person else ExitStatus.DONE


def _first_day(text: str) -> date:
    named = _MONTH.fullmatch(text.strip())
    try:
        return date(int(named[1]), int(named[2]), 1) if named else _refuse(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no month. Write it as 2026-11.") from error


def _refuse(text: str) -> date:
    raise click.UsageError(f"{text!r} is no month. Write it as 2026-11.")


def _write_files(found: MonthReport, html: Path | None, xlsx: Path | None) -> None:
    if html is not None and html == xlsx:
        raise InputError("--html and --xlsx name the same file.", next_step="Name two files.")
    from cwtui.engine.whole_file import write_whole  # noqa: PLC0415  # start-up: without a file nothing is made

    if html is not None:
        from cwtui.engine.reporting.report_html import report_html  # noqa: PLC0415

        write_whole(html, report_html(found).encode())
        tell(f"{html} was written.")
    if xlsx is not None:
        from cwtui.engine.reporting.report_xlsx import report_xlsx  # noqa: PLC0415

        write_whole(xlsx, report_xlsx(found))
        tell(f"{xlsx} was written.")


def report_document(found: MonthReport) -> dict[str, object]:
    """The report as JSON."""
    return {
        "month": found.title if found.month else None,
        "as_of": found.as_of.isoformat(),
        "totals": [{"currency": currency, **_sums(now, before)} for currency, (now, before) in found.totals.items()],
        "agreements": [_agreement(one) for one in found.agreements],
        "warnings": [_task(one) | {"accepted": one.accepted or None} for one in found.warned],
        "waiting": [_task(one) for one in found.waiting],
        "skipped": list(found.skipped),
    }


def _agreement(one: AgreementReport) -> dict[str, object]:
    return {
        "agreement": {"id": one.agreement_id, "name": one.name},
        "customer": one.customer_name,
        "currency": one.currency,
        "periods": [{"start": each.start.isoformat(), "end": each.end.isoformat()} for each in one.periods],
        **_sums(one.now, one.before),
        "approximate": one.is_prorated,
        "additions": [_line(line) for line in one.lines],
        "unreadable": list(one.unreadable),
    }


def _line(line: ReportLine) -> dict[str, object]:
    held = line.addition.values
    return {
        "id": line.addition.id,
        "customer": {"id": line.customer_id or None, "name": line.customer_name},
        "catalog_item": {"id": held.catalog_item_id, "identifier": line.addition.catalog_item},
        "description": held.description,
        "quantity": held.quantity,
        "unit_price": held.unit_price,
        "unit_cost": held.unit_cost,
        "effective": held.effective.isoformat(),
        "cancelled": held.cancelled.isoformat() if held.cancelled else None,
        **_sums(line.now, line.before),
        "move": line.move.value,
        "reasons": [_why(why) for why in line.reasons],
    }


def _why(why: Reason) -> dict[str, object]:
    return {
        "at": why.at.isoformat(),
        "what": why.what,
        "order": why.order,
        "rule": why.rule,
        "arithmetic": list(why.arithmetic),
        "who": why.who,
    }


def _task(one: TaskMention) -> dict[str, object]:
    return {
        "task": one.task_id,
        "customer": {"id": one.customer_id, "name": one.customer_name},
        "subscription": one.subscription_name,
        "order": one.order_number,
        "status": one.status,
        "texts": list(one.texts),
    }


def _sums(now: BilledAmounts, before: BilledAmounts) -> dict[str, object]:
    return {
        "billed": now.price,
        "cost": now.cost,
        "margin": now.margin,
        "before": before.price,
        "difference": now.price - before.price,
    }


def _text(found: MonthReport) -> str:
    if not found.agreements:
        return "No mapped agreement bills anything."
    lines = [_agreements_table(found.agreements), ""]
    for currency, (now, before) in found.totals.items():
        name = currency or "without a currency"
        margin = "" if now.margin_percent is None else f" ({now.margin_percent} %)"
        lines.append(
            plain_text(
                f"Total {name}: {price_text(now.price)}, cost {price_text(now.cost)},"
                f" margin {price_text(now.margin)}{margin}, {_signed(now.price - before.price)} since before"
            )
        )
    moved = [(one, line) for one in found.agreements for line in one.moved]
    if moved:
        lines += ["", "What changed:", *(text for one, line in moved for text in _moved(one, line))]
    lines += _tasks("Warnings", found.warned, accepted=True) + _tasks("Waiting", found.waiting, accepted=False)
    return "\n".join(lines)


def _agreements_table(agreements: Sequence[AgreementReport]) -> str:
    headers = ("CUSTOMER", "AGREEMENT", "ID", "PERIOD", "CURRENCY", "BILLED", "COST", "MARGIN", "BEFORE", "DIFFERENCE")
    rows = [
        (
            *(one.customer_name, one.name, one.agreement_id),
            f"{one.periods[0].start} to {one.periods[-1].end}" if one.periods else "bills nothing then",
            one.currency,
            *map(price_text, (one.now.price, one.now.cost, one.now.margin, one.before.price)),
            _signed(one.now.price - one.before.price),
        )
        for one in agreements
    ]
    return table(headers, rows, right=set(headers[5:]))


def _moved(one: AgreementReport, line: ReportLine) -> list[str]:
    held = line.addition.values
    name = held.description or line.addition.catalog_item
    difference = _signed(line.now.price - line.before.price)
    texts = [
        plain_text(
            f"  {one.customer_name}, {name} (addition {line.addition.id}): {line.move.value}, {difference};"
            f" {plain(held.quantity)} × {price_text(held.unit_price)}"
        )
    ]
    for why in line.reasons:
        order = f", order {why.order}" if why.order else ""
        texts.append(plain_text(f"    {why.at:%Y-%m-%d} {why.what}{order}: {why.rule} ({why.who})"))
        texts += [plain_text(f"      {shown}") for shown in why.arithmetic]
    if not line.reasons:
        texts.append("    not written by cwtui")
    return texts


def _tasks(title: str, mentions: Sequence[TaskMention], *, accepted: bool) -> list[str]:
    if not mentions:
        return []
    lines = ["", f"{title}: {counted(len(mentions), 'task')}"]
    for one in mentions:
        end = f" [accepted by {one.accepted}]" if one.accepted else " [nobody accepted it yet]" if accepted else ""
        whose = f"{one.customer_name}, {one.subscription_name or one.task_id}, {one.order_number}"
        lines.append(plain_text(f"  {whose}: {' '.join(one.texts) or one.status}{end}"))
    return lines


def _signed(amount: Decimal) -> str:
    return f"+{price_text(amount)}" if amount > 0 else price_text(amount)
