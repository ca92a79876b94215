"""Undo: take a synced task back from the audit's before-images (SPEC 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.money import plain, price_text, round_price
from cwtui.domain.periods import span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.task import link_difference
from cwtui.domain.plans import Change, Operation, Plan
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.doubts import KEY
from cwtui.engine.facade import UndoReport
from cwtui.engine.planning import PlanningDesk
from cwtui.engine.protocols import Store
from cwtui.engine.writing import AgreementWriter, Contradiction

_DONE = {"confirmed", "adopted"}
_STOPPED = "Stopped before the next write. Undo the task again to go on."
_CREDIT = ":credit"
RESTORE = "restore:"
"""How the key of a write begins that brings back an addition somebody removed; its id follows."""
_NOT_THE_TASKS = ("undo:", KEY)
"""How the keys of writes begin that no plan asked for."""


@dataclass(slots=True)
class Undo:
    """Takes tasks back, one agreement at a time, through the writer that wrote them."""

    store: Store
    desk: PlanningDesk
    is_stopping: Callable[[], bool] = lambda: False

    def agreement_of(self, task: Task) -> AgreementId | None:
        """Where the task wrote, or may have written without hearing the answer; None if it never began."""
        rows, begun = self.rows(task), self.store.plan_begun(task.id)
        return rows[0].agreement_id if rows else begun.agreement_id if begun else None

    def rows(self, task: Task) -> list[AuditRow]:
        """What the task wrote since it was last opened and was not taken back yet, newest first."""
        undone_to = self.store.fact(f"undone:{task.id}")
        back_to = undone_to if isinstance(undone_to, int) else -1
        done = self.store.done_keys(task.id)
        rows = [
            row
            for row in self.store.audit(task_id=task.id)
            if row.outcome in _DONE and row.seq > back_to and not _key(row).startswith(_NOT_THE_TASKS)
        ]
        return [row for row in reversed(rows) if f"undo:{row.seq}" not in done]

    async def run(self, task: Task, writer: AgreementWriter | None, *, compensate: bool = False) -> UndoReport:
        """Take one task back.

        Args:
            task: A synced or part-done one.
            writer: Of the agreement it wrote to; None if it wrote nothing.
            compensate: Give back what was invoiced meanwhile, by one-time additions on the next invoice.

        Returns:
            What was done. If ConnectWise no longer holds what was written, nothing is changed and the
            differences are listed (`complete` is False).
        """
        rows: list[AuditRow] = []
        if writer is not None:
            await writer.read()
            rows = self.rows(task)  # reading may have found what a killed run wrote without hearing the answer
            dates = self._dates(writer.agreement_id)
            again, tried = self._recreated(), self._tried(task)
            held = {row.seq: _held(row, writer, again) for row in rows}
            differences = [text for row in rows if (text := _difference(row, held[row.seq], tried))]
            if differences:
                return UndoReport(tuple(differences), complete=False)
            lines: list[str] = []
            for row in rows:
                if self.is_stopping():
                    return UndoReport((*lines, _STOPPED), complete=False)
                try:
                    lines += await self._take_back(row, held[row.seq], writer, dates, compensate=compensate)
                except (CwtuiError, Contradiction) as error:
                    return UndoReport((*lines, str(error)), complete=False)
        else:
            is_done = any(key.startswith("undo:") for key in self.store.done_keys(task.id))
            lines = ["Everything it wrote is taken back." if is_done else "It wrote nothing to take back."]
        with self.store.batch():
            seqs = [row.seq for row in self.store.audit(task_id=task.id)]
            self.store.save_fact(f"undone:{task.id}", max(seqs, default=-1))
            self.store.end_plan(task.id)
            self.store.forget_done(task.id)
        return UndoReport(tuple(lines), complete=True)

    def _dates(self, agreement_id: AgreementId) -> AgreementDates | None:
        agreement = self.desk.agreements.get(agreement_id)
        return AgreementDates.of(agreement, self.desk.billed.get(agreement_id)) if agreement else None

    def _recreated(self) -> dict[AdditionId, AdditionId]:
        """Additions that were deleted, by the id they were created again with: an earlier undo, or a restore."""
        rows = [row for row in self.store.audit() if row.outcome in _DONE]
        deleted = {f"undo:{row.seq}": row.addition_id for row in rows if row.operation == Operation.DELETE}
        found = {}
        for row in rows:
            key = _key(row)
            was = AdditionId(int(key.removeprefix(RESTORE))) if key.startswith(RESTORE) else deleted.get(key)
            if row.operation == Operation.CREATE and was is not None and row.addition_id is not None:
                found[was] = row.addition_id
        return found

    def _tried(self, task: Task) -> frozenset[str]:
        """Keys of what an undo began to take back; a killed one may have done it without hearing the answer."""
        return frozenset(key for row in self.store.audit(task_id=task.id) if (key := _key(row)).startswith("undo:"))

    async def _take_back(
        self,
        row: AuditRow,
        held: Addition | None,
        writer: AgreementWriter,
        dates: AgreementDates | None,
        *,
        compensate: bool,
    ) -> list[str]:
        change, said = _reverse(row, held, dates)
        lines = [said]
        if dates is not None and held is not None and row.operation == Operation.CREATE:
            credit = _credit(row, held, dates, self.desk.rules.price_decimals)
            if credit is not None and credit.after is not None and compensate:
                # Before the addition is ended: a killed undo still finds it among what is to be taken back.
                if credit.key not in self.store.done_keys(row.task_id):
                    await writer.write(row.task_id, row.subscription_id, credit)
                lines.append(f"A one-time addition gives it back: {_brief(credit.after)}.")
            elif credit is not None and credit.after is not None:
                lines.append(f"To give it back, undo with --compensate: a one-time addition of {_brief(credit.after)}.")
        if change is not None:
            await writer.write(row.task_id, row.subscription_id, change)
        return lines


def written_plan(task: Task, rows: Iterable[AuditRow]) -> Plan:
    """What a synced task wrote, as a plan: from the audit, not planned again."""
    done = [row for row in rows if row.outcome in _DONE]
    agreement = done[0].agreement_id if done else None
    notes = () if done else (task.note,)
    changes = tuple(_as_written(row) for row in done)
    return Plan(task.id, task.subscription_id, agreement, changes, notes=notes, effective=task.effective)


def _as_written(row: AuditRow) -> Change:
    before = None
    if row.before is not None and row.addition_id is not None:
        before = Addition(row.addition_id, row.agreement_id, row.before)
    arithmetic = row.why.get("arithmetic")
    return Change(
        key=f"{row.seq}",
        operation=Operation(row.operation),
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        charge=Charge(row.charge),
        before=before,
        after=None if row.operation == Operation.DELETE else row.after,
        arithmetic=tuple(str(line) for line in arithmetic) if isinstance(arithmetic, list | tuple) else (),
        source=str(row.why.get("source", "")),
        rule=str(row.why.get("rule", "")),
        is_standing=bool(row.why.get("is_standing")),
    )


def _reverse(row: AuditRow, held: Addition | None, dates: AgreementDates | None) -> tuple[Change | None, str]:
    """The change that takes one write back, and what to say about it."""
    if row.operation == Operation.CREATE:
        return _uncreate(row, held, dates)
    if row.before is None:
        raise AssertionError(f"audit row {row.seq} has no before-image")
    if row.operation == Operation.UPDATE:
        text = f"Addition {row.addition_id} gets back {_brief(row.before)}."
        return _change(row, Operation.UPDATE, held, row.before), text
    values = row.before
    if dates is not None and not dates.prorates and values.effective < dates.first_open_day:
        start = dates.calendar.first_start_from(dates.first_open_day)
        values = replace(values, effective=start)
        said = f"The deleted {_brief(row.before)} is created again from {start}: the days before are invoiced."
    else:
        said = f"The deleted {_brief(row.before)} is created again."
    return _change(row, Operation.CREATE, None, values), said


def _uncreate(row: AuditRow, held: Addition | None, dates: AgreementDates | None) -> tuple[Change | None, str]:
    if held is None:
        return None, f"Addition {row.addition_id} is deleted already."
    values = held.values
    if dates is None or not dates.is_billed(values.effective):
        return _change(row, Operation.DELETE, held, None), f"Addition {held.id} ({_brief(values)}) is deleted."
    last = dates.billed_through
    if values.cancelled is not None and values.cancelled <= last:
        return None, f"Addition {held.id} ({_brief(values)}) is invoiced already and stays."
    return _change(row, Operation.UPDATE, held, values.ending(last)), (
        f"Addition {held.id} ({_brief(values)}) is invoiced through {last}: it ends on that day instead of being"
        " deleted."
    )


def _credit(row: AuditRow, held: Addition, dates: AgreementDates, decimals: int) -> Change | None:
    """A one-time addition that gives back what was invoiced of an addition; None if nothing was."""
    values = held.values
    if not dates.is_billed(values.effective) or not values.unit_price:
        return None
    last = dates.billed_through if values.cancelled is None else min(values.cancelled, dates.billed_through)
    share = Decimal(1) if not row.why.get("is_standing") else _periods(dates, values.effective, last)
    period = dates.one_time_period(dates.first_open_day)
    after = replace(
        values,
        unit_price=round_price(-values.unit_price * share, decimals),
        unit_cost=round_price(-values.unit_cost * share, decimals),
        effective=period.start,
        cancelled=period.end,
        description=f"{values.description} - credit {span_text(values.effective, last)}",
    )
    change = _change(row, Operation.CREATE, None, after)
    shown = f"−{price_text(values.unit_price)} × {price_text(round_price(share, decimals))} periods invoiced"
    return replace(
        change,
        key=f"{change.key}{_CREDIT}",
        charge=Charge.CREDIT,
        arithmetic=(shown,),
        rule="undo: what was invoiced meanwhile is given back once",
        is_standing=False,
    )


def _periods(dates: AgreementDates, first: date, last: date) -> Decimal:
    """How many billing periods were invoiced; parts count only where ConnectWise prorates."""
    total, period = Decimal(0), dates.calendar.period_of(first)
    while period.start <= last:
        days = (min(period.end, last) - max(period.start, first)).days + 1
        total += Decimal(days) / period.days if dates.prorates else 1
        period = dates.calendar.next_period(period)
    return total


def _change(row: AuditRow, operation: Operation, held: Addition | None, after: AdditionValues | None) -> Change:
    return Change(
        key=f"undo:{row.seq}",
        operation=operation,
        agreement_id=row.agreement_id,
        product_id=row.product_id,
        charge=Charge(row.charge),
        before=held,
        after=after,
        source=f"audit row {row.seq}",
        rule="undo: what this task wrote is taken back",
        is_standing=bool(row.why.get("is_standing")),
    )


def _difference(row: AuditRow, held: Addition | None, tried: frozenset[str]) -> str:
    """How ConnectWise differs from what cwtui wrote; empty if it still holds it, or holds what it was before."""
    if row.operation == Operation.DELETE:
        return "" if held is None else f"Addition {row.addition_id} was deleted and is there again."
    if row.after is None or (held is None and row.operation == Operation.CREATE and f"undo:{row.seq}" in tried):
        return ""
    if held is not None and row.before is not None and not row.before.billing_differences(held.values):
        return ""
    text = link_difference(row.after.differences(held.values) if held else None, held)
    return f"Addition {row.addition_id} {text}; nothing was taken back." if text else ""


def _held(row: AuditRow, writer: AgreementWriter, again: Mapping[AdditionId, AdditionId]) -> Addition | None:
    """The addition of a row as ConnectWise holds it now, also under the id it was created again with."""
    name = row.addition_id
    if row.operation == Operation.DELETE:
        return None if name is None else writer.additions.get(name)
    while name is not None and name not in writer.additions and name in again:
        name = again[name]
    return None if name is None else writer.additions.get(name)


def _key(row: AuditRow) -> str:
    return str(row.why.get("key", ""))


def _brief(values: AdditionValues) -> str:
    until = f" to {values.cancelled}" if values.cancelled else ""
    return f"{plain(values.quantity)} × {price_text(values.unit_price)} from {values.effective}{until}"
