"""The mappings: customers, products and subscriptions with their ConnectWise entries, unmapped first.

Rule: mapping.md#a-mapping-stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping as Dictionary
from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import reactive

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind
from cwtui.domain.psa import CatalogItem
from cwtui.domain.suggestions import Suggestion
from cwtui.domain.tasks import Task
from cwtui.engine.mapping.csv_lines import MappingLine, tasks_needing
from cwtui.tui.mapping.add_item import AddItemScreen
from cwtui.tui.mapping.choice import picker_of
from cwtui.tui.mapping.files import MappingFiles
from cwtui.tui.mapping.rows import COLUMNS, CONNECTWISE_WORD, MappingRows, line_lines, line_words
from cwtui.tui.screens.work_screen import TO_TASKS
from cwtui.tui.session import Session
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.filter_input import FilterInput
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.kind_tabs import KindTabs
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import WIDE, counted

_SETTLE_S = 0.25
_TASKS_NAMED = 20
_EMPTY = "Nothing here yet. Press 1, then c, to check changes."


class MappingTable(VirtualTable):
    """One mapping table; left and right lead to the next, they have nothing else to do here."""

    HELP = "Move with the arrow keys or `j` and `k`; `enter` chooses a target."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Map", id="mappings.choose", tooltip="Choose what this is mapped to"),
        Binding("right", "screen.turn(1)", "Next table", show=False, id="mappings.right", tooltip="To the next table"),
        Binding("left", "screen.turn(-1)", "Table before", show=False, id="mappings.left", tooltip="To the one before"),
    ]

    def __init__(self, kind: MappingKind, rows: MappingRows) -> None:
        super().__init__(COLUMNS[kind], rows, selectable=False, empty_text=_EMPTY, id=f"table-{kind}")
        self.kind = kind


class MappingsScreen(MappingFiles):
    """Look, choose, un-map, refine, accept; files are `MappingFiles`'s."""

    HELP_TITLE = "Mappings"
    HELP = "What each customer, product and subscription is mapped to; what open tasks need comes first."
    WRITES = frozenset({"choose", "unmap", "refine", "add", "accept_exact", "import_csv"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "unmap", "Un-map", id="mappings.unmap", tooltip="Forget this mapping"),
        Binding("r", "refine", "Refine", id="mappings.refine", tooltip="Map one charge of this product differently"),
        Binding("n", "add", "Add", id="mappings.add", tooltip="Add a catalog item to ConnectWise and map it"),
        Binding("X", "accept_exact", "Exact", id="mappings.exact", tooltip="Accept every exact suggestion"),
        Binding("i", "import_csv", "Import", id="mappings.import", tooltip="Set every mapping of a CSV file, or none"),
        Binding("E", "export_csv", "Export", id="mappings.export", tooltip="Write all mappings to a CSV file"),
        Binding(  # priority: the next keys must go into the filter line, however busy the list is
            "slash",
            "filter",
            "Filter",
            key_display="/",
            priority=True,
            id="mappings.filter",
            tooltip="Filter as you type",
        ),
        Binding(
            "c",
            "show('customer')",
            "Customers",
            show=False,
            id="mappings.customers",
            tooltip="To the table of customers",
        ),
        Binding(
            "p", "show('product')", "Products", show=False, id="mappings.products", tooltip="To the table of products"
        ),
        Binding(
            "a",
            "show('agreement')",
            "Agreements",
            show=False,
            id="mappings.agreements",
            tooltip="To the table of agreements",
        ),
        TO_TASKS,
        Binding("tab", "turn(1)", "Next table", show=False, id="mappings.next", tooltip="To the next table"),
        Binding("shift+tab", "turn(-1)", "Table before", show=False, id="mappings.back", tooltip="To the table before"),
    ]
    kind: reactive[MappingKind] = reactive(MappingKind.CUSTOMER, bindings=True)
    """Which table is in sight."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._rows = {kind: MappingRows(kind) for kind in MappingKind}
        self._trouble = ""
        self._stays_at: int | None = None

    def compose(self) -> ComposeResult:
        """Which table, filter, the table over or beside the pane, progress, keys."""
        yield KindTabs()
        yield FilterInput(placeholder="/ filters: words of either side, an id, unmapped …")
        with Container(classes="panes"):
            for kind in MappingKind:
                yield MappingTable(kind, self._rows[kind])
            yield DetailPane(id="detail")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """Begin with the customers."""
        self.watch_kind()

    def on_screen_resume(self) -> None:
        """Read again: tasks and mappings may have changed."""
        self._table.focus()
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Table over pane on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide")

    def take_news(self, changed: Dictionary[TaskId, Task]) -> None:
        """Tasks changed, so they may need other mappings."""
        super().take_news(changed)
        if changed and self.is_current:
            self.reload()

    # rows

    @work(exclusive=True, group="lines")
    async def reload(self) -> None:
        """Show the mappings of the state, then read missing names, then suggestions."""
        await asyncio.sleep(_SETTLE_S if self._rows[self.kind].total else 0)
        await self._read_lines()
        self._trouble = ""
        try:
            for kind in MappingKind:
                await self.session.engine.workbench.learn_names(kind)
            await self._read_lines()
            for kind in sorted(MappingKind, key=lambda kind: kind is not self.kind):
                rows = self._rows[kind]
                rows.suggest(await self.session.engine.workbench.suggestions(rows.unmapped))
                self._of(kind).rows_changed()
                self._show_detail()
        except CwtuiError as error:
            self._trouble = str(error)
            self._show_detail()

    async def _read_lines(self) -> None:
        for kind, rows in self._rows.items():
            rows.replace(await self.session.engine.workbench.lines(kind))
            self._of(kind).rows_changed()
        if self._stays_at is not None:  # the mapped row moved away: put the cursor on the next one
            self._table.cursor, self._stays_at = self._stays_at, None
        self.query_one(KindTabs).counts = {kind: (len(rows.unmapped), rows.total) for kind, rows in self._rows.items()}
        self._show_detail()

    def _of(self, kind: MappingKind) -> MappingTable:
        return self.query_one(f"#table-{kind}", MappingTable)

    @property
    def _table(self) -> MappingTable:
        return self._of(self.kind)

    @property
    def _line(self) -> MappingLine | None:
        key = self._table.cursor_key
        return None if key is None else self._rows[self.kind].line(key)

    @on(VirtualTable.Highlighted)
    def _show_detail(self) -> None:
        line = self._line
        lines = line_lines(line, self._rows[self.kind].suggestions(line)) if line else []
        if self._trouble:
            lines += [Line(""), *block(self._trouble, Tone.BAD)]
        self.query_one(DetailPane).show(lines)

    # which table

    def watch_kind(self) -> None:
        """Put one table in sight."""
        self.query_one(KindTabs).current = self.kind
        for kind in MappingKind:
            self._of(kind).display = kind is self.kind
        self._table.focus()
        self._show_detail()

    def action_show(self, kind: str) -> None:
        """Go to one of the tables."""
        self.kind = MappingKind(kind)

    def action_turn(self, steps: int) -> None:
        """Go to the next table, or the one before."""
        kinds = list(MappingKind)
        self.kind = kinds[(kinds.index(self.kind) + steps) % len(kinds)]

    @on(KindTabs.KindChosen)
    def _go(self, event: KindTabs.KindChosen) -> None:
        self.kind = event.kind

    def action_filter(self) -> None:
        """To the filter line."""
        self.set_focus(self.query_one(FilterInput))

    @on(FilterInput.Changed)
    def _filter(self, event: FilterInput.Changed) -> None:
        for kind, rows in self._rows.items():
            rows.filter(event.value)
            self._of(kind).rows_changed()

    @on(FilterInput.Left)
    def _leave_filter(self) -> None:
        self._table.focus()

    # what is done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim actions that cannot be done: during work, and the products' own keys in other tables."""
        if action in {"refine", "add"} and self.kind is not MappingKind.PRODUCT:
            return None
        return super().check_action(action, parameters)

    @on(VirtualTable.Opened)
    def _open(self) -> None:
        if self.check_action("choose", ()):
            self.action_choose()

    @work(group="work")
    async def action_choose(self) -> None:
        """Choose what the row is mapped to, suggestions first."""
        if (line := self._line) is not None:
            await self._choose(line, line.key)

    @work(group="work")
    async def action_refine(self) -> None:
        """Map one charge of a product to a catalog item of its own."""
        line = self._line
        if line is None:
            return
        charges = sorted(MAPPABLE_CHARGES)
        mappings = self.session.engine.known.mappings()
        entries = []
        for charge in charges:
            target = mappings.get(MappingKey(MappingKind.PRODUCT, line.key.marketplace_id, charge))
            entries.append(Entry(charge, f"catalog item {target}" if target else "as the product"))

        def search(query: str) -> list[int]:
            return [place for place, charge in enumerate(charges) if query.casefold() in charge]

        place = await self.ask(FuzzyPicker(f"Which charge of {line.name}?", entries, search))
        if place is not None:
            await self._choose(line, MappingKey(MappingKind.PRODUCT, line.key.marketplace_id, charges[place]))

    @work(group="work")
    async def action_add(self) -> None:
        """Add a catalog item to ConnectWise and map the product to it."""
        line = self._line
        if line is None:
            return
        waiting = tasks_needing(self.session.engine.mapping, line.key)
        task_id = waiting[0].id if waiting else None
        screen = AddItemScreen(self.session, line.name, line.detail or line.key.marketplace_id, line.key, task_id)
        item: CatalogItem | None = await self.ask(screen)
        if item is not None:
            await self._map(line, Mapping(line.key, item.id), item.identifier)

    async def _choose(self, line: MappingLine, key: MappingKey) -> None:
        reading = partial(self.session.engine.workbench.choices, key, line.name, line.detail)
        choices = await self.prepare("Reading the choices", reading)
        if choices is None:
            return
        place = await self.ask(picker_of(choices))
        if place is not None:
            chosen = choices.entries[place]
            await self._map(line, Mapping(key, chosen.connectwise_id), chosen.name)

    async def _map(self, line: MappingLine, mapping: Mapping, name: str) -> None:
        engine = self.session.engine

        async def job() -> str:
            await engine.set_mapping(mapping)
            engine.workbench.forget_suggestions(mapping.key)
            return f"{line.name} is mapped to {name}."

        place = self._table.cursor
        if await self.do_work("Mapping", job) and line.is_missing:
            self._stays_at = place
        self.reload()

    @work(group="work")
    async def action_unmap(self) -> None:
        """Forget a mapping, after saying what that does."""
        line = self._line
        if line is None or line.is_missing:
            return
        engine = self.session.engine
        question = f"Forget that this {CONNECTWISE_WORD[line.key.kind]} is meant?"
        screen = ConfirmScreen("Un-map", self._unmapping(line), question=question, yes="Un-map")
        if not await self.ask(screen):
            return

        async def job() -> str:
            await engine.unset_mapping(line.key)
            engine.workbench.forget_suggestions(line.key)
            return f"{line.name} is no longer mapped."

        await self.do_work("Un-mapping", job)
        self.reload()

    def _unmapping(self, line: MappingLine) -> list[Line]:
        tasks = tasks_needing(self.session.engine.mapping, line.key)
        lines = [
            Line(line_words(line), Tone.HEADING),
            Line(f"is mapped to {line.target_name or CONNECTWISE_WORD[line.key.kind]} ({line.target})."),
            Line(""),
            Line("What is synchronised already stays as it is; nothing is written to ConnectWise."),
        ]
        if line.key.kind is MappingKind.CUSTOMER:
            lines.append(Line("The mappings of its products and agreements stay."))
        if line.key.charge:
            lines.append(Line("This charge then uses the product's own mapping, if there is one."))
        if not tasks:
            return [*lines, Line("No open task needs it.")]
        lines.append(Line(f"Without a mapping these go back to needs action: {counted(len(tasks), 'open task')}."))
        named = [f"{task.customer_name} · {task.subscription_name} · {task.order_number}" for task in tasks]
        lines += [Line(text, indent=2) for text in named[:_TASKS_NAMED]]
        more = len(named) - _TASKS_NAMED
        return [*lines, Line(f"… and {more} more", indent=2)] if more > 0 else lines

    @work(group="work")
    async def action_accept_exact(self) -> None:
        """Accept every exact suggestion of all three tables, after listing them."""
        workbench = self.session.engine.workbench

        async def read() -> list[tuple[MappingLine, Suggestion]]:
            return [pair for kind in MappingKind for pair in await workbench.exact(kind)]

        found = await self.prepare("Reading the suggestions", read)
        if found is None:
            return
        if not found:
            self.notify("No suggestion is exact and alone. Choose with enter.", markup=False)
            return
        lines = []
        for line, suggestion in found:
            lines.append(Line(f"{line_words(line)} → {suggestion.name} ({suggestion.connectwise_id})"))
            lines.append(Line(suggestion.reason, Tone.MUTED, indent=4))
        question = f"Map {len(found)} as listed?"
        if await self.ask(ConfirmScreen("Exact suggestions", lines, question=question, yes="Map")):
            mappings = [Mapping(line.key, suggestion.connectwise_id) for line, suggestion in found]
            await self.import_these(mappings, "Mapping what is exact")
