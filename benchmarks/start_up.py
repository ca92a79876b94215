"""Start-up of the installed command, against a bare interpreter and one that imports httpx and pydantic."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import state as states
from benchmarks.report import BenchmarkRow, medians

ROUNDS = 21
TASKS = (1_000, 10_000, 100_000)
NAMED_SIZE = 1_000
_UNREACHABLE = "http://127.0.0.1:9"
_SETTINGS = f"""
[marketplace]
base_url = "{_UNREACHABLE}"
username = "benchmark"
password = "benchmark"
subscription_key = "benchmark"
[connectwise]
base_url = "{_UNREACHABLE}"
company_id = "benchmark"
public_key = "benchmark"
private_key = "benchmark"
client_id = "benchmark"
"""
_UP_TO_THE_FIRST_REQUEST = """
import os
from cwtui.cli.main import main, prepare

prepare()
from cwtui.services.http_policy import HttpPolicy

async def end(*_, **__):
    os._exit(0)

HttpPolicy.ask = end
main()
"""


def rows(sizes: Sequence[int] = TASKS, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """The version, the help, and the task list at several sizes; in turns with the bare interpreter."""
    cwtui = str(Path(sys.executable).with_name("cwtui"))
    listed: dict[int, tuple[float, float]] = {}
    against_script: dict[int, float] = {}
    version_s = help_s = bare_s = script_s = auto_s = 0.0
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.json"
            states.fill(path, size)
            commands = (
                [sys.executable, "-c", "pass"],
                [cwtui, "--version"],
                [cwtui, "--help"],
                [cwtui, "--state", str(path), "tasks", "list"],
                [sys.executable, "-c", "import httpx, pydantic"],
                [sys.executable, "-c", _UP_TO_THE_FIRST_REQUEST, *_auto(Path(folder))],
            )
            runs = [partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL) for command in commands]
            bare_s, version_s, help_s, list_s, script_s, auto_s = medians(*runs, rounds=rounds)
            listed[size] = list_s, list_s / bare_s
            against_script[size] = list_s / script_s
    named = NAMED_SIZE if NAMED_SIZE in listed else max(sizes)
    bare = "`python -c pass`, same interpreter"
    script = "`python -c 'import httpx, pydantic'`, same interpreter"
    ratios = {size: ratio for size, (_, ratio) in listed.items()}
    seconds = {size: taken for size, (taken, _) in listed.items()}
    return [
        BenchmarkRow("`cwtui --version`", bare, version_s / bare_s, 5, "×", {}),
        BenchmarkRow("`cwtui --help`", bare, help_s / bare_s, 12, "×", {}),
        BenchmarkRow("`cwtui tasks list`, 1,000 tasks", bare, ratios[named], 12, "×", ratios, seconds),
        BenchmarkRow("`cwtui --auto` up to its first request", script, auto_s / script_s, 1.5, "×", {}),
        BenchmarkRow("`cwtui tasks list`, 1,000 tasks", script, against_script[named], 0.5, "×", {}),
    ]


def _auto(folder: Path) -> list[str]:
    settings = folder / "config.toml"
    settings.write_text(_SETTINGS, encoding="utf-8")
    settings.chmod(0o600)
    return ["--config", str(settings), "--state", str(folder / "auto.json"), "--auto"]


if __name__ == "__main__":
    print(*rows((1_000,)), sep="\n")
