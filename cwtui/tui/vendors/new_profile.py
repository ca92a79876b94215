"""Adds a vendor from one of its files: proposes a profile, tries it on the file, and saves it on request.

Rule: files.md#profiles.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cwtui.domain.money import plain
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.vendors.access import Vendors
from cwtui.tui.vendors.lines import refused_lines
from cwtui.tui.vendors.sheets import chosen_sheet
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.fuzzy_picker import Entry
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted
from cwtui.vendors.count_reconcile import CountRow, CountStatus
from cwtui.vendors.exports import CountReconciliation
from cwtui.vendors.layouts import INTERMEDIA
from cwtui.vendors.profiles import is_shipped
from cwtui.vendors.proposal import ProfileProposal, propose

_TITLE = "A file of another vendor"
_NEEDED = {"account_id": "the customer's account", "sku": "what is counted", "quantity": "how many"}
_ACCOUNTS = (
    ("id", Entry("A number or code", "the Company ID or account number of the ConnectWise company")),
    ("name", Entry("A name", "the name of the ConnectWise company")),
)
_OWN = {INTERMEDIA: "the partner portal's files"}
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A vendor, and the file it was chosen for."""

    name: str
    path: Path


async def new_vendor(screen: ListScreen[Any], vendors: Vendors) -> NewProfile | None:
    """Ask for a file, propose, try, save; None where it was left before it was saved."""
    path = await screen.ask_path(_TITLE, "Usage file: CSV or .xlsx, packed as .gz or not")
    sheet = await chosen_sheet(screen, path) if path is not None else None
    if path is None or sheet is None:
        return None
    proposal = await screen.prepare("Reading the file", partial(_look, path, sheet))
    if proposal is None:
        return None
    if proposal.shipped:
        screen.notify(f"It is a file of the profile {proposal.shipped}, which comes with cwtui.", markup=False)
        return NewProfile(proposal.shipped, path)
    layout = await _layout(screen, proposal, sheet)
    name = await _named(screen, path) if layout is not None else None
    if layout is None or name is None:
        return None

    async def attempt() -> CountReconciliation:
        return await vendors.draft(name, layout).reconcile(path)

    async def save() -> str:
        await vendors.save(name, layout)
        return f"The profile {name} is saved."

    found = await screen.prepare("Trying the profile", attempt)
    lines = list(profile_lines(proposal, layout, found)) if found is not None else []
    question = f"Save it? It goes to {vendors.place}."
    if found is None or not await screen.confirmed(f"Profile {name}", lines, question, "Save"):
        return None
    return NewProfile(name, path) if await screen.do_work("Saving the profile", save) else None


async def _look(path: Path, sheet: str) -> ProfileProposal:
    return await asyncio.to_thread(propose, path, sheet=sheet)


async def _named(screen: ListScreen[Any], path: Path) -> str | None:
    question = "A short name for the profile"
    return await screen.ask(TextPromptScreen(_TITLE, question, value=_name_of(path), required="It needs a name."))


async def _layout(screen: ListScreen[Any], proposal: ProfileProposal, sheet: str) -> dict[str, object] | None:
    """Ask one by one for what the proposal leaves open."""
    columns = dict(proposal.columns)
    headers = [Entry(header, _sample(proposal, header)) for header in proposal.headers]
    for column in proposal.lacks:
        place = await screen.choose(f"Which column says {_NEEDED[column]}?", headers)
        if place is None:
            return None
        columns[column] = proposal.headers[place]
    kind = await screen.choose(f"Column {columns['account_id']} holds …", [entry for _, entry in _ACCOUNTS])
    if kind is None:
        return None
    agreement_type = await screen.ask(
        TextPromptScreen(_TITLE, "The agreement type in ConnectWise that bills it", required="It needs one.")
    )
    if agreement_type is None:
        return None
    layout: dict[str, object] = {"agreement_type": agreement_type, "columns": columns}
    if _ACCOUNTS[kind][0] != "id":
        layout["accounts_by"] = _ACCOUNTS[kind][0]
    if sheet:
        layout["sheet"] = sheet
    return layout


def _sample(proposal: ProfileProposal, header: str) -> str:
    place = proposal.headers.index(header)
    return ", ".join(dict.fromkeys(row[place] for row in proposal.rows if place < len(row) and row[place]))


def _name_of(path: Path) -> str:
    return re.sub(r"[^a-z]+", "-", path.stem.split(".")[0].casefold()).strip("-") or "vendor"


def profile_lines(
    proposal: ProfileProposal, layout: Mapping[str, object], found: CountReconciliation
) -> Iterator[Line]:
    """The profile, and what the file's first accounts would do with it."""
    columns = layout["columns"]
    yield Line(f"The header is line {proposal.line} of the file.", Tone.MUTED)
    for column, header in columns.items() if isinstance(columns, Mapping) else ():
        yield Line(f"{column.replace('_', ' '):<14}{header}", hang=14)
    yield Line("")
    yield Line("What it would do", Tone.HEADING)
    yield from _row_lines(found.rows[:_SHOWN])
    if more := len(found.rows) - _SHOWN:
        yield from [Line(f"and {counted(more, 'row')} more", Tone.MUTED)] if more > 0 else []
    if not found.rows:
        yield Line("Nothing: no row can be counted.", Tone.ATTENTION)
    told = {line for row in found.rows for line in row.lines}
    yield from refused_lines([one for one in found.refused if one.line not in told][:_SHOWN])


def _row_lines(rows: Iterable[CountRow]) -> Iterator[Line]:
    for row in rows:
        if row.status is CountStatus.UNMAPPED:
            yield Line(f"! {' · '.join(filter(None, (who_of(row), row.name)))} is not counted", Tone.ATTENTION)
            yield Line(f"{row.note}.", Tone.MUTED, indent=2)
            continue
        expected = "nothing" if row.expected is None else plain(row.expected)
        actual = "nothing" if row.actual is None else plain(row.actual)
        tone = Tone.ATTENTION if row.differs else Tone.GOOD
        yield Line(f"{'!' if row.differs else '✓'} {who_of(row)} · {row.name}: {row.status}", tone)
        yield Line(f"the file counts {expected}, ConnectWise bills {actual}", Tone.MUTED, indent=2)
        if row.note:
            yield Line(row.note, Tone.MUTED, indent=2)


def who_of(row: CountRow) -> str:
    """The company and the account."""
    return f"{row.company} ({row.account})" if row.company else row.account


def vendor_entries(vendors: Vendors) -> list[Entry]:
    """Whose files can be chosen, and that there may be another."""
    known = [
        Entry(name, "comes with cwtui" if is_shipped(name) else _OWN.get(name, "yours")) for name in vendors.names()
    ]
    return [*known, Entry("+ another vendor", "choose a file: a profile is proposed for it")]
