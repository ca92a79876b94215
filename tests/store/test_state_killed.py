"""A process is killed at random moments while it saves: nothing it said was saved is ever lost.

Rule: synchronising.md#damaged-state.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill
from pathlib import Path
from time import sleep

from tinydb import TinyDB

from cwtui.store.state import State, open_state

KILLS = 80
TASKS = 5
_WORK = """
import os, random, sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from cwtui.domain.charges import Charge
from cwtui.domain.ledger import Operation, Outcome
from cwtui.domain.plans import Change
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task, TaskKind, TaskStatus
from cwtui.store.state import open_state

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TASK = Task("1", TaskKind.SALES_ORDER, TaskStatus.READY, "C1", "Green Lane LLC", "2000", "Exchange", "1", "SO1", NOON)
VALUES = AdditionValues(7, Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1))

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def work(path, begin):
    state = open_state(path)
    for number in range(begin, begin + 100_000):
        state.documents.fold_after = 3_000
        key = number % TASKS
        if number % 7 == 0:
            with state.batch():
                for each in range(TASKS):
                    state.save_task(replace(TASK, id=str(each), note=str(number)))
            say("batch", number)
        elif number % 5 == 0:
            change = Change(f"k{number}", Operation.CREATE, 10, "MFL-1", Charge.RECURRING, after=VALUES)
            intent = state.intend(at=NOON, run_id="r", task_id=str(key), subscription_id="2000", change=change,
                                  present=frozenset())
            say("intended", intent.seq)
            row = AuditRow(intent.seq, NOON, "r", "me", str(key), Operation.CREATE, 10, 9, "2000", "MFL-1",
                           Charge.RECURRING, None, VALUES, Outcome.CONFIRMED)
            state.conclude(intent, row)
            say("concluded", intent.seq)
        else:
            state.save_task(replace(TASK, id=str(key), note=str(number)))
            say("saved", key, number)

TASKS = int(sys.argv[2])
for line in sys.stdin:  # a child for each kill, so that Python starts only once
    child = os.fork()
    if not child:
        say("pid", os.getpid())
        work(Path(sys.argv[1]), int(line))
    os.waitpid(child, 0)
    say("dead")
"""


@contextmanager
def workshop(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", _WORK, path, str(TASKS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


class Witness:
    """What the killed processes said was done."""

    def __init__(self) -> None:
        self.notes = dict.fromkeys(range(TASKS), -1)
        self.intended: list[int] = []
        self.concluded: set[int] = set()
        self.highest = 0

    def hear(self, words: list[str]) -> None:
        match words:
            case ["saved", task, number]:
                self.notes[int(task)] = self.highest = int(number)
            case ["batch", number]:
                self.highest = int(number)
                self.notes = dict.fromkeys(self.notes, int(number))
            case ["intended", seq]:
                self.intended.append(int(seq))
            case ["concluded", seq]:
                self.concluded.add(int(seq))
            case _:
                raise AssertionError(words)

    def check(self, state: State) -> None:
        found = {int(task.id): int(task.note) for task in state.tasks()}
        for task, note in self.notes.items():
            assert found.get(task, -1) >= note, "an acknowledged save is lost"
        in_batch = {note for note in found.values() if note % 7 == 0 and note > self.highest}
        assert len(in_batch) <= 1
        assert all(list(found.values()).count(note) == TASKS for note in in_batch), "half a batch"
        audited = {row.seq for row in state.audit()}
        opened = {intent.seq for intent in state.open_intents()}
        assert self.concluded <= audited, "an acknowledged write is not in the audit"
        assert set(self.intended) <= audited | opened, "an acknowledged intent is lost"
        assert not audited & opened


def test_nothing_acknowledged_is_lost_however_often_it_is_killed(path: Path) -> None:
    dice = random.Random(20261121)  # noqa: S311  # moments to kill at
    witness = Witness()
    with workshop(path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(KILLS):
            process.stdin.write(f"{witness.highest + 10}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            for _ in range(dice.randrange(30)):
                witness.hear(process.stdout.readline().split())
            sleep(dice.random() / 500)
            kill(pid, signal.SIGKILL)
            while (words := process.stdout.readline().split()) != ["dead"]:
                witness.hear(words)
            if path.exists():
                with TinyDB(path, access_mode="r") as db:
                    assert set(db.tables()) >= {"cwtui"}
            state = open_state(path, read_only=True)
            witness.check(state)
        process.stdin.close()
    assert witness.highest > KILLS
    state = open_state(path)
    witness.check(state)
    state.close()
