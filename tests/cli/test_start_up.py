"""What a command loads, in a fresh interpreter: `--version` and `tasks list` shall answer in a blink."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cwtui import __version__
from cwtui.store.state import open_state

HEAVY = {"textual", "apprise", "httpx", "pydantic", "asyncio", "keyring", "uvicorn", "tomlkit"}
OURS = {"cwtui.sandbox", "cwtui.tui", "cwtui.settings", "cwtui.services", "cwtui.composition", "cwtui.engine"}
REPORT = """
import atexit, json, sys
from cwtui.cli.main import main
sys.argv = ["cwtui", *json.loads(sys.argv[1])]
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
main()
"""


def run(*arguments: str, code: int = 0) -> tuple[str, set[str]]:
    """stdout, and every module that was loaded."""
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", REPORT, json.dumps(arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def test_version_loads_nothing_at_all() -> None:
    stdout, loaded = run("--version")
    assert stdout == f"cwtui {__version__}\n"
    assert {name for name in loaded if name.startswith("cwtui")} == {
        "cwtui",
        "cwtui.cli",
        "cwtui.cli.main",
        "cwtui.cli.streams",
    }
    assert not loaded & {"click", "typing", "dataclasses"}


def test_version_is_an_option_like_others(cwtui: Any) -> None:
    assert cwtui("--version", "tasks").stdout == f"cwtui {__version__}\n"


@pytest.mark.parametrize("more", [["--json"], [], ["--status", "ready"], ["--help"]], ids=" ".join)
def test_tasks_list_loads_neither_engine_nor_settings(tmp_path: Path, made: Any, more: list[str]) -> None:
    path = tmp_path / "state.json"
    store = open_state(path)
    store.save_task(made.task())
    store.close()
    stdout, loaded = run("--state", str(path), "tasks", "list", *more)
    assert "SO-1.S1" in stdout or more == ["--help"]
    assert not loaded & HEAVY
    assert not loaded & OURS


def test_help_and_usage_errors_load_neither() -> None:
    for arguments, code in ((["--help"], 0), (["nonsense"], 2), (["tasks", "--help"], 0)):
        _, loaded = run(*arguments, code=code)
        assert not loaded & (HEAVY | OURS)


def test_auto_never_loads_the_screen() -> None:
    """commands.md#task-list: it needs no terminal. Without settings it ends before any request."""
    stdout, loaded = run("--auto", "--json", code=2)
    assert stdout == ""
    assert "textual" not in loaded
    assert "cwtui.sandbox" not in loaded


def test_a_reader_that_goes_away_is_told_in_a_sentence(tmp_path: Path, made: Any) -> None:
    path = tmp_path / "state.json"
    store = open_state(path)
    with store.batch():
        for number in range(3000):
            store.save_task(made.task(f"SO-{number}.S1"))
    store.close()
    command = [sys.executable, "-m", "cwtui.cli.main", "tasks", "list", "--state", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:  # noqa: S603
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read().startswith(
            b"The answer could not be written to its end: nobody reads it any more."
        )
        assert listing.wait(30) == 1


def test_completion_comes_from_click() -> None:
    environment = {"_CWTUI_COMPLETE": "bash_complete", "COMP_WORDS": "cwtui tasks s", "COMP_CWORD": "2"}
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-m", "cwtui.cli.main"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == {"show", "sync", "skip"}


def test_version_with_verbose_says_what_a_bug_report_needs(cwtui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_CONNECTWISE__PRIVATE_KEY", "never-shown")
    said = cwtui("--version", "--verbose").stdout
    lines = dict(line.split(None, 1) for line in said.splitlines())
    assert lines["cwtui"] == __version__
    assert {"python", "textual", "httpx", "system", "terminal", "settings", "state"} <= set(lines)
    assert "config.toml" in lines["settings"]
    assert lines["state"].startswith("file ")
    assert "never-shown" not in said
