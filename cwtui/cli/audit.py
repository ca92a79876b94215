"""`cwtui audit`: every write ever made (commands.md#task-list)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from cwtui.cli.answer import answer, answer_json, counted, write_file
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.documents import as_json, audit_document
from cwtui.cli.engine_access import with_engine
from cwtui.cli.global_options import current_options, day
from cwtui.cli.runs import answer_runs
from cwtui.cli.table import table
from cwtui.domain.addition_words import edit_text
from cwtui.domain.ids import TaskId
from cwtui.domain.money import plain
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow, RecordWrite
from cwtui.engine.csv_cells import safe_cell
from cwtui.engine.facade import Engine

_VALUES = tuple(field.name for field in fields(AdditionValues))
_OTHERS = ("service", "record", "record_id", "name", "before", "after")
_PLAIN = tuple(field.name for field in fields(AuditRow) if field.name not in {"before", "after", "why"})


Write = AuditRow | RecordWrite


@click.command(
    cls=ListingCommand,
    epilog=examples("cwtui audit --since 2026-11-01", "cwtui audit --task initial.1000048531 --json",
                    "cwtui audit --csv audit.csv", "cwtui audit --runs"),
)  # fmt: skip
@click.option("--task", "task_id", metavar="ID", help="Only the writes of this task.")
@click.option("--since", type=day, metavar="YYYY-MM-DD", help="Only writes on or after this day (UTC).")
@click.option("--csv", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write a CSV file; `-` is stdout.")
@click.option("--runs", "by_run", is_flag=True, help="One line per run, for `cwtui tasks undo --run RUN_ID`.")
def audit(task_id: str | None, since: date | None, file: Path | None, *, by_run: bool) -> None:
    """Show every write ever made, oldest first: when, what, before and after, and how it ended.

    Of additions, and of every other record too: companies, catalog items, setup tables, customers …
    """
    if file is not None and current_options().json:
        raise click.UsageError("--csv and --json exclude each other.")
    if by_run:
        if file is not None or task_id is not None or since is not None:
            raise click.UsageError("--runs stands alone, or with --json.")
        answer_runs()
        return

    async def ask(engine: Engine) -> Sequence[Write]:
        rows = await engine.audit(None if task_id is None else TaskId(task_id), since)
        others = engine.record_writes(since) if task_id is None else ()
        return sorted([*rows, *others], key=lambda row: row.at)

    rows = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([audit_document(row) for row in rows])
    elif file is None:
        answer(_text(rows))
    elif str(file) == "-":
        answer(audit_csv(rows), end="")
    else:
        write_file(file, audit_csv(rows))
        answer(f"{counted(len(rows), 'write')} listed in {file}.")


def audit_csv(rows: Sequence[Write]) -> str:
    """A header and a row per write, nothing a spreadsheet would compute.

    Before and after of an addition are one column per value; of any other record one column with all of them.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    sides = [f"{side}_{name}" for side in ("before", "after") for name in _VALUES]
    writer.writerow([*_PLAIN, *sides, "why", *_OTHERS])
    for row in rows:
        cells = _addition_cells(row) if isinstance(row, AuditRow) else _record_cells(row)
        writer.writerow([safe_cell(_cell(value)) for value in cells])
    return out.getvalue()


def _addition_cells(row: AuditRow) -> list[object]:
    own = [getattr(row, name) for name in _PLAIN]
    values = [None if side is None else getattr(side, name) for side in (row.before, row.after) for name in _VALUES]
    edited = {"edited": text} if (text := edit_text(row.change)) else {}
    why = "; ".join(f"{name}: {_cell(value)}" for name, value in (row.why.shown() | edited).items())
    return [*own, *values, why, "PSA", "addition", row.addition_id, "", "", ""]


def _record_cells(row: RecordWrite) -> list[object]:
    own = [getattr(row, name, None) for name in _PLAIN]
    sides = [
        "; ".join(f"{name}: {_cell(value)}" for name, value in (side or {}).items()) for side in (row.before, row.after)
    ]
    return [*own, *[None] * (2 * len(_VALUES)), "", row.service, row.record, row.record_id, row.name, *sides]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " | ".join(map(_cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(inner)}" for name, inner in value.items())
    return plain(value) if isinstance(value, Decimal) else str(as_json(value))


def _text(rows: Sequence[Write]) -> str:
    if not rows:
        return "Nothing was written yet."
    headers = ("WHEN (UTC)", "TASK", "WHAT", "AGREEMENT", "ADDITION", "PRODUCT", "CHARGE", "OUTCOME", "CHANGE")
    return table(headers, [_cells(row) for row in rows])


def _cells(row: Write) -> tuple[object, ...]:
    if isinstance(row, RecordWrite):
        what, which = f"{row.operation} {row.record}", f"{row.name} ({row.record_id})" if row.record_id else row.name
        return f"{row.at:%Y-%m-%d %H:%M:%S}", "", what, "", "", "", "", row.result, which
    where = (row.agreement_id, row.addition_id, row.product_id, row.charge)
    return f"{row.at:%Y-%m-%d %H:%M:%S}", row.task_id, row.operation, *where, row.result, _difference(row)


def _difference(row: AuditRow) -> str:
    """The changed values; of a creation or deletion its quantity, price and days; then the operator's edits."""
    edited = edit_text(row.change)
    return _changed(row) + (f" (edited: {edited})" if edited else "")


def _changed(row: AuditRow) -> str:
    if row.before and row.after:
        different = row.before.differences(row.after)
        return ", ".join(
            f"{name} {_cell(old) or 'none'} → {_cell(new) or 'none'}" for name, (old, new) in different.items()
        )
    values = row.after or row.before
    if values is None:
        return ""
    days = f"{values.effective} to {values.cancelled}" if values.cancelled else f"from {values.effective}"
    return f"{plain(values.quantity)} × {plain(values.unit_price)}, {days}"
