"""The part of a state that exactly-once stands on: plans begun, writes noted and answered, their links, doubts.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from cwtui.domain.errors import Outdated
from cwtui.domain.ids import AdditionId, AgreementId, CompanyId, SubscriptionId, TaskId
from cwtui.domain.ledger import Doubt, Doubtful, ImportIntent, Lost, Outcome, Owed, TakenBack
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change, Plan
from cwtui.domain.records import (
    AuditRow,
    ConfirmedChange,
    Intent,
    RecordWrite,
)
from cwtui.store import groups, schema
from cwtui.store.documents import Documents
from cwtui.store.log import Record
from cwtui.store.repository import Repository
from cwtui.store.schema import json_field
from cwtui.store.table import encode

_LEFT_OUT = json_field(AuditRow, "outcome", Outcome.LEFT_OUT)


class LedgerTables:
    """Intended writes, answered writes, and those in doubt."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self._plans = Repository(documents, schema.PLANS)
        self._intents = Repository(documents, schema.INTENTS, agreement=groups.agreement_of_write)
        self._audit = Repository(documents, schema.AUDIT, task=groups.task_of_audit_row, replaces=groups.replaces)
        self._writes = Repository(documents, schema.WRITES)
        self._done = Repository(documents, schema.DONE, task=groups.task_of_done)
        self._doubts = Repository(documents, schema.DOUBTS, agreement=groups.agreement_of_doubt)
        self._doubtful = Repository(documents, schema.DOUBTFUL, task=groups.task_of_doubtful)
        self._taken_back = Repository(documents, schema.TAKEN_BACK)
        self._owed = Repository(documents, schema.OWED, task=groups.task_of_owed)
        self._imports = Repository(documents, schema.IMPORTS)
        self._links = Repository(
            documents, schema.LINKS, subscription=groups.subscription_of_link, agreement=groups.agreement_of_link
        )
        self._lost = Repository(documents, schema.LOST)
        self._written_by: dict[str, Record] = {}

    def _hear_of_write(self, record: Record, table: str, row: bytes | None) -> None:
        """Another process noted or settled a write; of one that came and went unseen the audit row is left."""
        if row is not None and (table == self._intents.name or (table == self._audit.name and _LEFT_OUT not in row)):
            self._written_by[groups.agreement_of_write(row)] = record

    def is_written_by_others(self, agreement_id: AgreementId, since: int) -> bool:
        """Another process noted a write to the agreement after that `position`, as far as is known here."""
        by = self._written_by.get(str(agreement_id))
        return by is not None and by.seq > since

    def link(self, addition_id: AdditionId) -> Link | None:
        """The link of an addition."""
        return self._links.get(str(addition_id))

    def links(self) -> Iterable[Link]:
        """Every link."""
        return self._links.all()

    def links_of(self, subscription_id: SubscriptionId) -> Sequence[Link]:
        """The links of a subscription."""
        return tuple(self._links.group("subscription", subscription_id))

    def links_in(self, agreement_id: AgreementId) -> Sequence[Link]:
        """The links of an agreement."""
        return tuple(self._links.group("agreement", str(agreement_id)))

    def linked_agreements(self) -> set[AgreementId]:
        """The agreements that hold something linked."""
        return {AgreementId(int(name)) for name in self._links.groups("agreement")}

    def save_link(self, link: Link) -> None:
        """Set one link."""
        self._links.save(link)

    def drop_link(self, addition_id: AdditionId) -> None:
        """Forget one link."""
        self.documents.commit([self._links.drop(str(addition_id))])

    def plan_begun(self, task_id: TaskId) -> Plan | None:
        """The plan whose writing has begun and not ended: a part-done task goes on with exactly this one.

        Rule: synchronising.md#synced-means-all-of-it.
        """
        return self._plans.get(task_id)

    def begin_plan(self, plan: Plan) -> None:
        """Remember a plan, with the operator's edits, before its first intent."""
        self._plans.save(plan)

    def end_plan(self, task_id: TaskId) -> None:
        """Forget it: every change is confirmed, or the task was taken back."""
        self.documents.commit([self._plans.drop(task_id)])

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
        """Note a write that may be sent once it is `flushed`; its number grows with a task and an agreement.

        Rule: synchronising.md#exactly-once.

        Args:
            at: Now.
            run_id: The run it belongs to.
            task_id: Its task.
            subscription_id: Its subscription.
            change: What is written.
            present: Ids of the additions the agreement has.
            since: The `position` at which the agreement's additions were read.
            begins: The plan that begins with it. A file's line may be damaged alone, so there the plan has its own.

        Raises:
            Outdated: Somebody else wrote to the agreement after that: what was read does not hold any more.
        """
        if begins is not None and not self.documents.appends_beside:
            self.begin_plan(begins)
            begins = None

        def note() -> Intent:
            by = self._written_by.get(str(change.agreement_id))
            if since is not None and by is not None and by.seq > since:
                raise Outdated(f"Agreement {change.agreement_id}", who=by.who, at=by.at)
            intent = Intent(self.documents.seq + 1, at, task_id, change, subscription_id, present, run_id)
            self.documents.commit([self._intents.put(intent), *([self._plans.put(begins)] if begins else ())])
            return intent

        about = json_field(Change, "agreement_id", change.agreement_id), encode(task_id)
        return self.documents.change(note, about=about, at_once=True)

    def renew(self, intent: Intent, at: datetime) -> Intent:
        """Note anew that a write may be sent, once it is `flushed` (hands.md#killed-at-any-instant).

        Raises:
            Outdated: Another process has settled it meanwhile: it may not be sent any more.
        """
        renewed = replace(intent, at=at)

        def note() -> None:
            self._require_open(intent)
            self.documents.commit([self._intents.put(renewed)])

        self.documents.change(note, at_once=True)
        return renewed

    def _require_open(self, intent: Intent) -> None:
        if str(intent.seq) not in self._intents.table:
            raise self.documents.outdated(
                f"The write to agreement {intent.change.agreement_id} that had no answer", "intents", str(intent.seq)
            )

    def conclude(
        self,
        intent: Intent,
        row: AuditRow,
        *,
        links: Sequence[Link] = (),
        unlink: Sequence[AdditionId] = (),
        ends: Callable[[], None] | None = None,
    ) -> None:
        """Note the answer: close the intent, add the audit row, put and drop links, in one durable line.

        Args:
            intent: The write.
            row: What became of it.
            links: To put.
            unlink: To drop.
            ends: Saves what ends with this answer, of the same task, in the same line; it may be called twice.

        Raises:
            Outdated: Another process has settled it meanwhile: its note holds.
        """

        def note() -> None:
            self._require_open(intent)
            ops = [self._intents.drop(str(intent.seq)), self._audit.append(row)]
            ops += [self._links.drop(str(addition_id)) for addition_id in unlink]
            ops += [self._links.put(link) for link in links]
            if row.is_done:
                ops.append(self._done.put(ConfirmedChange(intent.task_id, intent.change.key)))
            self.documents.commit(ops)
            if ends is not None:
                ends()

        self.documents.change(note, about=[encode(intent.task_id)], at_once=True)

    def note_left_out(self, row: AuditRow) -> AuditRow:
        """Add the audit row of a change that is not written, numbered as an intent is."""
        with self.documents.alone(at_once=True):
            row = replace(row, seq=self.documents.seq + 1)
            self.documents.commit([self._audit.append(row)])
        return row

    def open_intents(self, agreement_id: AgreementId | None = None) -> Sequence[Intent]:
        """Intents without an answer, all or of one agreement, oldest first: their outcome is unknown."""
        one, every = self._intents.group, self._intents.all
        found = every() if agreement_id is None else one("agreement", str(agreement_id))
        return sorted(found, key=lambda intent: intent.seq)

    def done_keys(self, task_id: TaskId) -> frozenset[str]:
        """Keys of the changes of a task that were confirmed since `forget_done`."""
        return frozenset(done.key for done in self._done.group("task", task_id))

    def forget_done(self, task_id: TaskId) -> None:
        """A task was finished or undone: its confirmed changes no longer count."""
        self.documents.change(
            lambda: self.documents.commit([self._done.drop(name) for name in self._done.ids_in("task", task_id)]),
            about=[encode(task_id)],
        )

    def audit(
        self,
        *,
        task_id: TaskId | None = None,
        addition_id: AdditionId | None = None,
        run_id: str | None = None,
        since: date | None = None,
    ) -> Iterable[AuditRow]:
        """Audit rows, oldest first: of one task, addition and run, and from a UTC day on."""
        pieces = [] if addition_id is None else [json_field(AuditRow, "addition_id", addition_id)]
        pieces += [] if run_id is None else [json_field(AuditRow, "run_id", run_id)]
        for row in self._audit.saying(pieces[:1], None if task_id is None else self._audit.ids_in("task", task_id)):
            fits = (addition_id is None or row.addition_id == addition_id) and run_id in {None, row.run_id}
            if fits and (since is None or row.at.date() >= since):
                yield row

    def replacements(self) -> Iterable[AuditRow]:
        """Audit rows of what was deleted, taken back or put back, oldest first."""
        return self._audit.group("replaces", groups.REPLACES)

    def doubts(self, agreement_id: AgreementId) -> Sequence[Doubt]:
        """Creates in an agreement that were given up and may still arrive, oldest first."""
        return sorted(self._doubts.group("agreement", str(agreement_id)), key=lambda doubt: doubt.seq)

    def doubted_agreements(self) -> set[AgreementId]:
        """The agreements that have doubts."""
        return {AgreementId(int(name)) for name in self._doubts.groups("agreement")}

    def save_doubt(self, doubt: Doubt) -> None:
        """Remember a create that is given up."""
        self._doubts.save(doubt)

    def drop_doubts(self, doubts: Iterable[Doubt]) -> None:
        """Forget doubts."""
        self.documents.commit([self._doubts.drop(str(doubt.seq)) for doubt in doubts])

    def doubtful(self, task_id: TaskId) -> Sequence[Doubtful]:
        """Creates of a task that a person has to decide about."""
        return tuple(self._doubtful.group("task", task_id))

    def save_doubtful(self, doubtful: Doubtful) -> None:
        """Remember a create that a person has to decide about."""
        self._doubtful.save(doubtful)

    def drop_doubtful(self, seq: int) -> None:
        """A create is settled."""
        self.documents.commit([self._doubtful.drop(str(seq))])

    def lost(self) -> Sequence[Lost]:
        """Records that a damaged journal cost this state."""
        return tuple(self._lost.all())

    def save_lost(self, lost: Lost) -> None:
        """Put one."""
        self._lost.save(lost)

    def taken_back(self, task_id: TaskId) -> TakenBack | None:
        """How far a task was taken back; None if it never was."""
        return self._taken_back.get(task_id)

    def save_taken_back(self, taken_back: TakenBack) -> None:
        """Remember that a task was taken back."""
        self._taken_back.save(taken_back)

    def owed(self, task_id: TaskId) -> Sequence[Owed]:
        """What a task's undo left to be evened out."""
        return tuple(self._owed.group("task", task_id))

    def save_owed(self, owed: Iterable[Owed]) -> None:
        """Remember what is left to be evened out."""
        self._owed.save(*owed)

    def drop_owed(self, task_id: TaskId) -> None:
        """Everything of a task was evened out."""
        self.documents.change(
            lambda: self.documents.commit([self._owed.drop(name) for name in self._owed.ids_in("task", task_id)]),
            about=[encode(task_id)],
        )

    def import_intent(self, company_id: CompanyId) -> ImportIntent | None:
        """How far the import of a company came; None if it never began."""
        return self._imports.get(str(company_id))

    def save_import_intent(self, intent: ImportIntent) -> None:
        """Note that a company's import begins, or its result."""
        self._imports.save(intent)

    def save_record_write(self, write: RecordWrite) -> RecordWrite:
        """Add a write of a record that is no addition, or set it anew; a new one is numbered."""
        with self.documents.batch():
            if not write.seq:
                write = replace(write, seq=self.documents.seq + 1 + len(self._writes.table))
            self._writes.save(write)
        return write

    def record_writes(self, *, since: date | None = None) -> Iterable[RecordWrite]:
        """Those writes, oldest first, from a UTC day on."""
        return (write for write in self._writes.all() if since is None or write.at.date() >= since)
