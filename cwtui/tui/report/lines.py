"""The month's report as lines of the detail pane: bars, sums, and what changed and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from cwtui.domain.money import plain, price_text
from cwtui.domain.month_report import AgreementReport, BilledAmounts, MonthReport, Move, ReportLine, TaskMention
from cwtui.domain.periods import span_text
from cwtui.tui.widgets.bars import bar
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.task_rows import signed
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted

_BAR, _LABEL, _SUM = 24, 8, 14
_MOVES = {Move.NEW: "+", Move.ENDED: "−", Move.CHANGED: "~", Move.SAME: "="}


def bar_lines(rows: Sequence[tuple[str, Decimal, Tone]], currency: str, most: Decimal | None = None) -> Iterator[Line]:
    """A bar a line, on one scale: `before   ████████   1,234.00 EUR`."""
    scale = most or max((abs(amount) for _, amount, _ in rows), default=Decimal(0))
    for label, amount, tone in rows:
        drawn = bar(amount, scale, _BAR)
        yield Line(f"{label:<{_LABEL}}{drawn:<{_BAR}}{price_text(amount):>{_SUM}} {currency}".rstrip(), tone)


def sum_lines(now: BilledAmounts, before: BilledAmounts, currency: str) -> Iterator[Line]:
    """The month before, this month, what it costs, and what is left of it."""
    rows = (("before", before.price, Tone.MUTED), ("now", now.price, Tone.GOOD), ("cost", now.cost, Tone.ATTENTION))
    yield from bar_lines(rows, currency)
    yield Line(f"{'change':<{_LABEL}}{'':<{_BAR}}{signed(now.price - before.price):>{_SUM}} {currency}".rstrip())
    yield Line(f"{'margin':<{_LABEL}}{margin_text(now):<{_BAR}}{signed(now.margin):>{_SUM}} {currency}".rstrip())


def margin_text(amounts: BilledAmounts) -> str:
    """`46.7 %`; empty where nothing is billed."""
    percent = amounts.margin_percent
    return "" if percent is None else f"{percent} %"


def agreement_lines(one: AgreementReport) -> Iterator[Line]:
    """One agreement: its sums as bars, then what differs from the month before, and why."""
    yield Line(f"{one.customer_name} · {one.name} ({one.agreement_id})", Tone.HEADING)
    spans = ", ".join(span_text(period.start, period.end) for period in one.periods)
    yield Line(spans or "No billing period begins in this month.", Tone.MUTED)
    if one.is_prorated:
        yield Line("ConnectWise prorates this agreement by itself: sums of part periods are approximate.", Tone.MUTED)
    yield Line("")
    yield from sum_lines(one.now, one.before, one.currency)
    yield Line("")
    yield Line("What changed, and why" if one.moved else "Nothing changed since the month before.", Tone.HEADING)
    for line in one.moved:
        yield from _moved_lines(line, one.currency)
    if one.unreadable:
        named = ", ".join(map(str, one.unreadable))
        yield Line(f"! In no sum, because ConnectWise does not name all of it: addition {named}.", Tone.ATTENTION)


def _moved_lines(line: ReportLine, currency: str) -> Iterator[Line]:
    held = line.addition.values
    name = held.description or line.addition.catalog_item
    change = signed(line.now.price - line.before.price)
    yield Line(f"{_MOVES[line.move]} {name} · {change} {currency}".rstrip(), _tone(line.move))
    yield Line(f"{plain(held.quantity)} × {price_text(held.unit_price)} · addition {line.addition.id}", indent=2)
    if not line.reasons:
        yield Line("made in ConnectWise, not by cwtui", Tone.MUTED, indent=2)
    for reason in line.reasons:
        order = f" · order {reason.order}" if reason.order else ""
        who = f" · {reason.who}" if reason.who else ""
        yield Line(f"{reason.at:%Y-%m-%d} {reason.what}{order}{who}", Tone.MUTED, indent=2)
        yield from (Line(step, Tone.MUTED, indent=4) for step in reason.arithmetic)


def _tone(move: Move) -> Tone:
    return {Move.NEW: Tone.GOOD, Move.ENDED: Tone.BAD, Move.CHANGED: Tone.ATTENTION, Move.SAME: Tone.MUTED}[move]


def report_lines(found: MonthReport) -> Iterator[Line]:
    """All agreements together, what waits, and what is not in the sums."""
    for currency, (now, before) in found.totals.items():
        yield Line("")
        yield Line(f"All agreements{f' in {currency}' if currency else ''}", Tone.HEADING)
        yield from sum_lines(now, before, currency)
    open_warnings = [one for one in found.warned if not one.accepted]
    yield from _mentioned("Waits for a person, so it is not in these sums", found.waiting)
    yield from _mentioned("Warnings that nobody accepted yet", open_warnings)
    for text in found.skipped:
        yield Line(f"! {text}", Tone.ATTENTION)


def _mentioned(title: str, mentions: Sequence[TaskMention]) -> Iterable[Line]:
    if not mentions:
        return
    yield Line("")
    yield Line(f"{title}: {counted(len(mentions), 'task')}", Tone.HEADING)
    for one in mentions:
        yield Line(f"! {one.customer_name} · {one.subscription_name} · {one.order_number}", Tone.ATTENTION)
        yield from (Line(text, Tone.MUTED, indent=2) for text in one.texts)
