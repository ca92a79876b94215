"""The mapping tables' columns, rows and the words about one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwtui.domain.mappings import MappingKey, MappingKind
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.csv_lines import MappingLine
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted

Suggested = Mapping[MappingKey, Sequence[Suggestion]]
EVERY_CHARGE = "every charge"
PERCENT = 100

_STATUS = Column("status", "Status", 11, toned=True)
_WAITING = Column("waiting", "Tasks", 5, right=True, rank=2)

COLUMNS: Mapping[MappingKind, tuple[Column, ...]] = {
    MappingKind.CUSTOMER: (
        _STATUS,
        Column("name", "Customer", 18, share=3, widest=50),
        Column("detail", "External id", 12, share=1, widest=24, rank=3),
        Column("target", "Company", 18, share=3, widest=50, toned=True),
        Column("why", "Suggested because", 18, share=3, rank=1),
        _WAITING,
    ),
    MappingKind.PRODUCT: (
        _STATUS,
        Column("name", "Product", 16, share=3, widest=50),
        Column("charge", "Charge", 12),
        Column("detail", "MPN", 12, share=1, widest=24, rank=3),
        Column("target", "Catalog item", 14, share=2, widest=40, toned=True),
        Column("why", "Suggested because", 16, share=3, rank=1),
        _WAITING,
    ),
    MappingKind.AGREEMENT: (
        _STATUS,
        Column("name", "Subscription", 16, share=3, widest=50),
        Column("detail", "Customer", 14, share=2, widest=40),
        Column("target", "Agreement", 14, share=2, widest=40, toned=True),
        Column("why", "Suggested because", 15, share=3, rank=1),
        _WAITING,
    ),
}
"""At 80 cells every table keeps both names and the reason; the pane has the rest."""

MARKETPLACE_WORD = {
    MappingKind.CUSTOMER: "customer",
    MappingKind.PRODUCT: "product",
    MappingKind.AGREEMENT: "subscription",
}
CONNECTWISE_WORD = {
    MappingKind.CUSTOMER: "company",
    MappingKind.PRODUCT: "catalog item",
    MappingKind.AGREEMENT: "agreement",
}
_DETAIL = {
    MappingKind.CUSTOMER: "external id",
    MappingKind.PRODUCT: "MPN",
    MappingKind.AGREEMENT: "of customer",
}
_NONE = {
    MappingKind.CUSTOMER: "nothing like it in ConnectWise",
    MappingKind.PRODUCT: "nothing like it: n adds it",
    MappingKind.AGREEMENT: "none fits: enter says why",
}


class MappingRows:
    """The lines of one mapping table that pass the filter; the key of a row is its mapping's."""

    def __init__(self, kind: MappingKind) -> None:
        self._kind = kind
        self._lines: Sequence[MappingLine] = ()
        self._shown: Sequence[MappingLine] = ()
        self._places: dict[str, int] = {}
        self._words: tuple[str, ...] = ()
        self._folded: list[str] = []
        self._suggested: Suggested = {}

    @property
    def unmapped(self) -> Sequence[MappingLine]:
        """Lines without a mapping, filtered or not."""
        return [line for line in self._lines if line.is_missing]

    @property
    def total(self) -> int:
        """Lines, filtered or not."""
        return len(self._lines)

    def replace(self, lines: Sequence[MappingLine]) -> None:
        """Show other lines."""
        self._lines = lines
        self._folded = [_folded(line) for line in lines]
        self._show()

    def suggest(self, suggested: Suggested) -> None:
        """Show the suggestions for lines without a mapping."""
        self._suggested = suggested

    def filter(self, text: str) -> None:
        """Show only lines that hold every word."""
        self._words = tuple(text.casefold().split())
        self._show()

    def _show(self) -> None:
        words = self._words
        pairs = zip(self._lines, self._folded, strict=True)
        self._shown = [line for line, folded in pairs if all(word in folded for word in words)]
        self._places = {str(line.key): place for place, line in enumerate(self._shown)}

    @property
    def row_count(self) -> int:
        """How many lines are shown."""
        return len(self._shown)

    def key(self, index: int) -> str:
        """The mapping's key."""
        return str(self._shown[index].key)

    def index_of(self, key: str) -> int | None:
        """Where a line is shown."""
        return self._places.get(key)

    def line(self, key: str) -> MappingLine | None:
        """The line of a key."""
        place = self._places.get(key)
        return None if place is None else self._shown[place]

    def suggestions(self, line: MappingLine) -> Sequence[Suggestion] | None:
        """What is suggested for a line; None while that is not known."""
        return self._suggested.get(line.key)

    def cells(self, index: int) -> Sequence[str]:
        """One value per column."""
        line = self._shown[index]
        target, why = self._target(line)
        waiting = str(line.waiting) if line.waiting else ""
        cells = {
            "status": _status(line),
            "name": line.name,
            "charge": line.key.charge or EVERY_CHARGE,
            "detail": line.detail,
            "target": target,
            "why": why,
            "waiting": waiting,
        }
        return [cells[column.key] for column in COLUMNS[self._kind]]

    def _target(self, line: MappingLine) -> tuple[str, str]:
        if not line.is_missing:
            return (line.target_name or f"id {line.target}", "")
        suggested = self._suggested.get(line.key)
        if suggested is None:
            return "", "…"
        if not suggested:
            return "", line.hint or _NONE[line.key.kind]
        best = suggested[0]
        return f"? {best.name}", f"{best.score * PERCENT:.0f} {best.reason}"

    def tone(self, index: int) -> Tone:
        """A line that needs a mapping stands out."""
        line = self._shown[index]
        if not line.is_missing:
            return Tone.GOOD
        return Tone.ATTENTION if line.waiting else Tone.NORMAL

    def is_selected(self, index: int) -> bool:  # noqa: ARG002  # the protocol's shape
        """Rows of this table are not selected."""
        return False


def _status(line: MappingLine) -> str:
    if not line.is_missing:
        return "✓ mapped"
    return "! unmapped" if line.waiting else "· unmapped"


def _folded(line: MappingLine) -> str:
    key = line.key
    charge = key.charge or (EVERY_CHARGE if key.kind is MappingKind.PRODUCT else "")
    parts = (line.name, line.detail, line.target_name, key.marketplace_id, charge, str(line.target), _status(line))
    return " ".join(parts).casefold()


def line_words(line: MappingLine) -> str:
    """A line's own side, in words: `product Exchange Online (PRD100101), setup`."""
    charge = f", {line.key.charge} charge" if line.key.charge else ""
    return f"{MARKETPLACE_WORD[line.key.kind]} {line.name} ({line.key.marketplace_id}){charge}"


def line_lines(line: MappingLine, suggestions: Sequence[Suggestion] | None) -> list[Line]:
    """All about one row, for the pane."""
    kind = line.key.kind
    word = CONNECTWISE_WORD[kind]
    lines = [Line(line_words(line), Tone.HEADING)]
    if line.detail:
        lines.append(Line(f"{_DETAIL[kind]} {line.detail}", Tone.MUTED))
    if line.target is not None:
        lines.append(Line(f"✓ mapped to {word} {line.target_name or '(name not known)'} ({line.target})", Tone.GOOD))
        lines.append(Line("enter maps it differently · u un-maps it", Tone.MUTED))
    else:
        lines.append(Line(f"! not mapped to any {word}{f'; {line.hint}' if line.hint else ''}", Tone.ATTENTION))
        add = " · n adds a catalog item and maps it" if kind is MappingKind.PRODUCT else ""
        lines.append(Line(f"enter chooses{add}", Tone.MUTED))
    if kind is MappingKind.PRODUCT and not line.key.charge:
        lines.append(Line("r maps one of its charges to a catalog item of its own", Tone.MUTED))
    lines.append(Line(f"Needed by {counted(line.waiting, 'open task')}." if line.waiting else "No open task needs it."))
    if line.is_missing:
        lines += _suggestion_lines(suggestions)
    return lines


def _suggestion_lines(suggestions: Sequence[Suggestion] | None) -> list[Line]:
    if suggestions is None:
        return [Line("Looking for suggestions …", Tone.MUTED)]
    lines = [Line(""), Line("Suggestions" if suggestions else "Nothing is suggested.", Tone.HEADING)]
    for one in suggestions:
        exact = " · exact" if one.is_exact else ""
        lines.append(Line(f"{one.score * PERCENT:3.0f}  {one.name} ({one.connectwise_id}){exact}"))
        lines.append(Line(one.reason, Tone.MUTED, indent=5))
    return lines
