"""The terminal interface in a real terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import termios
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.sandbox.world import World
from cwtui.store.state import open_state
from tests.end_to_end.running import COMMAND, Cwtui, Sandbox, environment_of, serve
from tests.end_to_end.terminal_session import PATIENCE_S, Terminal

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked at through /proc"),
]
AS_OF = "2026-11-23"
_HOME = "[1 Tasks]"
_WITHOUT_A_WRITE = 1
"""Ready tasks of the demo whose plans write nothing: what is billed by use."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "tmux", {})
    yield made
    made.hang_up()


def test_from_the_start_to_a_synced_task(terminal: Terminal) -> None:
    terminal.start(*COMMAND, "--demo", "--as-of", AS_OF)
    terminal.until(_HOME, "Green Lane LLC", "10 needs action", "10 ready", gone=["No tasks yet"])
    terminal.keys("/")
    terminal.type("northgate")
    terminal.keys("Enter")
    terminal.until("of 20 shown", "Northgate Logistics", "customer_unmapped · key: m maps it", "/ Filter")
    terminal.keys("m")
    terminal.until("Which ConnectWise company is customer Northgate", "❯  NG Logistics Holdings")
    terminal.answer("Enter")
    terminal.until("Which agreement bills subscription", "❯  NG Cloud")
    terminal.answer("Enter")
    terminal.until("These additions will be written", "+ create", "266.20")
    terminal.answer("C-s")
    terminal.until("y writes it to ConnectWise", "difference", "+266.20 EUR")
    terminal.answer("y")
    terminal.until(_HOME, "1 synced")
    terminal.keys("3")
    terminal.until("[3 Activity]", "created addition", "confirmed")
    terminal.keys("q")
    terminal.until(_HOME)
    terminal.keys("?")
    terminal.until("Look for new and ended orders", "esc closes")
    terminal.keys("Escape")
    terminal.until(_HOME, gone=["esc closes"])
    _quits_clean(terminal, "q")
    assert not list(Path.home().rglob("*"))


def _quits_clean(terminal: Terminal, *keys: str) -> None:
    """Leaving gives the terminal back as it was: no other screen, no mouse, the cursor in sight, lines that echo."""
    terminal.keys(*keys)
    shown = terminal.until("ended with 0", gone=[_HOME])
    assert "Traceback" not in shown
    names = ("alternate_on", "mouse_any_flag", "mouse_all_flag", "mouse_sgr_flag", "cursor_flag", "wrap_flag")
    assert [terminal.setting(name) for name in names] == ["0", "0", "0", "0", "1", "1"]
    terminal.type("echoed")
    terminal.until("echoed")
    terminal.keys("C-c")  # ISIG is back: this ends the `cat` behind it


@pytest.mark.parametrize("keys", [pytest.param(["9", "C-q"], id="from a field"), pytest.param(["?", "C-q"], id="help")])
def test_ctrl_q_from_anywhere_leaves_the_terminal_clean(terminal: Terminal, keys: list[str]) -> None:
    terminal.start(*COMMAND, "--demo", "--as-of", AS_OF)
    terminal.until(_HOME)
    terminal.keys(keys[0])
    terminal.until("[9 Setup]" if keys[0] == "9" else "esc closes")
    _quits_clean(terminal, *keys[1:])


def test_without_settings_the_demo_is_a_key_away(terminal: Terminal, tmp_path: Path) -> None:
    terminal.start(*COMMAND, "--state", str(tmp_path / "state.json"), "--as-of", AS_OF)
    terminal.until("Welcome to cwtui", "Set up the connections", "Look at the demo")
    terminal.keys("d")
    terminal.until(_HOME, "demo", gone=["Welcome"])
    terminal.keys("c")
    terminal.until("10 ready")
    _quits_clean(terminal, "q")


def test_no_color_sends_none(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "tmux", {"NO_COLOR": "1"})
    try:
        terminal.start(*COMMAND, "--demo", "--as-of", AS_OF)
        terminal.until(_HOME)
        terminal.keys("c")
        terminal.until("▸ ready", "! needs action")
        shown = terminal.tmux("capture-pane", "-e", "-p", "-t", "t")
        assert "\x1b[38" not in shown
        assert "\x1b[48" not in shown
        assert not any(f"\x1b[{number}m" in shown for number in (*range(30, 38), *range(40, 48), *range(90, 108)))
    finally:
        terminal.hang_up()


# a line that drops


@pytest.fixture
def seeded() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        yield serve(stack, "--host", "127.0.0.1")


def _ready(sandbox: Sandbox, folder: Path) -> Cwtui:
    """A state whose tasks are checked and, where the demo's mappings do, ready.

    Mappings are put into the state: ConnectWise made some of their targets inactive since, which `map import` refuses
    (mapping.md#targets-exist).
    """
    folder.mkdir()
    slow = {"CWTUI_SYNC__CONCURRENCY": "1", "CWTUI_SYNC__SETTLE_S": "0.3"}
    cwtui = Cwtui(folder / "state.json", {**environment_of(sandbox.announced), **slow})
    rows = World.seeded(date.fromisoformat(AS_OF)).demo_mappings()
    state = open_state(cwtui.state)
    with state.batch():
        for kind, marketplace_id, charge, target in rows:
            state.save_mapping(Mapping(MappingKey(MappingKind(kind), marketplace_id, charge or ""), int(target)))
    state.close()
    cwtui.run("check", status=3)
    return cwtui


def test_a_dropped_line_in_the_middle_of_a_sync_loses_nothing(tmp_path: Path, seeded: Sandbox) -> None:
    with ExitStack() as stack:
        undisturbed = serve(stack, "--host", "127.0.0.1")
        _ready(undisturbed, tmp_path / "undisturbed").run("--auto")
        wanted = Counter(undisturbed.billed())
    cwtui = _ready(seeded, tmp_path / "dropped")
    ready = sum(task["status"] == "ready" for task in cwtui.tasks().values())
    seeded.behave(latency_ms=250)
    before = len(seeded.rows())
    terminal = Terminal(tmp_path / "tmux", cwtui.environment)
    terminal.start(*cwtui.arguments())
    terminal.until(_HOME, f"{ready} ready")
    terminal.keys("S")
    terminal.until("plans to ConnectWise?")
    terminal.answer("y")
    _until(lambda: len(seeded.rows()) >= before + 2)
    process = terminal.process()
    terminal.hang_up()
    _until(lambda: not _is_alive(process))
    seeded.behave(latency_ms=0)

    written = len(seeded.rows()) - before
    statuses = Counter(task["status"] for task in cwtui.tasks().values())
    assert 0 < statuses["synced"] <= written + _WITHOUT_A_WRITE < ready
    assert not cwtui.state.with_name("state.json.journal").exists()  # it was closed, not cut off
    _resumes(cwtui, tmp_path)
    assert Counter(seeded.billed()) == wanted
    assert {task["status"] for task in cwtui.tasks().values()} == {"synced", "needs_action"}


def test_a_line_that_drops_unsaid_ends_it_too() -> None:
    """The terminal belongs to another session, as under `su -c`: nobody signals the process."""
    leader, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (40, 120))
    with subprocess.Popen(  # noqa: S603  # ours
        [*COMMAND, "--demo", "--as-of", AS_OF],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
    ) as process:
        os.close(terminal)
        shown = b""
        while b"Green Lane" not in shown:
            shown += os.read(leader, 65536)
        os.close(leader)
        assert process.wait(PATIENCE_S) == 0


def _resumes(cwtui: Cwtui, tmp_path: Path) -> None:
    """The next start on the screen goes on where the line dropped."""
    terminal = Terminal(tmp_path / "tmux-again", cwtui.environment)
    try:
        terminal.start(*cwtui.arguments())
        terminal.until(_HOME, "synced", gone=["READ ONLY"])
        terminal.keys("S")
        terminal.until("to ConnectWise?")
        terminal.answer("y")
        terminal.until("0 ready", gone=["esc stops"])
        _quits_clean(terminal, "q")
    finally:
        terminal.hang_up()


def test_two_operators_write_side_by_side(tmp_path: Path, seeded: Sandbox) -> None:
    """Both screens write one state, and neither loses what the other wrote (hands.md#one-state-many-processes)."""
    cwtui = _ready(seeded, tmp_path / "shared")
    first, second = (Terminal(tmp_path / name, cwtui.environment, columns=80, lines=24) for name in ("one", "two"))
    try:
        for terminal in (first, second):
            terminal.start(*cwtui.arguments())
            terminal.until(_HOME, "10 ready", gone=["READ"])
        _skips(first, "FranciscoRGoogle02", "by the first operator")
        assert _notes_of_skipped(cwtui) == {"initial.1000047883": "by the first operator"}
        _skips(second, "Brightwater", "by the second operator")
        both = {"initial.1000047883": "by the first operator", "initial.1000048610": "by the second operator"}
        assert _notes_of_skipped(cwtui) == both
        for terminal in (first, second):
            assert "READ" not in terminal.shown()
            _quits_clean(terminal, "q")
    finally:
        first.hang_up()
        second.hang_up()
    assert _notes_of_skipped(cwtui) == both


def _skips(terminal: Terminal, customer: str, reason: str) -> None:
    """Find the only task of a customer, and set it aside."""
    terminal.keys("/")
    terminal.type(customer)
    terminal.keys("Enter")
    terminal.until("1 of 20 shown", "/ Filter")
    terminal.keys("x")
    terminal.until("Skip 1 task")
    terminal.type(reason)
    terminal.until(reason)
    terminal.answer("Enter")
    terminal.until("» skipped", gone=["Skip 1 task"])


def _notes_of_skipped(cwtui: Cwtui) -> dict[str, str]:
    return {name: task["note"] for name, task in cwtui.tasks().items() if task["status"] == "skipped"}


def _until(come: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not come():
        assert time.monotonic() < end
        time.sleep(0.05)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
