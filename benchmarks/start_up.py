"""Start-up of the installed command, against an interpreter that does nothing."""

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


def rows(sizes: Sequence[int] = TASKS, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """The version, the help, and the task list at several sizes; in turns with the bare interpreter."""
    cwtui = str(Path(sys.executable).with_name("cwtui"))
    listed: dict[int, tuple[float, float]] = {}
    version_s = help_s = bare_s = 0.0
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.json"
            states.fill(path, size)
            commands = (
                [sys.executable, "-c", "pass"],
                [cwtui, "--version"],
                [cwtui, "--help"],
                [cwtui, "--state", str(path), "tasks", "list"],
            )
            runs = [partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL) for command in commands]
            bare_s, version_s, help_s, list_s = medians(*runs, rounds=rounds)
            listed[size] = list_s, list_s / bare_s
    named = NAMED_SIZE if NAMED_SIZE in listed else max(sizes)
    bare = "`python -c pass`, same interpreter"
    ratios = {size: ratio for size, (_, ratio) in listed.items()}
    seconds = {size: taken for size, (taken, _) in listed.items()}
    return [
        BenchmarkRow("`cwtui --version`", bare, version_s / bare_s, 5, "×", {}),
        BenchmarkRow("`cwtui --help`", bare, help_s / bare_s, 12, "×", {}),
        BenchmarkRow("`cwtui tasks list`, 1,000 tasks", bare, ratios[named], 12, "×", ratios, seconds),
    ]


if __name__ == "__main__":
    print(*rows((1_000,)), sep="\n")
