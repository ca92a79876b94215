"""Add and map: a new catalog item, with the fields ConnectWise requires (mapping.md#add-and-map)."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from cwtui.domain.charges import Charge
from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.mappings import MappingKey
from cwtui.domain.psa import CatalogItem, NewCatalogItem
from cwtui.tui.asking import ask
from cwtui.tui.mapping.add_item_form import BY_NAME, FIELDS, ItemField, ItemForm, first_texts
from cwtui.tui.plain import BLOCK_LIMIT, content
from cwtui.tui.session import Session
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.dialog import Dialog
from cwtui.tui.widgets.form_scroll import FormScroll
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.pick_line import PickLine
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.tone import Tone


class AddItemScreen(Dialog[CatalogItem | None]):
    """A form over the screen; the result is the catalog item that ConnectWise then has, or None.

    What ConnectWise refuses is shown with its words, and the form stays as it is.
    """

    HELP_TITLE = "Add and map"
    HELP = "Fill in the fields, ctrl+s adds the catalog item. What is required and missing is said below each field."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Add", priority=True, id="item.save", tooltip="Add it to ConnectWise and map it"),
        Binding("escape", "cancel", "Back", id="item.cancel", tooltip="Add nothing; what is typed stays"),
    ]

    def __init__(
        self,
        session: Session,
        name: str,
        code: str,
        key: MappingKey,
        task_id: TaskId | None = None,
        kept: MutableMapping[str, str] | None = None,
    ) -> None:
        """Open the form.

        Args:
            session: This run of the terminal interface.
            name: The product's.
            code: Its MPN, else its id.
            key: What is mapped to the item afterwards.
            task_id: The task whose prices are filled in.
            kept: The texts typed before; the form keeps its texts there.
        """
        super().__init__()
        self._session = session
        self._product, self._code, self._key, self._task_id = name, code, key, task_id
        self._kept: MutableMapping[str, str] = {} if kept is None else kept
        self._form: ItemForm | None = None

    def compose(self) -> ComposeResult:
        """The fields as soon as their tables are read; what ConnectWise said; the keys."""
        with Vertical(classes="dialog--box item--box") as box:
            box.border_title = content(f"New catalog item for {self._product}")
            box.border_subtitle = "ctrl+s adds and maps · esc goes back"
            yield FormScroll(Static("Reading ConnectWise's tables …", classes="dialog--hint"), id="item-form")
            yield DetailPane(id="item-said")
        yield KeysLine()

    def on_mount(self) -> None:
        """Read the tables."""
        self.query_one(DetailPane).display = False
        self._read()

    @work(exclusive=True, group="tables")
    async def _read(self) -> None:
        workbench = self._session.engine.workbench
        try:
            tables = await workbench.setup_tables()
        except CwtuiError as error:
            self._say(error)
            return
        price, cost = workbench.price_of(self._task_id, self._key.marketplace_id)
        once = self._key.charge not in {"", Charge.RECURRING.value}
        first = first_texts(tables, name=self._product, code=self._code, price=price, cost=cost, once=once)
        for field, text in first.items():
            self._kept.setdefault(field, text)
        self._form = ItemForm(tables, self._kept)
        form = self.query_one("#item-form")
        await form.remove_children()
        await form.mount_all(list(self._lines(self._form)))
        self._check()
        form.query(PlainInput).first().focus()

    def _lines(self, form: ItemForm) -> Iterator[Widget]:
        for field in FIELDS:
            label = Static(content(field.label + (" *" if field.required else "")), classes="form--label")
            yield Horizontal(label, _widget(field, form), classes="form--line")
            yield Static(id=f"problem-{field.name}", classes="form--problem", markup=False)

    # typing and choosing

    @on(PlainInput.Changed)
    def _typed(self, event: PlainInput.Changed) -> None:
        self._put(event.input.id, event.value)

    @on(PlainInput.Submitted)
    def _next(self) -> None:
        self.app.action_focus_next()

    @on(ChoiceLine.Changed)
    def _turned(self, event: ChoiceLine.Changed) -> None:
        self._put(event.choice.id, event.value)

    def _put(self, widget_id: str | None, text: str) -> None:
        field = BY_NAME.get((widget_id or "").removeprefix("item-"))
        if self._form is None or field is None:
            return
        self._form.put(field.name, text)
        if field.name == "category":
            line = self.query_one("#item-subcategory", PickLine)
            line.choices = self._form.choices(BY_NAME["subcategory"])
            line.value = self._form.texts["subcategory"]
        self._check()

    def _check(self) -> None:
        if self._form is None:
            return
        problems = self._form.problems
        for field in FIELDS:
            line = self.query_one(f"#problem-{field.name}", Static)
            text = problems.get(field.name, "")
            line.update(content(f"✗ {text}" if text else ""))
            line.display = bool(text)

    @on(PickLine.Asked)
    def _ask(self, event: PickLine.Asked) -> None:
        self._choose(event.pick)

    @work
    async def _choose(self, line: PickLine) -> None:
        values = list(line.choices)
        entries = [Entry(line.choices[value]) for value in values]

        def search(query: str) -> list[int]:
            return [place for place, entry in enumerate(entries) if query.casefold() in entry.label.casefold()]

        label = BY_NAME[(line.id or "").removeprefix("item-")].label
        place = await ask(self, FuzzyPicker(label, entries, search))
        if place is not None:
            line.choose(values[place])

    # adding

    def action_cancel(self) -> None:
        """Go back; the typed texts stay in `kept`."""
        self.dismiss(None)

    @work(group="work")
    async def action_save(self) -> None:
        """Add it after showing it, or say what is missing."""
        form = self._form
        if form is None:
            return
        if problems := form.problems:
            name, text = next(iter(problems.items()))
            self.notify(f"{BY_NAME[name].label}: {text}", severity="warning", markup=False)
            self.query_one(f"#item-{name}").focus()
            return
        item = form.item()
        screen = ConfirmScreen("Add to ConnectWise", _shown(form), question="Add this catalog item?", yes="Add")
        if await ask(self, screen):
            await self._add(item)

    async def _add(self, item: NewCatalogItem) -> None:
        created: list[CatalogItem] = []
        workbench = self._session.engine.workbench

        async def job() -> str:
            created.append(await workbench.create_item(item))
            return f"Catalog item {created[0].identifier} is added."

        done = await self._session.work("Adding a catalog item", job)
        if done is None:
            self.notify(f"{self._session.working} is still going on.", severity="warning", markup=False)
        elif done.error is not None:
            self._say(done.error)
        else:
            self.notify(done.said, markup=False)
            self.dismiss(created[0])

    def _say(self, error: CwtuiError) -> None:
        pane = self.query_one(DetailPane)
        pane.display = True
        pane.show(block(str(error), Tone.BAD))


def _widget(field: ItemField, form: ItemForm) -> Widget:
    name = f"item-{field.name}"
    value = form.texts.get(field.name, "")
    if field.is_typed:
        return PlainInput(value, id=name, limit=BLOCK_LIMIT)
    if field.choices is not None:
        return ChoiceLine(field.choices, value, id=name)
    return PickLine(form.choices(field), value, id=name)


def _shown(form: ItemForm) -> list[Line]:
    lines = []
    for field in FIELDS:
        text = form.texts.get(field.name, "")
        shown = text if field.is_typed else form.choices(field).get(text, "none")
        lines.append(Line(f"{field.label:<16}{shown}"))
    return lines
