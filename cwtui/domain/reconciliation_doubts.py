"""What a comparison finds right although it is not billed, or not for long.

Rule: reconciling.md#matching-and-not-charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from cwtui.domain.mappings import Link
from cwtui.domain.periods import ONE_DAY, BillingPeriod
from cwtui.domain.psa import Addition, BillCustomer
from cwtui.domain.reconciliation import ReconcileFacts, ReconciliationRow


def doubts(facts: ReconcileFacts, rows: Iterable[ReconciliationRow], period: BillingPeriod) -> Iterator[str]:
    """A sentence for each addition that counts as billed and was set otherwise in ConnectWise.

    What cwtui itself wrote so, or a person agreed to, is no doubt.
    """
    for row in rows:
        for held in row.additions if row.wanted else ():
            link = facts.link_of(held)
            if _is_not_charged(held, link):
                yield (
                    f"Addition {held.id} of {row.name} counts as billed, but nobody is charged for it: it was set to"
                    f" {held.values.bill} in ConnectWise."
                )
            last = _ended_by_hand(held, link, period)
            if last is not None and not any(other.values.effective == last + ONE_DAY for other in row.others):
                yield (
                    f"Addition {held.id} of {row.name} was ended on {last} in ConnectWise: nothing bills it after that"
                    " day."
                )


def _is_not_charged(held: Addition, link: Link | None) -> bool:
    bill = held.values.bill
    return bill is not BillCustomer.BILLABLE and (link is None or link.values.bill is not bill)


def _ended_by_hand(held: Addition, link: Link | None, period: BillingPeriod) -> date | None:
    """The last day, if nobody told cwtui of it; of what nobody linked, only where it comes with this period."""
    last = held.values.cancelled
    if link is not None:
        return None if link.values.cancelled == last else last
    return last if last is not None and last <= period.end else None
