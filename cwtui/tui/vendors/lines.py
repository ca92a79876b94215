"""The result of each Intermedia step as lines of the pane (files.md#intermedia-files)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cwtui.domain.money import plain
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.status_words import STATUS_WORDS
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted
from cwtui.vendors.accounts import AccountsReport
from cwtui.vendors.count_export import CountsReport
from cwtui.vendors.count_reconcile import CountStatus
from cwtui.vendors.cross_references import Association, AssociationState
from cwtui.vendors.exports import CountReconciliation
from cwtui.vendors.items import ItemsReport, ItemState
from cwtui.vendors.rows import Refusal
from cwtui.vendors.setup_tables import Checklist, SetupState
from cwtui.vendors.vendor_file import VendorFile
from cwtui.wording.problems import sentence

_SETUP = {
    SetupState.THERE: ("✓", Tone.GOOD),
    SetupState.CREATED: ("+", Tone.GOOD),
    SetupState.MISSING: ("!", Tone.ATTENTION),
    SetupState.UNFIT: ("✗", Tone.BAD),
}


def refused_lines(refused: Iterable[Refusal], word: str = "Refused") -> Iterator[Line]:
    """Each refused row, by its line."""
    for one in refused:
        yield Line(f"! {word}: {one}", Tone.ATTENTION)


def setup_lines(found: Checklist) -> Iterator[Line]:
    """The checklist: there, missing, created."""
    for item in found.items:
        symbol, tone = _SETUP[item.state]
        number = f" ({item.id})" if item.id is not None else ""
        yield Line(f"{symbol} {item.state:<8}{item.table}: {item.name}{number}", tone)
        if item.note:
            yield Line(item.note, tone, indent=2)


def accounts_before(file: VendorFile) -> Iterator[Line]:
    """The accounts of a file, before they are linked or created."""
    for row in file.rows:
        yield Line(f"Line {row.line}: {row['account_id']} {row['name']}")
    yield from refused_lines(file.refused)


def accounts_lines(report: AccountsReport) -> Iterator[Line]:
    """Which company each account is."""
    created = len(report.created)
    counts = f"{len(report.links) - created} linked, {created} created, {len(report.refused)} refused."
    yield Line(counts, Tone.HEADING)
    for link in report.links:
        written = ", Manage ID written" if link.manage_id_written else ""
        yield Line(f"✓ {link.account} → {link.company.name} ({link.company.id}), by {link.by}{written}", Tone.GOOD)
    yield from refused_lines(report.refused)
    yield from refused_lines(report.failures, "Failed")


def items_lines(report: ItemsReport) -> Iterator[Line]:
    """Each catalog item, and what differs."""
    counts = [f"{len(report.of(state))} {state}" for state in ItemState if report.of(state)]
    yield Line(f"{len(report.items)} catalog items: {', '.join(counts) or 'none'}.", Tone.HEADING)
    for item in report.items:
        if item.state is not ItemState.SAME or item.note:
            tone = Tone.BAD if item.state is ItemState.FAILED else Tone.NORMAL
            yield Line(f"{item.state:<8}{item.item.name}{f': {item.note}' if item.note else ''}", tone)
        for one in item.differences:
            yield Line(f"{one.field} {one.held} → {one.sheet}", Tone.ATTENTION, indent=4)
    yield from refused_lines(report.refused)


def association_lines(found: Sequence[Association]) -> Iterator[Line]:
    """Exported SKUs that are not associated, or are since now."""
    if not found:
        yield Line("No SKU was exported yet: i exports the SKU sheet.", Tone.ATTENTION)
        return
    missing = sum(one.state is AssociationState.MISSING for one in found)
    yield Line(f"{len(found)} SKUs, {missing} not associated.", Tone.HEADING)
    for one in found:
        if one.state is not AssociationState.THERE:
            tone = Tone.GOOD if one.state is AssociationState.CREATED else Tone.ATTENTION
            yield Line(f"{one.state:<8}{one.item} ({one.catalog_item_id}){f': {one.note}' if one.note else ''}", tone)


def counts_lines(report: CountsReport) -> Iterator[Line]:
    """The tasks of a report, and what it no longer names."""
    superseded = f", {len(report.superseded)} older ones superseded" if report.superseded else ""
    same = f"; {len(report.unchanged)} accounts as in the report before" if report.unchanged else ""
    yield Line(f"{report.report}: {counted(len(report.created), 'task')} made{superseded}{same}.", Tone.HEADING)
    for task in report.tasks:
        shown = STATUS_WORDS[task.status]
        what = sentence(task.problems[0]) if task.problems else task.note
        yield Line(f"{shown.symbol} {task.customer_name} · {shown.word}{f' · {what}' if what else ''}", shown.tone)
    for one in report.vanished:
        yield Line(f"! Left alone: {one}", Tone.ATTENTION)
    yield from refused_lines(report.refused)
    if report.tasks:
        yield Line("1 shows the tasks: look at their plans and write them there.", Tone.MUTED)


def comparison_lines(found: CountReconciliation) -> Iterator[Line]:
    """Report against additions, what differs first."""
    differing = [row for row in found.rows if row.differs]
    if found.run is not None:
        writes = found.run.writes
        text = f"Additions: {writes.post} created, {writes.patch} changed, {writes.delete} deleted. Now:"
        yield Line(text, Tone.HEADING)
        for error in found.run.errors:
            yield Line(f"✗ {error}", Tone.BAD)
    matching = len(found.rows) - len(differing)
    said = f"{matching} match, {len(differing)} differ." if differing else "Nothing to do: everything matches."
    yield Line(said, Tone.HEADING)
    for row in sorted(found.rows, key=lambda one: one.status is CountStatus.MATCH):
        report, billed = ("none" if number is None else plain(number) for number in (row.expected, row.actual))
        sides = f"report {report}, additions {billed}"
        note = f" · {row.note}" if row.note else ""
        symbol, tone = ("!", Tone.ATTENTION) if row.differs else ("✓", Tone.GOOD)
        whose = " ".join(filter(None, (row.account, row.company)))
        what = " · ".join(filter(None, (f"{symbol} {row.status} {whose}".rstrip(), row.name)))
        yield Line(f"{what}: {sides}{note}", tone)
    yield from refused_lines(found.refused)
