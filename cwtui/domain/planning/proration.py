"""The prorated price (plans.md#prorated-price): what the days before a standing addition cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache, partial

from cwtui.domain.money import ZERO, price_text, round_price
from cwtui.domain.periods import ONE_DAY, BillingCalendar, BillingCycle
from cwtui.domain.plans import Arithmetic

_SHOWN_DECIMALS = 4


def prorated(price: Decimal, calendar: BillingCalendar, effective: date, before: date) -> Arithmetic:
    """Price the days from `effective` to the day before `before` (plans.md#prorated-price).

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
    parts, whole = _parts(calendar.cycle, calendar.anchor, effective, before)
    amount = price * whole
    for days, _, of in parts:
        amount += price * days / of
    return Arithmetic(amount, partial(_formula, price, parts, whole, amount))


@lru_cache(8192)
def _parts(
    cycle: BillingCycle, anchor: date, effective: date, before: date
) -> tuple[tuple[tuple[int, int | None, int], ...], int]:
    """The days to price: of each period that counts by its days (days, k, N), and how many count whole.

    k is None where the days do not reach the period's end, so that they are not N − k.
    """
    if before <= effective:
        raise ValueError(f"no day lies between {effective} and {before}")
    calendar = BillingCalendar(cycle, anchor)
    parts: list[tuple[int, int | None, int]] = []
    whole = 0
    first, period = True, calendar.period_of(effective)
    while period.start < before:
        begin, end = max(period.start, effective), min(period.end + ONE_DAY, before)
        days = (end - begin).days
        if days == period.days and not first:
            whole += 1
        else:
            parts.append((days, None if before <= period.end else (begin - period.start).days, period.days))
        first, period = False, calendar.next_period(period)
    return tuple(parts), whole


def _formula(price: Decimal, parts: tuple[tuple[int, int | None, int], ...], whole: int, amount: Decimal) -> str:
    unit = price_text(price)
    shown = [f"{unit} × {days if k is None else f'({of} − {k})'} ÷ {of}" for days, k, of in parts]
    shown += [f"{whole} × {unit}"] if whole else []
    return f"{' + '.join(shown)} = {price_text(round_price(amount or ZERO, _SHOWN_DECIMALS))}"
