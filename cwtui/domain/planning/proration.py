"""The prorated price (SPEC 6): what the days before a standing addition cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cwtui.domain.money import plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, BillingCalendar
from cwtui.domain.plans import Arithmetic


def prorated(price: Decimal, calendar: BillingCalendar, effective: date, before: date) -> Arithmetic:
    """Price the days from `effective` to the day before `before` (SPEC 6, prorated price).

    Args:
        price: Of one unit for a whole billing period.
        calendar: The agreement's billing periods.
        effective: e, the first day.
        before: s, the day the standing addition starts; later than `effective`.

    Returns:
        price × (N − k) ÷ N of the first period, plus the price once for every further whole period. Where `before`
        lies inside a period (an agreement whose billing starts there), that period counts by its days.

    Raises:
        ValueError: If there is no day to price.
    """
    if before <= effective:
        raise ValueError(f"no day lies between {effective} and {before}")
    first = calendar.period_of(effective)
    amount, shown = Decimal(0), []
    period, whole = first, 0
    while period.start < before:
        skipped = max((effective - period.start).days, 0)
        days = (min(period.end + ONE_DAY, before) - max(period.start, effective)).days
        if days == period.days and period != first:
            whole += 1
        elif days == period.days - skipped:
            amount += price * days / period.days
            shown.append(f"{price_text(price)} × ({period.days} − {skipped}) ÷ {period.days}")
        else:
            amount += price * days / period.days
            shown.append(f"{price_text(price)} × {days} ÷ {period.days}")
        period = calendar.next_period(period)
    if whole:
        amount += price * whole
        shown.append(f"{whole} × {price_text(price)}")
    return Arithmetic(amount, f"{' + '.join(shown)} = {price_text(_readable(amount))}")


def _readable(amount: Decimal) -> Decimal:
    return Decimal(plain(round_price(amount, 4)))
