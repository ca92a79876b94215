"""What the operator left out of a plan that was written: noted in the audit, so that it stays visible.

Rule: plans.md#edits-stay-visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cwtui.domain.ids import TaskId
from cwtui.domain.ledger import Outcome
from cwtui.domain.plans import Change, Plan
from cwtui.domain.records import AuditRow, why_of
from cwtui.engine.workspace import Workspace


def note_left_out(workspace: Workspace, plan: Plan, run_id: str) -> None:
    """Note each change of a plan that was left out, once; before the plan is forgotten."""
    known = {row.key for row in left_out_rows(workspace, plan.task_id)}
    for change in plan.changes:
        if change.left_out and change.key not in known:
            workspace.store.note_left_out(_row(workspace, plan, change, run_id, workspace.clock.now()))


def left_out_rows(workspace: Workspace, task_id: TaskId) -> Sequence[AuditRow]:
    """What was left out of a task since it was taken back last, oldest first."""
    taken_back = workspace.store.taken_back(task_id)
    through = taken_back.through_seq if taken_back else -1
    return [row for row in workspace.store.audit(task_id=task_id) if row.is_left_out and row.seq > through]


def _row(workspace: Workspace, plan: Plan, change: Change, run_id: str, at: datetime) -> AuditRow:
    return AuditRow(
        seq=0,
        at=at,
        run_id=run_id,
        who=workspace.rules.who,
        task_id=plan.task_id,
        operation=change.operation,
        agreement_id=change.agreement_id,
        addition_id=change.addition_id,
        subscription_id=plan.subscription_id,
        product_id=change.product_id,
        charge=change.charge,
        before=change.before.values if change.before else None,
        after=change.after,
        outcome=Outcome.LEFT_OUT,
        key=change.key,
        purpose=change.purpose,
        refers_to=change.refers_to,
        is_standing=change.is_standing,
        why=why_of(change, "nothing was asked of ConnectWise"),
    )
