"""Workers on several machines share one state in PostgreSQL, and any of them is killed, stopped or cut off.

Every worker is a process with a home of its own, which reaches the server through a relay of its own. Whatever happens
to a worker or to the server, nothing is doubled, nothing is lost, and the work goes on.

Rules: hands.md#beyond-one-machine, hands.md#killed-at-any-instant.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.disturbed import DAYS, ENDS_AS, begin, go_on, tell
from tests.end_to_end.relay import Relay
from tests.end_to_end.running import COMMAND, Billed, Cwtui, Sandbox, chance_of, environment_of
from tests.end_to_end.test_killed_anywhere import assert_each_write_was_made_once
from tests.postgres_server import Server, needs_postgres, running_server

pytestmark = [pytest.mark.postgres, needs_postgres]

KILLS = 20
_CALM: list[list[Counter[Billed]]] = []


@dataclass
class Worker(Cwtui):
    """A machine: its home, its way to the server."""

    relay: Relay = field(default_factory=lambda: Relay(0))

    def arguments(self, *arguments: str, as_of: str | None = None) -> list[str]:
        return [*COMMAND, "--as-of", as_of or self.as_of, *arguments]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture
def sandbox(new_sandbox: Callable[[], Sandbox]) -> Sandbox:
    return new_sandbox()


Machine = Callable[[str], Worker]


@pytest.fixture
def machine(server: Server, sandbox: Sandbox, tmp_path: Path, stack: ExitStack) -> Machine:
    """Another machine that works on this test's state."""

    def machine(name: str) -> Worker:
        home = tmp_path / name
        home.mkdir()
        relay = stack.enter_context(Relay(server.port))
        folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        worker = Worker(
            home / "state.json",
            {
                **environment_of(sandbox.announced),
                **folders,
                "HOME": str(home),
                "CWTUI_STATE__URL": f"postgresql://cwtui@127.0.0.1:{relay.port}/postgres",
                "CWTUI_SYNC__SETTLE_S": "0.1",
                "CWTUI_SYNC__TIMEOUT_S": "3",
                "CWTUI_SYNC__CONCURRENCY": "2",
                "CWTUI_OPERATOR": name,
            },
            relay=relay,
        )
        stack.callback(worker.stop)
        return worker

    return machine


@pytest.fixture(autouse=True)
def empty_database(server: Server) -> None:
    """Each test has the whole database."""
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("drop schema if exists cwtui cascade")


@pytest.fixture
def calm(new_sandbox: Callable[[], Sandbox], opened: Opened) -> list[Counter[Billed]]:
    if not _CALM:
        quiet = new_sandbox()
        _CALM.append(tell(quiet, opened(quiet, "calm")))
    return _CALM[0]


def holders(server: Server) -> int:
    """How many leases are held."""
    with psycopg.connect(server.address) as connection:
        row = connection.execute("select count(*) from pg_locks where locktype = 'advisory' and granted").fetchone()
    assert row is not None
    return int(row[0])


def wait_until_it_writes(sandbox: Sandbox, process: subprocess.Popen[str], more_than: int = 0) -> None:
    """Until ConnectWise got another addition, or the run has ended."""
    patience = time.monotonic() + 60
    while len(sandbox.rows()) <= more_than and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.01)


def wait_until_each_has_noted_a_write(server: Server, runs: Sequence[subprocess.Popen[str]]) -> None:
    """Until the log has a write of each run's, or one of them has ended."""
    noted = "select count(distinct who) from cwtui.log where position('\"intents\"'::bytea in ops) > 0"
    with psycopg.connect(server.address, autocommit=True) as connection:
        while all(run.poll() is None for run in runs):
            table = connection.execute("select to_regclass('cwtui.log')").fetchone()
            if table != (None,) and connection.execute(noted).fetchone() == (len(runs),):
                return
            time.sleep(0.05)


def finish(worker: Worker, sandbox: Sandbox, expected: Counter[Billed], chapter: int = 0) -> None:
    """A run ends well, a second one has nothing to do, and every write was made once."""
    sandbox.behave(latency_ms=0)
    for _ in range(2):
        ran = worker.run("--auto", "--json", as_of=DAYS[chapter], status=ENDS_AS[chapter])
    assert ran.json["writes"] == {"post": 0, "patch": 0, "delete": 0}
    assert Counter(sandbox.billed()) == expected
    assert_each_write_was_made_once(worker)


def test_workers_share_the_work(
    server: Server, machine: Machine, sandbox: Sandbox, calm: list[Counter[Billed]]
) -> None:
    workers = [machine("east"), machine("west")]
    reseller, agreements = begin(sandbox, workers[0])
    sandbox.behave(latency_ms=800)  # so that who waited for the other's check finds something left to write
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        runs = [worker.start("--auto", "--json", as_of=day) for worker in workers]
        if not chapter:
            wait_until_each_has_noted_a_write(server, runs)
        sandbox.behave(latency_ms=15)
        ended = [worker.ended(run) for worker, run in zip(workers, runs, strict=True)]
        assert [(ran.status, ran.err) for ran in ended if ran.status != ENDS_AS[chapter]] == []
        assert Counter(sandbox.billed()) == calm[chapter]
    people = {row["who"].partition("@")[0] for row in workers[0].run("audit", "--json", status=0).json}
    assert people == {"east", "west"}
    assert_each_write_was_made_once(workers[0])


def _let_go(run: subprocess.Popen[str]) -> None:
    _, err = run.communicate(timeout=120)
    assert "Traceback" not in err, err


def _disturb(worker: Worker, run: subprocess.Popen[str], chance: random.Random) -> bool:
    """Stop it for a while, cut its connections, or kill it; True where it was killed."""
    match chance.randrange(4):
        case 0:
            run.send_signal(signal.SIGSTOP)
            worker.relay.cut()
            time.sleep(chance.random())
            run.send_signal(signal.SIGCONT)
        case 1:
            worker.relay.cut()
        case _ if run.poll() is None:
            run.kill()
            return True
    return False


def test_killed_and_cut_off_side_by_side(machine: Machine, sandbox: Sandbox, calm: list[Counter[Billed]]) -> None:
    """Two workers at once: one is killed, stopped for a while, or loses its connections, again and again."""
    workers, chance = [machine("east"), machine("west"), machine("north")], chance_of("machines")
    reseller, agreements = begin(sandbox, workers[0])
    sandbox.behave(latency_ms=15)
    runs: dict[int, subprocess.Popen[str]] = {}
    kills = 0
    for chapter, day in enumerate(DAYS):
        if chapter:
            go_on(reseller, agreements)
        while kills < KILLS * (chapter + 1) // len(DAYS):
            for number, worker in enumerate(workers):
                if number in runs and runs[number].poll() is not None:
                    _let_go(runs.pop(number))
                if number not in runs:
                    runs[number] = worker.start("--auto", "--wait", "60", as_of=day)
            number = chance.randrange(len(workers))
            time.sleep(chance.uniform(0.1, 1.0))
            kills += _disturb(workers[number], runs[number], chance)
        for run in runs.values():
            _let_go(run)
        runs.clear()
        finish(workers[0], sandbox, calm[chapter], chapter)
        sandbox.behave(latency_ms=15)


def test_a_killed_worker_gives_back_within_a_second(
    machine: Machine, sandbox: Sandbox, server: Server, calm: list[Counter[Billed]]
) -> None:
    first, second = machine("east"), machine("west")
    begin(sandbox, first)
    sandbox.behave(latency_ms=30)
    run = first.start("--auto", as_of=DAYS[0])
    wait_until_it_writes(sandbox, run)
    assert holders(server)
    run.kill()
    run.communicate()
    died = time.monotonic()
    while holders(server):
        assert time.monotonic() - died < 1
    finish(second, sandbox, calm[0])


def test_a_stopped_worker_whose_lease_passed_on_does_not_write(
    machine: Machine, sandbox: Sandbox, calm: list[Counter[Billed]]
) -> None:
    """Stopped for longer than its lease: its connections end meanwhile, another does the work, then it goes on."""
    first, second = machine("east"), machine("west")
    begin(sandbox, first)
    sandbox.behave(latency_ms=60)
    run = first.start("--auto", as_of=DAYS[0])
    wait_until_it_writes(sandbox, run)
    run.send_signal(signal.SIGSTOP)
    first.relay.cut()
    sandbox.behave(latency_ms=0)
    second.run("--auto", "--wait", "30", as_of=DAYS[0], status=ENDS_AS[0])
    assert Counter(sandbox.billed()) == calm[0]
    run.send_signal(signal.SIGCONT)
    ran = first.ended(run)
    assert ran.status in {0, 1}, ran.err
    finish(second, sandbox, calm[0])


def test_a_worker_that_is_cut_off_stops_in_words(
    machine: Machine, sandbox: Sandbox, server: Server, calm: list[Counter[Billed]]
) -> None:
    first, second = machine("east"), machine("west")
    begin(sandbox, first)
    sandbox.behave(latency_ms=60)
    run = first.start("--auto", as_of=DAYS[0])
    wait_until_it_writes(sandbox, run)
    first.relay.cut_off()
    sandbox.behave(latency_ms=0)
    second.run("--auto", "--wait", "30", as_of=DAYS[0], status=ENDS_AS[0])
    ran = first.ended(run)
    assert ran.status == 1
    assert "cannot be used" in ran.err
    assert holders(server) == 0
    first.relay.mend()
    finish(first, sandbox, calm[0])


@pytest.mark.parametrize("how", ["immediate", "fast"])
def test_the_server_restarts_in_mid_run(
    how: str, machine: Machine, sandbox: Sandbox, server: Server, calm: list[Counter[Billed]]
) -> None:
    """A run goes on by itself, or ends in words; the next one finishes."""
    workers = [machine("east"), machine("west")]
    begin(sandbox, workers[0])
    sandbox.behave(latency_ms=60)
    runs = [worker.start("--auto", "--wait", "60", as_of=DAYS[0]) for worker in workers]
    wait_until_it_writes(sandbox, runs[0])
    server.stop(how)
    time.sleep(1)
    server.start()
    ended = [worker.ended(run) for worker, run in zip(workers, runs, strict=True)]
    for ran in ended:
        assert ran.status in {0, 1}, ran.err
        assert ran.status == 0 or any(said in ran.err for said in ("cannot be used", "was lost", "was not kept"))
    assert not Counter(sandbox.billed()) - calm[0]
    finish(workers[0], sandbox, calm[0])
