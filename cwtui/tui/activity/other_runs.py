"""Runs of other processes, such as commands and schedules, made from the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cwtui.domain.records import AuditRow
from cwtui.tui.activity.audit_lines import DONE
from cwtui.tui.session import EventKind, SessionEvent
from cwtui.tui.words import counted


class OtherRuns:
    """One entry for each run that this session did not make."""

    def __init__(self, ours: Iterable[str]) -> None:
        self._ours = frozenset(ours)
        self._rows: dict[str, list[AuditRow]] = defaultdict(list)

    def add(self, rows: Iterable[AuditRow]) -> None:
        """Add more rows of the audit, in its order."""
        for row in rows:
            if row.run_id not in self._ours:
                self._rows[row.run_id].append(row)

    def events(self) -> Iterator[SessionEvent]:
        """What each run wrote, and for which tasks."""
        for run_id, rows in self._rows.items():
            first, last = rows[0], rows[-1]
            done = [row for row in rows if row.is_done]
            counts = {word: sum(row.operation == name for row in done) for name, word in DONE.items()}
            parts = [f"{counted(count, 'addition')} {word}" for word, count in counts.items() if count]
            parts += [f"{counted(failed, 'write')} failed"] if (failed := sum(row.is_failed for row in rows)) else []
            parts += [f"{counted(left, 'change')} left out"] if (left := sum(row.is_left_out for row in rows)) else []
            tasks = dict.fromkeys(row.task_id for row in rows)
            text = [f"run    {run_id}", f"by     {first.who}", f"from   {first.at:%Y-%m-%d %H:%M:%S} UTC"]
            text += [f"to     {last.at:%Y-%m-%d %H:%M:%S} UTC", "", "tasks", *(f"  {name}" for name in tasks)]
            headline = f"Run: {', '.join(parts)}."
            yield SessionEvent(last.at, EventKind.RUN, headline, "\n".join(text), first.who)
