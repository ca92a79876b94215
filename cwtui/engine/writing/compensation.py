"""Evens out, by one-time additions, what an undo cannot take back because it was invoiced meanwhile.

Rule: synchronising.md#compensation.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.money import plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow

_SUFFIX = ":credit"
"""How the key of a compensating write ends."""
_CREDIT_RULE = "undo: what was invoiced meanwhile is given back once"
_CHARGE_RULE = "undo: what was not invoiced meanwhile is billed once"


def compensation(
    row: AuditRow, held: Addition | None, dates: AgreementDates, through: date, decimals: int
) -> Change | None:
    """The one-time addition that evens out one write; None if nothing of it was invoiced, or missed.

    Args:
        row: The write that is taken back.
        held: What it created or changed, as ConnectWise holds it.
        dates: Of its agreement.
        through: The last day that was invoiced when the write was taken back.
        decimals: Of a price as it is sent.
    """
    if row.operation == Operation.CREATE:
        return None if held is None else _credit(row, held.values, dates, through, decimals)
    if dates.prorates or row.before is None or not row.is_standing:
        return None  # how much of it ConnectWise prorated by itself is not known
    first = row.before.effective
    if row.operation == Operation.UPDATE:
        ended, was_to_end = row.after.cancelled if row.after else None, row.before.cancelled
        if ended is None or (was_to_end is not None and was_to_end <= ended):
            return None
        first = max(first, ended + ONE_DAY)
    begins, last = dates.calendar.first_start_from(first), _last(row.before, through)
    if begins > last:
        return None
    return _once(row, row.before, _periods(dates, begins, last), span_text(begins, last), dates, decimals)


def _credit(
    row: AuditRow, values: AdditionValues, dates: AgreementDates, through: date, decimals: int
) -> Change | None:
    """The credit for an addition that should never have been there."""
    if values.effective > through:
        return None
    last = _last(values, through)
    share = _periods(dates, values.effective, last) if row.is_standing else Decimal(1)
    return _once(row, values, -share, span_text(values.effective, last), dates, decimals)


def _last(values: AdditionValues, through: date) -> date:
    return through if values.cancelled is None else min(values.cancelled, through)


def _periods(dates: AgreementDates, first: date, last: date) -> Decimal:
    """How many billing periods these days are; parts count only where ConnectWise prorates."""
    total, period = Decimal(0), dates.calendar.period_of(first)
    while period.start <= last:
        days = (min(period.end, last) - max(period.start, first)).days + 1
        total += Decimal(days) / period.days if dates.prorates else 1
        period = dates.calendar.next_period(period)
    return total


def _once(
    row: AuditRow, values: AdditionValues, share: Decimal, days: str, dates: AgreementDates, decimals: int
) -> Change | None:
    """The values for so many periods, on the next invoice; negative ones are given back."""
    if not values.unit_price or not share:
        return None
    is_credit = share < 0
    period = dates.one_time_period(dates.first_open_day)
    after = replace(
        values,
        unit_price=round_price(values.unit_price * share, decimals),
        unit_cost=round_price(values.unit_cost * share, decimals),
        effective=period.start,
        cancelled=period.end,
        description=f"{values.description} - {'credit' if is_credit else 'billed late'} {days}",
    )
    sign, invoiced = ("−", "invoiced") if is_credit else ("", "not invoiced")
    count = price_text(round_price(abs(share), decimals))
    return Change(
        key=f"undo:{row.seq}{_SUFFIX}",
        operation=Operation.CREATE,
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        charge=Charge.CREDIT if is_credit else Charge.OTHER,
        after=after,
        arithmetic=(f"{sign}{price_text(values.unit_price)} × {count} periods {invoiced}",),
        source=f"audit row {row.seq}",
        rule=_CREDIT_RULE if is_credit else _CHARGE_RULE,
        purpose=Purpose.COMPENSATION,
        refers_to=row.seq,
    )


def brief(values: AdditionValues) -> str:
    """An addition in a few words."""
    until = f" to {values.cancelled}" if values.cancelled else ""
    return f"{plain(values.quantity)} × {price_text(values.unit_price)} from {values.effective}{until}"


def compensation_text(change: Change, *, written: bool) -> str:
    """A sentence on what a compensating addition does, or would do."""
    if change.after is None:
        raise AssertionError(f"{change.key} creates nothing")
    if change.charge is Charge.CREDIT:
        done, offer = "gives it back", "To give it back"
    else:
        done, offer = "bills what was not invoiced meanwhile", "To bill what was not invoiced meanwhile"
    if written:
        return f"A one-time addition {done}: {brief(change.after)}."
    return f"{offer}, undo with --compensate: a one-time addition of {brief(change.after)}."
