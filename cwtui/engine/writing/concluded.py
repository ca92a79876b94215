"""What a concluded write leaves in the state: its audit row, and the links it makes or ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cwtui.domain.ids import AdditionId
from cwtui.domain.ledger import Operation, Outcome, Purpose, Why
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition
from cwtui.domain.records import AuditRow, Intent, why_of


def audit_row(
    intent: Intent, held: Addition | None, outcome: Outcome, reason: str, *, at: datetime, run_id: str, who: str
) -> AuditRow:
    """The audit row of a write.

    Args:
        intent: The write.
        held: The addition it made or changed; None if it made none, or deleted one.
        outcome: How it ended.
        reason: Why it failed; empty if it did not.
        at: When it ended.
        run_id: The run that wrote it.
        who: The operator.
    """
    change = intent.change
    return AuditRow(
        seq=intent.seq,
        at=at,
        run_id=run_id,
        who=who,
        task_id=intent.task_id,
        operation=change.operation,
        agreement_id=change.agreement_id,
        addition_id=held.id if held else change.addition_id,
        subscription_id=intent.subscription_id,
        product_id=change.product_id,
        charge=change.charge,
        before=change.before.values if change.before else None,
        after=held.values if held else change.after,
        outcome=outcome,
        reason=reason,
        key=change.key,
        purpose=change.purpose,
        refers_to=change.refers_to,
        is_standing=change.is_standing,
        why=_why(intent, held),
    )


def link_changes(
    intent: Intent, held: Addition | None, kept: Link | None, at: datetime
) -> tuple[Sequence[Link], Sequence[AdditionId]]:
    """The links that a write which was done makes, and the additions whose links it ends.

    Args:
        intent: The write.
        held: The addition it made or changed.
        kept: The link that addition has already.
        at: When it ended.
    """
    change = intent.change
    if change.operation is Operation.DELETE:
        return [], [change.addition_id] if change.addition_id is not None else []
    if held is None:
        return [], []
    if kept is not None:
        return [replace(kept, values=held.values, task_id=intent.task_id, at=at, is_unread=True)], []
    made = Link(
        addition_id=held.id,
        agreement_id=change.agreement_id,
        subscription_id=intent.subscription_id,
        product_id=change.product_id,
        charge=change.charge,
        values=held.values,
        task_id=intent.task_id,
        at=at,
        is_standing=change.is_standing,
        is_unread=True,
    )
    return [made], _replaced(change)


def _replaced(change: Change) -> list[AdditionId]:
    """The addition that is gone and that a create stands for from now on."""
    is_restore = change.purpose is Purpose.RESTORE and change.operation is Operation.CREATE
    return [AdditionId(change.refers_to)] if is_restore and change.refers_to is not None else []


def _why(intent: Intent, held: Addition | None) -> Why:
    change = intent.change
    after = held.values if held else None
    stored = after.billing_differences(change.after) if after and change.after else {}
    return why_of(
        change,
        f"{change.operation} in agreement {change.agreement_id}, intended {intent.at.isoformat()}",
        {name: f"{ours} instead of {theirs}" for name, (ours, theirs) in stored.items()},
    )
