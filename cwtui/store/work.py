"""The part of a state that says what tasks are made of beside orders, and what checks and runs remember."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from cwtui.domain.check_records import Difference, TaskDifferences
from cwtui.domain.counts import ContactDue, CountRecord, LastReport, TaskCounts
from cwtui.domain.ids import TaskId
from cwtui.domain.records import Fact
from cwtui.domain.repair_values import Repair, TaskRepair
from cwtui.store import schema
from cwtui.store.documents import Documents
from cwtui.store.repository import Repository

Note = TypeVar("Note")


class WorkTables:
    """Repairs, differences and counts by task; notes, of each kind one; facts."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self._repairs = Repository(documents, schema.REPAIRS)
        self._differences = Repository(documents, schema.DIFFERENCES)
        self._counts = Repository(documents, schema.COUNTS)
        self._last_reports = Repository(documents, schema.LAST_REPORTS)
        self._contacts_due = Repository(documents, schema.CONTACTS_DUE)
        self._facts = Repository(documents, schema.FACTS)
        self._notes = {one.of: Repository(documents, one) for one in schema.NOTES}

    def repair(self, task_id: TaskId) -> Repair | None:
        """What a task shall repair."""
        found = self._repairs.get(task_id)
        return None if found is None else found.repair

    def save_repair(self, task_id: TaskId, repair: Repair) -> None:
        """Set what a task shall repair."""
        self._repairs.save(TaskRepair(task_id, repair))

    def differences(self, task_id: TaskId) -> tuple[Difference, ...]:
        """The differences a task tells of."""
        found = self._differences.get(task_id)
        return () if found is None else found.found

    def save_differences(self, task_id: TaskId, found: Iterable[Difference]) -> None:
        """Set the differences a task tells of."""
        self._differences.save(TaskDifferences(task_id, tuple(found)))

    def counts(self, task_id: TaskId) -> CountRecord | None:
        """What a task counts; None if it was let go, long after the task had ended."""
        found = self._counts.get(task_id)
        return None if found is None else found.counts

    def save_counts(self, task_id: TaskId, counts: CountRecord) -> None:
        """Set what a task counts."""
        self._counts.save(TaskCounts(task_id, counts))

    def drop_counts(self, task_id: TaskId) -> None:
        """Let go of what a task counted: it ended, and newer reports came since."""
        self.documents.commit([self._counts.drop(task_id)])

    def last_report(self, layout: str) -> LastReport | None:
        """The report that the tasks of a vendor's layout were last made from."""
        return self._last_reports.get(layout)

    def save_last_report(self, report: LastReport) -> None:
        """Remember the report that tasks were made from."""
        self._last_reports.save(report)

    def is_contact_due(self, account: str) -> bool:
        """The contact of an account's company is still to be created."""
        return self._contacts_due.get(account) is not None

    def save_contact_due(self, account: str) -> None:
        """Remember that the contact of an account's company is to be created."""
        self._contacts_due.save(ContactDue(account))

    def drop_contact_due(self, account: str) -> None:
        """It was created."""
        self.documents.commit([self._contacts_due.drop(account)])

    def note(self, of: type[Note]) -> Note | None:
        """The note of a kind; None where there is none."""
        notes: Repository[Note] = self._notes[of]
        return notes.get(notes.name)

    def save_note(self, note: object) -> None:
        """Set the note of its kind."""
        self._notes[type(note)].save(note)

    def drop_note(self, of: type[object]) -> None:
        """Forget the note of a kind."""
        notes = self._notes[of]
        self.documents.commit([notes.drop(notes.name)])

    def fact(self, name: str) -> object | None:
        """A JSON-shaped value by name, which nothing depends on that is billed; None where there is none."""
        found = self._facts.get(name)
        return None if found is None else found.value

    def save_fact(self, name: str, value: object) -> None:
        """Set a JSON-shaped value."""
        self._facts.save(Fact(name, value))
