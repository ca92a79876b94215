"""Runs commands in forks of one warm process: the real command line over real HTTP, without its start-up.

A line of JSON on standard input names arguments, environment and the file for the output; a line with the process id,
then one with the exit status (negative for a signal) is the answer.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import NoReturn

WARM = (
    "cwtui.cli.main",
    "cwtui.cli.auto",
    "cwtui.cli.reconcile",
    "cwtui.cli.task_work",
    "cwtui.composition",
    "cwtui.engine.auto",
    "cwtui.engine.reconciling.reconcile",
    "cwtui.engine.writing.task_work",
)


def run(job: dict[str, object]) -> NoReturn:
    """In the fork: never returns to the server's loop."""
    os.environ.update(job["environment"])  # type: ignore[call-overload]  # ours
    os.chdir(str(job["folder"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(str(job["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.argv = ["cwtui", *job["arguments"]]  # type: ignore[misc]  # ours
    status: object = 1
    try:
        import_module("cwtui.cli.main").main()
        status = 0
    except SystemExit as leaving:
        status = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def serve() -> None:
    """Until the input ends."""
    for name in WARM:
        import_module(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            run(json.loads(line))
        sys.stdout.write(f"{process}\n")
        sys.stdout.flush()
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
