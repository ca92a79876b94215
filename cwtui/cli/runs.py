"""`cwtui audit --runs`: what each start of the program wrote, so that it can be taken back as a whole."""

from __future__ import annotations

from cwtui.cli.answer import answer, answer_json
from cwtui.cli.documents import as_json
from cwtui.cli.engine_access import with_engine
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.engine.facade import Engine
from cwtui.engine.writing.runs import RunSummary


def answer_runs() -> None:
    """List every run that wrote something."""

    async def ask(engine: Engine) -> tuple[RunSummary, ...]:
        return engine.runs.list()

    runs = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([_document(run) for run in runs])
    elif runs:
        headers = ("RUN", "WHEN (UTC)", "WHO", "CREATED", "CHANGED", "DELETED", "FAILED", "TASKS")
        numbers = {"CREATED", "CHANGED", "DELETED", "FAILED"}
        answer(table(headers, [_cells(run) for run in runs], right=numbers))
    else:
        answer("Nothing was written yet.")


def _document(run: RunSummary) -> dict[str, object]:
    writes = {"post": run.writes.post, "patch": run.writes.patch, "delete": run.writes.delete}
    return {
        "run_id": run.run_id,
        "at": as_json(run.at),
        "until": as_json(run.until),
        "who": run.who,
        "tasks": list(run.tasks),
        "writes": writes,
        "failed": run.failed,
    }


def _cells(run: RunSummary) -> tuple[object, ...]:
    counts = (run.writes.post, run.writes.patch, run.writes.delete, run.failed)
    return run.run_id, f"{run.at:%Y-%m-%d %H:%M:%S}", run.who, *counts, ", ".join(run.tasks)
