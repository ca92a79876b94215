"""Runs: what one start of the program wrote, and taking it back as a whole (synchronising.md#undo)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from cwtui.domain.errors import CwtuiError, InputError
from cwtui.domain.ids import TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.records import AuditRow
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.reports import UndoReport, Writes
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.task_work import TaskWork


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run.

    Attributes:
        at: When it first wrote; `until`: when it last did.
        tasks: Those it wrote for, in that order.
        failed: Writes that did not happen.
    """

    run_id: str
    at: datetime
    until: datetime
    who: str
    tasks: tuple[TaskId, ...]
    writes: Writes
    failed: int


@dataclass(slots=True)
class Runs(Feature):
    """Every run of the audit."""

    work: TaskWork

    def list(self) -> tuple[RunSummary, ...]:
        """All runs that wrote something, oldest first."""
        rows: dict[str, list[AuditRow]] = defaultdict(list)
        for row in self.store.audit():
            rows[row.run_id].append(row)
        return tuple(_summary(run) for run in rows.values() if not all(row.is_left_out for row in run))

    async def undo(self, run_id: str, *, compensate: bool = False) -> UndoReport:
        """Take back every task a run wrote for, the last one first; a failure is reported, and the others go on.

        Args:
            run_id: As `runs` lists it.
            compensate: Give back what was invoiced meanwhile, by one-time additions.

        Raises:
            InputError: There is no such run.
        """
        rows = [row for row in self.store.audit(run_id=run_id) if row.is_done]
        if not rows:
            raise InputError(f"No run {run_id} wrote anything.", next_step=Remedy(Action.SEE_RUNS))
        lines: list[str] = []
        complete = True
        for name in dict.fromkeys(row.task_id for row in reversed(rows)):
            if self.is_stopping:
                return UndoReport((*lines, "Stopped. Undo the run again to go on."), complete=False)
            task = self.store.task(name)
            if task is None:
                lines.append(f"{name}: no task wrote it, so it is not taken back.")
                continue
            later = {row.run_id for row in self.work.undoing.rows(task)}
            if later and run_id not in later:
                lines.append(
                    f"{name}: what this run wrote is taken back already; {', '.join(sorted(later))} wrote since."
                )
                continue
            try:
                report = await self.work.undo(name, compensate=compensate)
            except InputError:
                lines.append(f"{name}: it is taken back already.")
                continue
            except CwtuiError as error:
                lines.append(f"{name}: {error}")
                complete = False
                continue
            lines += [f"{name}: {line}" for line in report.lines]
            complete = complete and report.complete
        return UndoReport(tuple(lines), complete=complete)


def _summary(rows: Sequence[AuditRow]) -> RunSummary:
    """What the rows of one run come to."""
    first, done = rows[0], [row.operation for row in rows if row.is_done]
    return RunSummary(
        run_id=first.run_id,
        at=first.at,
        until=rows[-1].at,
        who=first.who,
        tasks=tuple(dict.fromkeys(row.task_id for row in rows)),
        writes=Writes(done.count(Operation.CREATE), done.count(Operation.UPDATE), done.count(Operation.DELETE)),
        failed=sum(row.is_failed for row in rows),
    )
