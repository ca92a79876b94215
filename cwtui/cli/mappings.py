"""`cwtui map …`: customer ↔ company, product ↔ catalog item, subscription ↔ agreement (mapping.md#mapping-csv)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from cwtui.cli.answer import answer, answer_json, counted, tell
from cwtui.cli.commands import Command, Group, ListingCommand, examples
from cwtui.cli.engine_access import with_engine
from cwtui.cli.global_options import current_options
from cwtui.cli.names import customer_of
from cwtui.cli.table import table
from cwtui.domain.errors import CwtuiError, InputError
from cwtui.domain.ids import SubscriptionId
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.facade import Engine
from cwtui.engine.mapping.csv import mappings_csv, mappings_export, read_placed_mappings
from cwtui.engine.reports import NamedMapping, UnmappedEntry

_PERCENT = 100
_NAMES_S = 5
"""Seconds that names may take: a list without them is worth more than a long wait."""
_KIND = click.argument("kind", type=click.Choice([kind.value for kind in MappingKind]), metavar="KIND")
_CHARGES = sorted(charge.value for charge in MAPPABLE_CHARGES)
_CHARGE = click.option(
    "--charge",
    type=click.Choice(_CHARGES),
    metavar="CHARGE",
    help=f"Only this charge of the product: {', '.join(_CHARGES)}.",
)
_FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")


@click.group("map", cls=Group)
def mappings() -> None:
    """Map marketplace customers, products and subscriptions to ConnectWise companies, catalog items and agreements.

    KIND is customer, product or agreement (whose MARKETPLACE_ID is a subscription's).
    """


@mappings.command(
    "list", cls=ListingCommand, epilog=examples("cwtui map list product", "cwtui map list customer --json")
)
@_KIND
def list_(kind: str) -> None:
    """List all mappings of one kind."""

    async def ask(engine: Engine) -> list[tuple[NamedMapping, str]]:
        return [(row, _customer_of(engine, row)) for row in await _named_rows(engine, MappingKind(kind))]

    rows = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([_row_document(row) for row, _ in rows])
    elif rows:
        third = "CUSTOMER" if kind == MappingKind.AGREEMENT else "CHARGE"
        headers = ("MARKETPLACE", "NAME", third, "CONNECTWISE", "NAME")
        answer(table(headers, [_row_cells(row, customer) for row, customer in rows]))
    else:
        answer(f"No {kind} is mapped. `cwtui map suggest {kind}` proposes.")


@mappings.command(
    "set",
    cls=Command,
    epilog=examples(
        "cwtui map set customer 1000042 118", "cwtui map set product 91001 4711 --charge setup",
        "cwtui map set agreement 1000048531 23",
    ),
)  # fmt: skip
@_KIND
@click.argument("marketplace_id", metavar="MARKETPLACE_ID")
@click.argument("connectwise_id", metavar="CONNECTWISE_ID", type=click.IntRange(1))
@_CHARGE
def set_(kind: str, marketplace_id: str, connectwise_id: int, charge: str | None) -> None:
    """Map one entry, or map it differently. It stays for all later tasks until changed."""
    mapping = Mapping(_key(kind, marketplace_id, charge), connectwise_id)

    async def ask(engine: Engine) -> NamedMapping:
        return await engine.set_mapping(mapping)

    row = with_engine(ask)
    names = [f" ({plain_text(name)})" if name else "" for name in (row.marketplace_name, row.connectwise_name)]
    answer(f"Mapped {kind} {plain_text(marketplace_id)}{names[0]} to {connectwise_id}{names[1]}.")


@mappings.command(cls=Command, epilog=examples("cwtui map unset product 91001 --charge setup"))
@_KIND
@click.argument("marketplace_id", metavar="MARKETPLACE_ID")
@_CHARGE
def unset(kind: str, marketplace_id: str, charge: str | None) -> None:
    """Forget one mapping. Open tasks that need it wait for a person again."""
    key = _key(kind, marketplace_id, charge)

    async def ask(engine: Engine) -> bool:
        return await engine.unset_mapping(key)

    if not with_engine(ask):
        raise InputError(
            f"{kind.capitalize()} {plain_text(marketplace_id)} is not mapped{f' for {charge}' if charge else ''}.",
            next_step=f"See `cwtui map list {kind}`.",
        )
    answer(f"{kind.capitalize()} {plain_text(marketplace_id)} is no longer mapped.")


@mappings.command(cls=ListingCommand, epilog=examples("cwtui map suggest customer"))
@_KIND
def suggest(kind: str) -> None:
    """Propose ConnectWise entries for everything of that kind that open tasks need, best first."""

    async def ask(engine: Engine) -> Sequence[UnmappedEntry]:
        return await engine.suggest(MappingKind(kind))

    unmapped = with_engine(ask, only_reads=True)
    if current_options().json:
        answer_json([_unmapped_document(entry) for entry in unmapped])
    elif unmapped:
        headers = ("MARKETPLACE", "NAME", "SCORE", "CONNECTWISE", "NAME", "REASON")
        rows = [cells for entry in unmapped for cells in _unmapped_rows(entry)]
        answer(table(headers, rows, right={"SCORE"}))
    else:
        answer(f"Every {kind} that open tasks need is mapped.")


@mappings.command("export", cls=Command, epilog=examples("cwtui map export mappings.csv", "cwtui map export -"))
@_FILE
def export(file: Path) -> None:
    """Write all mappings to a CSV or .xlsx file (`-` is stdout): kind,marketplace_id,charge,connectwise_id.

    The names of both sides follow, for people.
    """

    async def ask(engine: Engine) -> list[NamedMapping]:
        return [row for kind in MappingKind for row in await _named_rows(engine, kind)]

    found = with_engine(ask, only_reads=True)
    if str(file) == "-":
        answer(mappings_csv(found), end="")
    else:
        from cwtui.engine.whole_file import write_whole  # noqa: PLC0415  # start-up

        write_whole(file, mappings_export(file, found))
        answer(f"{counted(len(found), 'mapping')} written to {file}.")


@mappings.command("import", cls=Command, epilog=examples("cwtui map import mappings.csv"))
@_FILE
@click.option("--sheet", default="", metavar="NAME", help="Of a workbook; its first unless named.")
def import_(file: Path, *, sheet: str) -> None:
    """Set every mapping of a CSV or .xlsx file, or none: one bad row is an error that names its line.

    Columns may stand in any order; others than kind, marketplace_id, charge and connectwise_id are ignored. An empty
    charge means every charge of the product; for agreements, marketplace_id is a subscription's id.
    """
    rows = read_placed_mappings(file, sheet=sheet)

    async def ask(engine: Engine) -> int:
        return await engine.import_mappings([mapping for _, mapping in rows], [place for place, _ in rows])

    changed = with_engine(ask)
    answer(f"{counted(len(rows), 'mapping')} read; {changed} new or changed.")


def _key(kind: str, marketplace_id: str, charge: str | None) -> MappingKey:
    if charge and kind != MappingKind.PRODUCT:
        raise click.UsageError(f"--charge goes with products only, not with {kind}.")
    return MappingKey(MappingKind(kind), marketplace_id, charge or "")


def _row_document(row: NamedMapping) -> dict[str, object]:
    key = row.mapping.key
    return {
        "kind": key.kind.value,
        "marketplace_id": key.marketplace_id,
        "marketplace_name": row.marketplace_name,
        "charge": key.charge,
        "connectwise_id": row.mapping.connectwise_id,
        "connectwise_name": row.connectwise_name,
    }


def _row_cells(row: NamedMapping, customer: str) -> tuple[object, ...]:
    key, target = row.mapping.key, row.mapping.connectwise_id
    return key.marketplace_id, row.marketplace_name, customer or key.charge, target, row.connectwise_name


async def _named_rows(engine: Engine, kind: MappingKind) -> Sequence[NamedMapping]:
    """All mappings of a kind; the names of ConnectWise are read where one is not known yet."""
    rows = await engine.mappings(kind)
    if all(row.connectwise_name for row in rows):
        return await _product_rows(engine, rows)
    try:
        async with asyncio.timeout(_NAMES_S):
            await engine.workbench.learn_names(kind)
    except (CwtuiError, TimeoutError) as error:
        why = error.happened if isinstance(error, CwtuiError) else "ConnectWise does not answer."
        tell(f"Some names are not known: {plain_text(why)}")
    return await _product_rows(engine, await engine.mappings(kind))


async def _product_rows(engine: Engine, rows: Sequence[NamedMapping]) -> Sequence[NamedMapping]:
    """The same rows; a product that the catalogue does not name gets its name from a subscription that holds it."""
    nameless = {row.mapping.key.marketplace_id for row in rows if not row.marketplace_name}
    if not nameless or rows[0].mapping.key.kind is not MappingKind.PRODUCT:
        return rows
    names: dict[str, str] = {}
    async for name in _subscriptions(engine):
        held = engine.workbench.subscription(name)
        names.update({product.id: product.name for product in held.products} if held else {})
        if nameless <= names.keys():
            break
    return [
        replace(row, marketplace_name=row.marketplace_name or names.get(row.mapping.key.marketplace_id, ""))
        for row in rows
    ]


async def _subscriptions(engine: Engine) -> AsyncIterator[SubscriptionId]:
    """The mapped subscriptions, then those of open tasks, and of all tasks only where a name is still missing."""
    for one in engine.known.mappings().of_kind(MappingKind.AGREEMENT):
        yield SubscriptionId(one.key.marketplace_id)
    for task in await engine.tasks([status for status in TaskStatus if status.is_open]):
        yield task.subscription_id
    for task in await engine.tasks():
        yield task.subscription_id


def _customer_of(engine: Engine, row: NamedMapping) -> str:
    """The customer of a mapped subscription; empty for other kinds, and where it is not known."""
    if row.mapping.key.kind is not MappingKind.AGREEMENT:
        return ""
    return customer_of(engine, SubscriptionId(row.mapping.key.marketplace_id))


def _unmapped_document(entry: UnmappedEntry) -> dict[str, object]:
    return {
        "kind": entry.kind.value,
        "marketplace_id": entry.marketplace_id,
        "name": entry.name,
        "candidates": [
            {
                "connectwise_id": found.connectwise_id,
                "name": found.name,
                "score": found.score * _PERCENT,
                "reason": found.reason,
            }
            for found in entry.candidates
        ],
    }


def _unmapped_rows(entry: UnmappedEntry) -> list[tuple[object, ...]]:
    """One row per candidate; the marketplace's side stands before the first only."""
    own = (entry.marketplace_id, entry.name)
    found = [(f"{one.score * _PERCENT:.0f}", one.connectwise_id, one.name, one.reason) for one in entry.candidates]
    if not found:
        return [(*own, "", "", "", "nothing like it in ConnectWise")]
    return [(*(own if index == 0 else ("", "")), *cells) for index, cells in enumerate(found)]
