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
SPARED = {  # what a headless run does not need
    "apprise",
    "importlib.resources.readers",
    "jinja2",
    "keyring",
    "psycopg",
    "pygments",
    "rapidfuzz",
    "rich",
    "stamina",
    "textual",
    "tinydb",
    "tomlkit",
    "uvicorn",
    "xlsxwriter",
    "cwtui.cli.tasks",
    "cwtui.engine.doctor",
    "cwtui.engine.importing",
    "cwtui.engine.mapping.mapping",
    "cwtui.engine.mapping.suggest",
    "cwtui.engine.mapping.workbench",
    "cwtui.engine.reconciling",
    "cwtui.engine.reporting.forecast",
    "cwtui.engine.reporting.report",
    "cwtui.engine.writing.drift",
    "cwtui.engine.writing.runs",
    "cwtui.engine.writing.why",
    "cwtui.notifying",
    "cwtui.services.notify",
    "cwtui.store.postgres",
    "cwtui.store.recovery",
    "cwtui.tui",
    "cwtui.vendors",
}
OF_CONNECTWISE = {
    "cwtui.services.connectwise_additions",
    "cwtui.services.connectwise_records",
    "cwtui.services.connectwise_setup_records",
}
"""A run with nothing new does not ask it."""
NOT_FOR_A_LIST = {  # what a list of tasks does not need either
    "asyncio",
    "email",
    "httpx",
    "msgspec",
    "pydantic",
    "socket",
    "ssl",
    "cwtui.composition",
    "cwtui.domain.plans",
    "cwtui.engine",
    "cwtui.services",
    "cwtui.settings",
    "cwtui.store.schema",
}
SETTINGS = """
[marketplace]
base_url = "http://127.0.0.1:9"
username = "name"
password = "secret"
subscription_key = "secret"
[connectwise]
base_url = "http://127.0.0.1:9"
company_id = "company"
public_key = "key"
private_key = "secret"
client_id = "client"
"""
REPORT = """
import atexit, json, sys
from cwtui.cli.main import main
sys.argv = ["cwtui", *json.loads(sys.argv[1])]
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
main()
"""
BEFORE_ASKING = """
import json, os, sys
from cwtui.cli.main import main
from cwtui.services.http_policy import HttpPolicy
async def ask(*_, **__):
    print(json.dumps(sorted(sys.modules)), file=sys.stderr, flush=True)
    os._exit(0)
HttpPolicy.ask = ask
sys.argv = ["cwtui", *json.loads(sys.argv[1])]
main()
"""


def run(*arguments: str, code: int = 0, program: str = REPORT) -> tuple[str, set[str]]:
    """stdout, and every module that was loaded."""
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", program, json.dumps(arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


def started(loaded: set[str], spared: set[str]) -> set[str]:
    """What of the second is among the first."""
    return {name for name in spared if name in loaded or any(one.startswith(f"{name}.") for one in loaded)}


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
    assert not started(loaded, (SPARED - {"cwtui.cli.tasks"}) | NOT_FOR_A_LIST)


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


def test_a_run_loads_only_what_it_uses() -> None:
    """The demo's run checks, plans and writes; nobody is told, nothing is asked twice, no file of a vendor is read."""
    stdout, loaded = run("--auto", "--demo", code=3)
    assert stdout
    assert not started(loaded, SPARED)


def test_a_run_over_the_network_loads_no_more_before_it_asks(tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    settings.chmod(0o600)
    options = ("--config", str(settings), "--state", str(tmp_path / "state.json"))
    _, loaded = run(*options, "--auto", program=BEFORE_ASKING)
    assert not started(loaded, SPARED | {"cwtui.sandbox", "msgspec", *OF_CONNECTWISE})


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
