"""Two parts of the engine's `Store` protocol: the ledger of writes, and the material of tasks without orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from cwtui.domain.check_records import Difference
from cwtui.domain.counts import CountRecord, LastReport
from cwtui.domain.ids import AdditionId, AgreementId, CompanyId, SubscriptionId, TaskId
from cwtui.domain.ledger import Doubt, Doubtful, ImportIntent, Lost, Owed, TakenBack
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change, Plan
from cwtui.domain.records import AuditRow, Intent, RecordWrite
from cwtui.domain.repair_values import Repair

Note = TypeVar("Note")


class Ledger(Protocol):
    """Exactly once (synchronising.md#exactly-once)."""

    def plan_begun(self, task_id: TaskId) -> Plan | None:
        """The plan whose writing has begun and not ended: a part-done task goes on with exactly this one.

        Rule: synchronising.md#synced-means-all-of-it.
        """

    def begin_plan(self, plan: Plan) -> None:
        """Remember a plan, with the operator's edits, before its first intent."""

    def end_plan(self, task_id: TaskId) -> None:
        """Forget it: every change is confirmed, or the task was taken back."""

    def intend(
        self,
        *,
        at: datetime,
        run_id: str,
        task_id: TaskId,
        subscription_id: SubscriptionId,
        change: Change,
        present: frozenset[AdditionId],
        since: int | None = None,
        begins: Plan | None = None,
    ) -> Intent:
        """Append an intent, with the plan that begins with it; `flushed` is awaited before the request leaves.

        `Outdated` if another process wrote to the agreement after the `position` at which its additions were read.
        """

    def renew(self, intent: Intent, at: datetime) -> Intent:
        """Note anew that a write may be sent; `Outdated` if another process has settled it meanwhile."""

    def conclude(
        self,
        intent: Intent,
        row: AuditRow,
        *,
        links: Sequence[Link] = (),
        unlink: Sequence[AdditionId] = (),
        ends: Callable[[], None] | None = None,
    ) -> None:
        """Append the answer: close the intent, record the audit row, put and drop links, in one durable line.

        What `ends` saves of the same task goes into that line; it may be called twice.
        `Outdated` if another process has settled the intent meanwhile.
        """

    def note_left_out(self, row: AuditRow) -> AuditRow:
        """Record a change that the operator left out of its plan; the row is numbered here."""

    def open_intents(self, agreement_id: AgreementId | None = None) -> Sequence[Intent]:
        """Intents without an answer, all or of one agreement, oldest first: their outcome is unknown."""

    def done_keys(self, task_id: TaskId) -> frozenset[str]:
        """Keys of a task's changes confirmed since it was last opened: a part-done task resumes behind them."""

    def forget_done(self, task_id: TaskId) -> None:
        """A task was finished or undone: its confirmed changes no longer count for a new attempt."""

    def doubts(self, agreement_id: AgreementId) -> Sequence[Doubt]:
        """Creates in an agreement that were given up and may still arrive, oldest first."""

    def doubted_agreements(self) -> set[AgreementId]:
        """The agreements that have doubts: each is read even if no task writes to it."""

    def save_doubt(self, doubt: Doubt) -> None: ...
    def drop_doubts(self, doubts: Iterable[Doubt]) -> None: ...
    def doubtful(self, task_id: TaskId) -> Sequence[Doubtful]:
        """Creates of a task that a person has to decide about."""

    def save_doubtful(self, doubtful: Doubtful) -> None: ...
    def drop_doubtful(self, seq: int) -> None:
        """Forget a settled create; it is no error if there is none of that number."""

    def lost(self) -> Sequence[Lost]:
        """Records that a damaged journal cost this state: each may have noted a write."""

    def save_lost(self, lost: Lost) -> None: ...
    def taken_back(self, task_id: TaskId) -> TakenBack | None:
        """How far a task was taken back; None if it never was."""

    def save_taken_back(self, taken_back: TakenBack) -> None: ...
    def owed(self, task_id: TaskId) -> Sequence[Owed]:
        """What a task's undo left to be evened out."""

    def save_owed(self, owed: Iterable[Owed]) -> None: ...
    def drop_owed(self, task_id: TaskId) -> None: ...
    def import_intent(self, company_id: CompanyId) -> ImportIntent | None:
        """How far the import of a company came; None if it never began."""

    def save_import_intent(self, intent: ImportIntent) -> None: ...

    def replacements(self) -> Iterable[AuditRow]:
        """Audit rows of what was deleted, taken back or put back, oldest first."""

    def save_record_write(self, write: RecordWrite) -> RecordWrite:
        """Add a write of a record that is no addition (`seq` 0), or set it anew; gives it with its number."""

    def record_writes(self, *, since: date | None = None) -> Iterable[RecordWrite]:
        """Those writes, oldest first."""


class Work(Protocol):
    """The material of tasks that come from no order, and what checks and runs remember."""

    def repair(self, task_id: TaskId) -> Repair | None: ...
    def save_repair(self, task_id: TaskId, repair: Repair) -> None: ...
    def differences(self, task_id: TaskId) -> tuple[Difference, ...]:
        """The differences that no order explains and the task tells of."""

    def save_differences(self, task_id: TaskId, found: Iterable[Difference]) -> None: ...
    def counts(self, task_id: TaskId) -> CountRecord | None:
        """What a task counts; None if it was let go, long after the task had ended."""

    def save_counts(self, task_id: TaskId, counts: CountRecord) -> None: ...
    def drop_counts(self, task_id: TaskId) -> None: ...
    def last_report(self, layout: str) -> LastReport | None: ...
    def save_last_report(self, report: LastReport) -> None: ...
    def is_contact_due(self, account: str) -> bool:
        """The contact of an account's company is still to be created."""

    def save_contact_due(self, account: str) -> None: ...
    def drop_contact_due(self, account: str) -> None: ...

    # notes: of each kind one (`History`, `LastComparison`, …)
    def note(self, of: type[Note]) -> Note | None: ...
    def save_note(self, note: object) -> None: ...
    def drop_note(self, of: type[object]) -> None: ...

    # facts: a JSON-shaped value by name, which nothing depends on that is billed
    def fact(self, name: str) -> object | None: ...
    def save_fact(self, name: str, value: object) -> None: ...
