"""Catalog items of a vendor's file: shown, asked about, then created (files.md#creating-asks-first)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.engine_access import with_composition
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.table import table
from cwtui.cli.vendor_documents import items_document, tell_refused
from cwtui.domain.plain_text import plain_text
from cwtui.vendors.items import ExportedItem, ItemsReport, ItemState

if TYPE_CHECKING:
    from cwtui.composition import Composition


def create_items(
    layout: str, file: Path, *, reset: bool, dry_run: bool, yes: bool, sheet: str, refused: Path | None
) -> ExitStatus:
    """Create a catalog item for each SKU of a file, and print the result."""

    async def ask(composition: Composition) -> ItemsReport:
        export, found = await composition.vendor(layout).of_sheet(sheet).compare_items(file)
        differing = found.of(ItemState.DIFFERS)
        if reset and not current_options().json:
            answer(_differences(differing))
        if dry_run or not _may_create(found, yes=yes):
            return found
        return await export.apply(found, reset=reset and _agreed(len(differing), yes=yes))

    report = with_composition(ask)
    if current_options().json:
        answer_json(items_document(report))
    else:
        _answer_items(report)
    tell_refused(report.refused, every=current_options().verbose, out=refused)
    failed = report.of(ItemState.FAILED)
    for item in failed:
        tell(f"Failed: {plain_text(item.item.name)}: {plain_text(item.note)}")
    if failed:
        return ExitStatus.FAILED
    return ExitStatus.NEEDS_ACTION if report.refused else ExitStatus.DONE


def _may_create(found: ItemsReport, *, yes: bool) -> bool:
    """Whether to create: on a terminal it shows the names and asks; a script agrees by calling the command."""
    new = found.of(ItemState.NEW)
    if yes or not new or not sys.stdin.isatty():
        return True
    for item in new:
        tell(f"New: {plain_text(item.item.name)} ({plain_text(item.item.description)})")
    return click.confirm(f"Create {counted(len(new), 'catalog item')} in ConnectWise?", err=True)


def _agreed(differing: int, *, yes: bool) -> bool:
    """Whether to reset: on a terminal it asks; a script agrees by giving --reset."""
    if yes or not differing or not sys.stdin.isatty():
        return True
    return click.confirm(f"Reset {counted(differing, 'catalog item')}?", err=True)


def _differences(items: Iterable[ExportedItem]) -> str:
    rows = [(item.item.name, one.field, one.held, one.sheet) for item in items for one in item.differences]
    if not rows:
        return "Nothing differs from the sheet."
    return table(("CATALOG ITEM", "FIELD", "IS", "WOULD BE"), rows)


def _answer_items(report: ItemsReport) -> None:
    counts = [f"{len(report.of(state))} {state}" for state in ItemState if report.of(state)]
    answer(f"{counted(len(report.items), 'catalog item')}: {', '.join(counts) or 'none'}.")
    for item in report.items:
        if item.note and item.state is not ItemState.FAILED:
            tell(f"{plain_text(item.item.name)}: {plain_text(item.note)}")
    differing = report.of(ItemState.DIFFERS)
    if differing:
        names = ", ".join(plain_text(item.item.name) for item in differing)
        tell(f"Edited since, and left alone (--reset shows and undoes it): {names}")
