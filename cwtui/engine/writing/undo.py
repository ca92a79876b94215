"""Undo: take a synced task back from the audit's before-images (synchronising.md#undo)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import AdditionId, AgreementId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Owed, Purpose, TakenBack
from cwtui.domain.plan_edits import has_chosen_prices
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import ByHand, Task
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reports import UndoReport
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.agreement_writer import AgreementWriter
from cwtui.engine.writing.compensation import brief, compensation, compensation_text
from cwtui.engine.writing.evidence import Contradiction, NotSettled
from cwtui.engine.writing.left_out import left_out_rows
from cwtui.wording.additions import link_difference

_DOUBTFUL = (
    "ConnectWise did not answer one of its creates, and a new addition may be what it made. Nothing was taken back."
    " Say first whether it is, then take the task back."
)
_EDITS_ARE_OVER = (
    "Edits of its plan are over with this: if it is written again, it is as computed. Edit it again first."
)
_NOTHING = "It wrote nothing to take back."
_STOPPED = "Stopped before the next write. Undo the task again to go on."
_DONE_TO = {Operation.CREATE: "created again", Operation.UPDATE: "changed", Operation.DELETE: "deleted"}


@dataclass(slots=True)
class Undo(Feature):
    """Takes tasks back, one agreement at a time, through the writer that wrote them."""

    desk: PlanningDesk

    def agreement_of(self, task: Task, *, compensate: bool = False) -> AgreementId | None:
        """Where the task wrote, or may have written without hearing the answer; None if it never began.

        With `compensate`, also where an earlier undo left something to be evened out.
        """
        rows, begun = self.rows(task), self.store.plan_begun(task.id)
        if rows or begun:
            return rows[0].agreement_id if rows else begun.agreement_id if begun else None
        owed = self._owed(task) if compensate else ()
        return owed[0][0].agreement_id if owed else None

    def rows(self, task: Task) -> list[AuditRow]:
        """What the task wrote since it was last opened and was not taken back yet, newest first."""
        done = self.store.done_keys(task.id)
        rows = [row for row in self._since_opened(task) if row.is_done and row.purpose.is_planned]
        return [row for row in reversed(rows) if _undoing(row) not in done]

    def _since_opened(self, task: Task) -> list[AuditRow]:
        """Every write of the task since it was last taken back, oldest first."""
        taken_back = self.store.taken_back(task.id)
        through = taken_back.through_seq if taken_back else -1
        return [row for row in self.store.audit(task_id=task.id) if row.seq > through]

    async def run(self, task: Task, writer: AgreementWriter | None, *, compensate: bool = False) -> UndoReport:
        """Take one task back.

        Args:
            task: A synced or part-done one; with `compensate`, also one that was taken back before.
            writer: Of the agreement it wrote to; None if it wrote nothing.
            compensate: Even out what was invoiced meanwhile, by one-time additions on the next invoice.

        Returns:
            What was done. If ConnectWise no longer holds what was written, nothing is changed and the
            differences are listed (`complete` is False).
        """
        was_edited = any(row.why.edited for row in self.rows(task)) or bool(left_out_rows(self.workspace, task.id))
        was_edited = was_edited or has_chosen_prices(task.notes)
        if writer is not None:
            report = await self._write_back(task, writer, compensate=compensate)
        else:
            is_done = any(tried.key in self.store.done_keys(task.id) for tried in self._tried(task).values())
            text = "Everything it wrote is taken back." if is_done else _NOTHING
            report = UndoReport((text,), complete=True)
        if report.complete:
            report = replace(report, lines=(*report.lines, _EDITS_ARE_OVER)) if was_edited else report
            with self.store.batch():
                self._let_all_go(task)
                seqs = [row.seq for row in self.store.audit(task_id=task.id)]
                self.store.save_taken_back(TakenBack(task.id, max(seqs, default=-1)))
                self.store.end_plan(task.id)
                self.store.forget_done(task.id)
        return report

    async def _write_back(self, task: Task, writer: AgreementWriter, *, compensate: bool) -> UndoReport:
        """Take back each write of a task, if ConnectWise still holds all of them."""
        await writer.read()
        if self.store.doubtful(task.id):
            return UndoReport((_DOUBTFUL,), complete=False)
        rows = self.rows(task)  # reading may have found what a killed run wrote without hearing the answer
        again, tried = self._recreated(), self._tried(task)
        held = {row.seq: _held(row, writer, again) for row in rows}
        differences = [text for row in rows if (text := self._difference(row, held[row.seq], tried))]
        if differences:
            return UndoReport(tuple(differences), complete=False)
        dates = self._dates(writer.agreement_id)
        if dates is not None and not compensate:
            self._note_owed(task, [row for row in rows if self._compensation(row, held[row.seq], dates)], dates)
        lines: list[str] = []
        try:
            for row in rows:
                self._stop_here()
                tries = tried.get(row.seq)
                lines += await self._take_back(row, held[row.seq], tries, writer, dates, compensate=compensate)
            if compensate and dates is not None:
                await self._even_out(task, writer, dates, lines)
        except (CwtuiError, Contradiction, NotSettled, _Stopping) as error:
            return UndoReport((*lines, str(error)), complete=False)
        return UndoReport(tuple(lines) or (_NOTHING,), complete=True)

    def _stop_here(self) -> None:
        if self.is_stopping:
            raise _Stopping(_STOPPED)

    def _dates(self, agreement_id: AgreementId) -> AgreementDates | None:
        agreement = self.desk.agreements.get(agreement_id)
        return AgreementDates.of(agreement, self.desk.billed.get(agreement_id)) if agreement else None

    def _recreated(self) -> dict[AdditionId, AdditionId]:
        """Additions that were deleted, by the id they were created again with: an earlier undo, or a restore."""
        rows = [row for row in self.store.replacements() if row.is_done]
        deleted = {row.seq: row.addition_id for row in rows if row.operation is Operation.DELETE}
        found = {}
        for row in rows:
            if row.operation is not Operation.CREATE or row.refers_to is None or row.addition_id is None:
                continue
            is_restore = row.purpose is Purpose.RESTORE
            was = AdditionId(row.refers_to) if is_restore else deleted.get(row.refers_to)
            if was is not None:
                found[was] = row.addition_id
        return found

    def _tried(self, task: Task) -> dict[int, AuditRow]:
        """What an earlier undo began, by the row it takes back; a killed one may have missed the answer."""
        rows = (row for row in self.store.audit(task_id=task.id) if row.purpose is Purpose.UNDO)
        return {row.refers_to: row for row in rows if row.refers_to is not None}

    def _difference(self, row: AuditRow, held: Addition | None, tried: Mapping[int, AuditRow]) -> str:
        """How ConnectWise differs from what cwtui wrote; empty if it still holds it, or holds what it was before."""
        if row.operation is Operation.DELETE:
            return "" if held is None else f"Addition {row.addition_id} was deleted and is there again."
        tries = tried.get(row.seq)
        if row.after is None or (held is None and row.operation is Operation.CREATE and tries):
            return ""
        taken_back = (row.before, tries.after if tries else None)
        if held is not None and any(one and not one.billing_differences(held.values) for one in taken_back):
            return ""
        text = link_difference(row.after.differences(held.values) if held else None, held)
        if not text:
            return ""
        later = self._later(row, held)
        if later is not None:
            done = _DONE_TO[later.operation]
            return f"Addition {row.addition_id} was {done} by task {later.task_id} since: undo that first."
        return f"Addition {row.addition_id} {text}; nothing was taken back."

    def _later(self, row: AuditRow, held: Addition | None) -> AuditRow | None:
        """The newest write of another task to the addition of a row, if ConnectWise holds what that left."""
        mine = self.store.audit(addition_id=row.addition_id)
        writes = [one for one in mine if one.addition_id == row.addition_id and one.is_done]
        last = writes[-1] if writes else row
        left = None if last.operation is Operation.DELETE else last.after
        is_left = (held is None) is (left is None) and not (held and left and left.billing_differences(held.values))
        return last if last.task_id != row.task_id and is_left else None

    async def _take_back(
        self,
        row: AuditRow,
        held: Addition | None,
        tries: AuditRow | None,
        writer: AgreementWriter,
        dates: AgreementDates | None,
        *,
        compensate: bool,
    ) -> list[str]:
        change, text = _reverse(row, held, dates)
        if change is None and held is None and tries is not None:
            change = self._unheard(row, tries)
        lines = [text]
        owed = self._compensation(row, held, dates) if dates else None
        if owed is not None:
            if compensate and owed.key not in self.store.done_keys(row.task_id):
                # Before the addition is ended: a killed undo still finds it among what is to be taken back.
                await self._compensate(row, owed, writer)
            lines.append(compensation_text(owed, written=compensate))
        if change is not None:
            self._let_go(row, await writer.write(row.task_id, row.subscription_id, change))
        return lines

    def _let_all_go(self, task: Task) -> None:
        """Let go also of what a killed undo gave back before it could."""
        tried = self._tried(task)
        for row in self._since_opened(task):
            written = tried.get(row.seq)
            if written is not None and written.is_done:
                self._let_go(row, written)

    def _let_go(self, row: AuditRow, written: AuditRow) -> None:
        """What the task ended or deleted is not its own: it is again whose it was, or made by hand.

        Rules: synchronising.md#taken-back, plans.md#billed-by-hand.
        """
        link = self.store.link(written.addition_id) if written.addition_id is not None else None
        if link is None or link.task_id != row.task_id or row.operation is Operation.CREATE:
            return
        task = self.store.task(row.task_id)
        ended = {made.addition_id for made in task.by_hand if made.decision is ByHand.END} if task else set()
        if row.addition_id in ended and not link.adopted:
            self.store.drop_link(link.addition_id)
            return
        others = [one for one in self.store.audit(addition_id=row.addition_id) if one.is_done and one.seq < row.seq]
        wrote = [one.task_id for one in others if one.task_id != row.task_id]
        self.store.save_link(replace(link, task_id=wrote[-1] if wrote else TaskId("")))

    def _unheard(self, row: AuditRow, tries: AuditRow) -> Change | None:
        """The deletion again that a killed undo did not hear the answer to: only then its link goes too."""
        name, values = tries.addition_id, tries.before
        if name is None or values is None or self.store.link(name) is None:
            return None
        return _change(row, Operation.DELETE, Addition(name, row.agreement_id, values), None)

    # what was invoiced meanwhile

    async def _compensate(self, row: AuditRow, change: Change, writer: AgreementWriter) -> None:
        """Even a write out; days given back may be charged again, and the credit itself never counts as paid."""
        written = await writer.write(row.task_id, row.subscription_id, change)
        names = {name for name in (row.addition_id, written.addition_id) if name is not None}
        with self.store.batch():
            for link in filter(None, map(self.store.link, names)):
                self.store.save_link(replace(link, is_given_back=True))

    def _compensation(
        self, row: AuditRow, held: Addition | None, dates: AgreementDates, through: date | None = None
    ) -> Change | None:
        return compensation(row, held, dates, through or dates.billed_through, self.desk.rules.price_decimals)

    def _owed(self, task: Task) -> Sequence[tuple[AuditRow, date]]:
        """Writes that earlier undos proposed to even out and that are still owed, each with its last invoiced day."""
        through = {owed.seq: owed.through for owed in self.store.owed(task.id)}
        rows = self.store.audit(task_id=task.id) if through else ()
        return [(row, through[row.seq]) for row in rows if row.seq in through]

    def _note_owed(self, task: Task, rows: Sequence[AuditRow], dates: AgreementDates) -> None:
        """Remember the proposal, so that it can still be carried out later."""
        known = {owed.seq for owed in self.store.owed(task.id)}
        self.store.save_owed(Owed(task.id, row.seq, dates.billed_through) for row in rows if row.seq not in known)

    async def _even_out(self, task: Task, writer: AgreementWriter, dates: AgreementDates, lines: list[str]) -> None:
        owed = self._owed(task)
        for row, through in owed:
            held = writer.additions.get(row.addition_id) if row.addition_id is not None else None
            change = self._compensation(row, held, dates, through)
            if change is not None and change.key not in self.store.done_keys(task.id):
                self._stop_here()
                await self._compensate(row, change, writer)
                lines.append(compensation_text(change, written=True))
        if owed:
            self.store.drop_owed(task.id)


class _Stopping(Exception):
    """The run was asked to end before its next write."""


def written_plan(task: Task, rows: Iterable[AuditRow]) -> Plan:
    """The writes and left-out changes of a synced task as a plan, made from the audit, not planned again."""
    done = [row for row in rows if row.is_done or row.is_left_out]
    agreement = done[0].agreement_id if done else None
    notes = task.notes if done else (*task.notes, task.note)
    changes = tuple(row.change for row in done)
    return Plan(
        task.id,
        task.subscription_id,
        agreement,
        changes,
        warnings=task.warnings,
        notes=notes,
        effective=task.effective,
    )


def _reverse(row: AuditRow, held: Addition | None, dates: AgreementDates | None) -> tuple[Change | None, str]:
    """The change that takes one write back, and a sentence about it."""
    if row.operation is Operation.CREATE:
        return _uncreate(row, held, dates)
    if row.before is None:
        raise AssertionError(f"audit row {row.seq} has no before-image")
    if row.operation is Operation.UPDATE:
        text = f"Addition {row.addition_id} gets back {brief(row.before)}."
        return _change(row, Operation.UPDATE, held, row.before), text
    values = row.before
    if dates is not None and not dates.prorates and values.effective < dates.first_open_day:
        start = dates.calendar.first_start_from(dates.first_open_day)
        values = replace(values, effective=start)
        said = f"The deleted {brief(row.before)} is created again from {start}: the days before are invoiced."
    else:
        said = f"The deleted {brief(row.before)} is created again."
    return _change(row, Operation.CREATE, None, values), said


def _uncreate(row: AuditRow, held: Addition | None, dates: AgreementDates | None) -> tuple[Change | None, str]:
    if held is None:
        return None, f"Addition {row.addition_id} is deleted already."
    values = held.values
    if dates is None or not dates.is_billed(values.effective):
        return _change(row, Operation.DELETE, held, None), f"Addition {held.id} ({brief(values)}) is deleted."
    last = dates.billed_through
    if values.cancelled is not None and values.cancelled <= last:
        return None, f"Addition {held.id} ({brief(values)}) is invoiced already and stays."
    return _change(row, Operation.UPDATE, held, values.ending(last)), (
        f"Addition {held.id} ({brief(values)}) is invoiced through {last}: it ends on that day instead of being"
        " deleted."
    )


def _change(row: AuditRow, operation: Operation, held: Addition | None, after: AdditionValues | None) -> Change:
    return Change(
        key=_undoing(row),
        operation=operation,
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        charge=row.charge,
        before=held,
        after=after,
        source=f"audit row {row.seq}",
        rule="undo: what this task wrote is taken back",
        is_standing=row.is_standing,
        purpose=Purpose.UNDO,
        refers_to=row.seq,
    )


def _held(row: AuditRow, writer: AgreementWriter, again: Mapping[AdditionId, AdditionId]) -> Addition | None:
    """The addition of a row as ConnectWise holds it now, also under the id it was created again with."""
    name = row.addition_id
    if row.operation is Operation.DELETE:
        return None if name is None else writer.additions.get(name)
    while name is not None and name not in writer.additions and name in again:
        name = again[name]
    return None if name is None else writer.additions.get(name)


def _undoing(row: AuditRow) -> str:
    """The key of the change that takes a row back."""
    return f"undo:{row.seq}"
