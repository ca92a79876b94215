"""`cwtui tasks list`: straight from the state file, without waiting for other processes (commands.md#task-list).

The only command that reads the state by itself: it shall answer in a blink, so it loads neither engine nor settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.commands import ListingCommand, examples
from cwtui.cli.global_options import GlobalOptions, current_options

if TYPE_CHECKING:
    from pathlib import Path

Document = dict[str, Any]

# Spelled out, so that the list starts without the domain; a test compares them with its enumerations.
STATUSES = ("needs_action", "ready", "waiting", "synced", "failed", "skipped")
KINDS = (
    "sales_order",
    "change_order",
    "billing_order",
    "cancellation_order",
    "renewal_order",
    "reconciliation",
    "count_update",
)

_ID_WIDTH = 24


@click.command(
    "list",
    cls=ListingCommand,
    epilog=examples(
        "cwtui tasks list --status needs_action --status failed",
        "cwtui tasks list --kind change_order --json",
        "cwtui tasks list --warned",
    ),
)
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these; may be repeated.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these; may be repeated.")
@click.option("--warned", is_flag=True, help="Only those with warnings that nobody accepted yet.")
def list_(statuses: tuple[str, ...], kinds: tuple[str, ...], *, warned: bool) -> None:
    """List tasks, oldest first.

    Reads the state file only, also while another cwtui works on it.
    """
    chosen = current_options()
    documents = _demo_tasks() if chosen.demo and chosen.state is None else _kept_tasks(chosen)
    found = sorted(
        (
            document
            for document in documents
            if (not statuses or document["status"] in statuses)
            and (not kinds or document["kind"] in kinds)
            and (not warned or _is_warned(document))
        ),
        key=_age,
    )
    if chosen.json:
        answer_json(found)
    else:
        answer(_text(found))


def _kept_tasks(chosen: GlobalOptions) -> Iterable[Document]:
    if chosen.state is None and _is_placed(chosen.config):
        return _placed_tasks(chosen)
    from cwtui.cli.documents import kept_task_document  # noqa: PLC0415  # not for the help
    from cwtui.locations import state_path  # noqa: PLC0415
    from cwtui.store.opening import open_documents  # noqa: PLC0415

    path = state_path(chosen.state, chosen.profile)
    with suppress(OSError):  # no right to look, or no such name: opening it says so in full
        if not path.exists():
            tell(f"There is no state file {path} yet: run `cwtui check`.")
    return map(kept_task_document, open_documents(path, read_only=True).task_documents())


def _is_placed(config: Path | None) -> bool:
    """Whether the settings may name the state's place. Only then are they loaded: the list shall answer in a blink."""
    from cwtui.locations import config_path  # noqa: PLC0415

    if any(name.upper().startswith("CWTUI_STATE__") for name in os.environ):
        return True
    path = config_path(config)
    try:
        return path.is_file() and re.search(rb"\bstate\b", path.read_bytes()) is not None
    except OSError:  # loading them says why they cannot be read
        return True


def _placed_tasks(chosen: GlobalOptions) -> Iterable[Document]:
    from cwtui.cli.documents import kept_task_document  # noqa: PLC0415
    from cwtui.composition import configured_state  # noqa: PLC0415  # loads settings and services

    with configured_state(replace(chosen.options(), read_only_ok=True)) as state:
        return [kept_task_document(document) for document in state.documents.task_documents()]


def _demo_tasks() -> Iterable[Document]:
    """The demo's state is thrown away with its process, so there is nothing to read before a check."""
    from cwtui.cli.documents import task_document  # noqa: PLC0415  # loads the engine
    from cwtui.cli.engine_access import with_engine  # noqa: PLC0415
    from cwtui.engine.facade import Engine  # noqa: PLC0415

    async def ask(engine: Engine) -> Iterable[Document]:
        await engine.check()
        return [task_document(task) for task in await engine.tasks()]

    return with_engine(ask)


def _is_warned(document: Document) -> bool:
    return bool(document["warnings"]) and not document["accepted"] and document["status"] != "skipped"


def _age(document: Document) -> tuple[str, str, str]:
    """Oldest order first, `initial` before all; at the same moment the smaller id (check.md#order-of-tasks)."""
    order = document["order"]
    number = order["id"].zfill(_ID_WIDTH) if order["id"].isdecimal() else order["id"]
    return order["created"] or "", number, document["id"]


def _text(documents: Collection[Document]) -> str:
    from cwtui.cli.table import table  # noqa: PLC0415  # JSON does without

    if not documents:
        return "No tasks."
    headers = ("TASK", "STATUS", "KIND", "CUSTOMER", "SUBSCRIPTION", "WHAT")
    return table(headers, [_row(document) for document in documents])


def _row(document: Document) -> tuple[str, ...]:
    problems = document["problems"]
    what = f"{problems[0]['code']}: {problems[0]['message']}" if problems else document["note"]
    if _is_warned(document):
        what = f"! {document['warnings'][0]} {what}".rstrip()
    names = (document["customer"]["name"], document["subscription"]["name"])
    return document["id"], document["status"], document["kind"], *names, what
