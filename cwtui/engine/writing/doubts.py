"""Creates that were given up: the additions they may still make, however late, are recognised as ours.

Rule: synchronising.md#exactly-once.

A service that is slow enough may commit a create long after everybody stopped waiting for it. Its addition then stands
beside the one that was sent in its place. Whatever appears in the agreement afterwards with exactly those values, was
not there before the first attempt, and belongs to no subscription, is that late double.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cwtui.domain.ledger import Doubt, Operation, Purpose, fit_of
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition
from cwtui.domain.records import Intent

LASTS = timedelta(hours=1)
"""A doubt ends with the first look at the agreement that is so much later."""


def doubt_of(intent: Intent, at: datetime) -> Doubt | None:
    """The doubt that a create leaves behind when it is given up; None of what creates nothing."""
    change = intent.change
    if change.after is None:
        return None
    return Doubt(
        seq=intent.seq,
        at=at,
        agreement_id=change.agreement_id,
        task_id=intent.task_id,
        subscription_id=intent.subscription_id,
        product_id=change.product_id,
        charge=change.charge,
        key=change.key,
        present=intent.present,
        values=change.after,
    )


def fits(doubt: Doubt, held: Addition) -> bool:
    """The addition may be the one that this create brought."""
    return held.id not in doubt.present and fit_of(doubt.values, held).is_exact


def removal(doubt: Doubt, held: Addition) -> Change:
    """The change that takes a late double away."""
    return Change(
        key=f"double:{doubt.seq}:{held.id}",
        operation=Operation.DELETE,
        agreement_id=doubt.agreement_id,
        product_id=doubt.product_id,
        charge=doubt.charge,
        before=held,
        source=f"audit row {doubt.seq}",
        rule="exactly once: an attempt that was given up came through after another took its place",
        purpose=Purpose.DOUBLE,
        refers_to=doubt.seq,
    )
