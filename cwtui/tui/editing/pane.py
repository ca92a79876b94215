"""The editor for one plan's additions: every field, with the computed value beside it (plans.md#edits)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from cwtui.domain.addition_words import label_of
from cwtui.domain.plans import Change, PriceSource
from cwtui.domain.psa import BillCustomer
from cwtui.engine.planning.editing import FIELDS, PlanEditing, field_text
from cwtui.tui.editing.rows import COLUMNS, EditedRows, totals_text
from cwtui.tui.plain import BLOCK_LIMIT, content
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.tone import TONE_STYLES, Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import WIDE

_SOURCE, _TASK_SOURCE = "source", "task-source"
_LAST_DAY = "cancelled"
_AS_ABOVE = ""
"""The price source that follows the task's, or the setting's."""
_SOURCES = {PriceSource.MARKETPLACE: "marketplace", PriceSource.CONNECTWISE: "ConnectWise"}
_CHOSEN = {
    "bill": {
        BillCustomer.BILLABLE.value: "Billable",
        BillCustomer.NO_CHARGE.value: "No charge",
        BillCustomer.DO_NOT_BILL.value: "Do not bill",
    },
    "taxable": {"yes": "yes", "no": "no"},
}


class EditorPane(Container):
    """Down: `open`. Up: `Edited` after each edit.

    The list's keys work while the list has the focus; in a field, letters are letters and `esc` leads back.
    """

    HELP_TITLE = "Additions"
    HELP = "`enter` goes into the fields of an addition, `esc` back to the list; what is wrong is said while typing."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "turn_left_out", "Leave out", id="editor.leave_out", tooltip="Leave it out, or put it back"),
        Binding(
            "e", "end_instead", "End instead", id="editor.end", tooltip="End what would be deleted, on the last day"
        ),
        Binding("r", "reset", "Reset", id="editor.reset", tooltip="Put this addition back to what was computed"),
        Binding("R", "reset_all", "Reset all", show=False, id="editor.reset_all", tooltip="Put everything back"),
        Binding("p", "source", "Prices", id="editor.source", tooltip="Take this addition's prices from elsewhere"),
        Binding(
            "P", "task_source", "All prices", show=False, id="editor.task_source", tooltip="The same for the whole task"
        ),
        Binding("down,enter", "next", "Next field", show=False, id="editor.next", tooltip="To the next field"),
        Binding("up", "previous", "Field before", show=False, id="editor.previous", tooltip="To the field before"),
        Binding("escape", "to_list", "List", id="editor.list", tooltip="Back to the list of additions"),
    ]

    class Edited(Message):
        """Something was edited, or put back."""

    def __init__(
        self,
        *,
        unsaved: str = "Not saved yet: ctrl+s saves.",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        """Show nothing yet.

        Args:
            unsaved: The text that is shown while edits are not saved.
            id: Textual's.
        """
        super().__init__(id=id)
        self._unsaved = unsaved
        self.editing: PlanEditing | None = None
        self._rows: EditedRows | None = None
        self._loaded: dict[str, tuple[str, str]] = {}

    def compose(self) -> ComposeResult:
        """The list, the fields of the addition under the cursor, errors, totals."""
        yield Static(id="editor-note", markup=False)
        with Container(id="editor-panes"):
            yield VirtualTable(COLUMNS, empty_text="This plan writes nothing.", id="additions")
            with VerticalScroll(id="editor-form", can_focus=False):
                yield from self._form()
        yield Static(id="editor-totals", markup=False)

    def _form(self) -> Iterator[Widget]:
        for name in FIELDS:
            yield _line(name, label_of(name), _widget(name))
        yield _line(_SOURCE, "price source", ChoiceLine(_sources("as the task"), _AS_ABOVE, id=f"edit-{_SOURCE}"))
        task_source = ChoiceLine(_sources("as set up"), _AS_ABOVE, id=f"edit-{_TASK_SOURCE}")
        yield _line(_TASK_SOURCE, "all prices", task_source)
        yield Static(id="editor-problem", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """List over fields on a narrow terminal, beside them on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide-editor")

    # down

    def open(self, editing: PlanEditing) -> None:
        """Edit this plan."""
        self.editing, self._rows = editing, EditedRows(editing)
        self.query_one(VirtualTable).source = self._rows
        self._load()
        self._show()

    def focus_list(self) -> None:
        """The list has the keys."""
        self.query_one(VirtualTable).focus()

    # what is shown

    @property
    def _key(self) -> str:
        return self.query_one(VirtualTable).cursor_key or ""

    @property
    def _change(self) -> Change | None:
        return self.editing.change(self._key) if self.editing else None

    @property
    def _is_fixed(self) -> bool:
        """Nothing of the addition under the cursor can be edited."""
        editing = self.editing
        if editing is None or not editing.fields_of(self._key):
            return True
        return bool(editing.why_no_end(self._key)) and not editing.is_edited(self._key, _LAST_DAY)

    @on(VirtualTable.Highlighted)
    def _load(self) -> None:
        """Put the fields of the addition under the cursor into the form."""
        editing, change = self.editing, self._change
        if editing is None:
            return
        open_fields = () if self._is_fixed else editing.fields_of(self._key)
        for name in FIELDS:
            widget = self.query_one(f"#edit-{name}")
            widget.disabled = name not in open_fields
            text = editing.text(self._key, name)
            if isinstance(widget, PlainInput):
                with self.prevent(PlainInput.Changed):
                    widget.value = text
                self._loaded[name] = (text, widget.value)
            elif isinstance(widget, ChoiceLine):
                widget.value = text or next(iter(_CHOSEN[name]))
        own, whole = self.query_one(f"#edit-{_SOURCE}", ChoiceLine), self.query_one(f"#edit-{_TASK_SOURCE}", ChoiceLine)
        own.disabled = change is None or change.after is None
        own.value = editing.source_of(self._key) or _AS_ABOVE
        whole.value = editing.price_source or _AS_ABOVE
        self._show_fields()
        self.refresh_bindings()

    def _show(self) -> None:
        editing, rows = self.editing, self._rows
        if editing is None or rows is None:
            return
        rows.take()
        self.query_one(VirtualTable).rows_changed()
        self.query_one("#editor-totals", Static).update(content(totals_text(editing)))
        parts = [*editing.dropped]
        parts += [self._unsaved] if editing.is_changed else []
        note = self.query_one("#editor-note", Static)
        note.update(content(" ".join(parts), TONE_STYLES[Tone.ATTENTION]))
        note.display = bool(parts)
        self._show_fields()

    def _show_fields(self) -> None:
        """Show the computed values beside the edited ones, and the errors below."""
        editing, change = self.editing, self._change
        errors = editing.errors(self._key) if editing else {}
        for name in FIELDS:
            note = self.query_one(f"#note-{name}", Static)
            note.update(content(self._note(name, errors)))
            note.set_class(name in errors, "-problem")
        for name, source in ((_SOURCE, None), (_TASK_SOURCE, editing.default_source if editing else None)):
            shown = f"set up: {_SOURCES[source]}" if source else self._source_note(change)
            self.query_one(f"#note-{name}", Static).update(content(shown))
        said = [f"✗ {label_of(name)}: {text}" for name, text in errors.items()]
        if why_not := self._why_not():
            said.append(f"! {why_not}")
        problem = self.query_one("#editor-problem", Static)
        problem.update(content(" ".join(said)))
        problem.display = bool(said)

    def _why_not(self) -> str:
        """Why an addition has no fields to edit, or only one; empty if it has them all."""
        editing, change = self.editing, self._change
        if editing is None or change is None:
            return "This plan writes nothing, so there is nothing to edit."
        if change.after is not None or editing.is_edited(self._key, _LAST_DAY):
            return ""
        left = "x leaves the deletion out: then it stays as it is."
        day, why_no_end = editing.could_end(self._key), editing.why_no_end(self._key)
        if day is None:
            return f"This addition is deleted, so it has no values to edit. It cannot end instead: {why_no_end} {left}"
        return f"This addition is deleted, so only its last day can be set: e ends it on {day} instead. {left}"

    def _note(self, name: str, errors: dict[str, str]) -> str:
        editing, change = self.editing, self._change
        if name in errors:
            return f"✗ {errors[name]}"
        if editing is None or change is None or not editing.is_edited(self._key, name):
            return ""
        if change.after is None:
            return "computed: it is deleted"
        return f"computed: {field_text(name, change.after) or 'none'}"

    def _source_note(self, change: Change | None) -> str:
        return f"from {_SOURCES[change.price_source]}" if change and change.after else ""

    # what is typed

    @on(PlainInput.Changed)
    def _typed(self, event: PlainInput.Changed) -> None:
        event.stop()
        name = (event.input.id or "").removeprefix("edit-")
        text, shown = self._loaded.get(name, ("", ""))
        self._type(name, text if event.value == shown else event.value)

    @on(PlainInput.Submitted)
    def _submitted(self, event: PlainInput.Submitted) -> None:
        event.stop()
        self.action_next()

    @on(ChoiceLine.Changed)
    def _turned(self, event: ChoiceLine.Changed) -> None:
        event.stop()
        name = (event.choice.id or "").removeprefix("edit-")
        if name in {_SOURCE, _TASK_SOURCE}:
            self._choose_source(None if name == _TASK_SOURCE else self._key, event.value)
        else:
            self._type(name, event.value)

    def _type(self, name: str, text: str) -> None:
        if self.editing is not None:
            self.editing.type(self._key, name, text)
            self._edited()

    def _choose_source(self, key: str | None, value: str) -> None:
        if self.editing is not None:
            self.editing.choose_source(key, PriceSource(value) if value else None)
            self._edited()
            self._load()

    def _edited(self) -> None:
        self._show()
        self.post_message(self.Edited())

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  # Textual's
        """In the list `esc` is the screen's; where nothing can be edited, its keys are dimmed."""
        if action == "to_list":
            return not self.query_one(VirtualTable).has_focus
        if action == "end_instead":
            return self._change is not None and self._change.after is None
        if action in {"turn_left_out", "reset", "source"} and not self._key:
            return None
        return True

    @on(VirtualTable.SelectionToggled)
    def action_turn_left_out(self) -> None:
        """Leave the addition out of the plan, or put it back."""
        if self.editing is not None and self._key:
            self.editing.turn_left_out(self._key)
            self._edited()

    def action_reset(self) -> None:
        """Put the addition back to what was computed."""
        if self.editing is not None:
            self.editing.reset(self._key)
            self._edited()
            self._load()

    def action_reset_all(self) -> None:
        """Put everything back to what was computed."""
        if self.editing is not None:
            self.editing.reset_all()
            self._edited()
            self._load()

    def action_source(self) -> None:
        """The next price source of this addition."""
        line = self.query_one(f"#edit-{_SOURCE}", ChoiceLine)
        if not line.disabled:
            line.action_turn(1)

    def action_task_source(self) -> None:
        """The next price source of the whole task."""
        self.query_one(f"#edit-{_TASK_SOURCE}", ChoiceLine).action_turn(1)

    @on(VirtualTable.Opened)
    def _enter(self, event: VirtualTable.Opened) -> None:
        event.stop()
        if self._is_fixed or self.editing is None:
            self._refuse(self._why_not())
        else:
            self.query_one(f"#edit-{self.editing.fields_of(self._key)[0]}").focus()

    def action_end_instead(self) -> None:
        """Let the addition end on the offered day in place of being deleted; the day can be typed over."""
        editing = self.editing
        if editing is None:
            return
        day = editing.could_end(self._key)
        if day is None:
            self._refuse(editing.why_no_end(self._key))
            return
        editing.type(self._key, _LAST_DAY, day.isoformat())
        self._edited()
        self._load()
        self.query_one(f"#edit-{_LAST_DAY}").focus()

    def _refuse(self, why: str) -> None:
        self.app.bell()
        self.notify(why, title="Edit", severity="warning", markup=False)

    def action_next(self) -> None:
        """To the next field."""
        self.screen.focus_next("#editor-form PlainInput, #editor-form ChoiceLine")

    def action_previous(self) -> None:
        """To the field before."""
        self.screen.focus_previous("#editor-form PlainInput, #editor-form ChoiceLine")

    def action_to_list(self) -> None:
        """Back to the list."""
        self.focus_list()


def _line(name: str, label: str, widget: Widget) -> Horizontal:
    note = Static(id=f"note-{name}", classes="editor--computed", markup=False)
    return Horizontal(Static(content(label), classes="form--label"), widget, note, classes="form--line")


def _widget(name: str) -> Widget:
    if name in _CHOSEN:
        return ChoiceLine(_CHOSEN[name], next(iter(_CHOSEN[name])), id=f"edit-{name}")
    return PlainInput(id=f"edit-{name}", limit=BLOCK_LIMIT)


def _sources(first: str) -> dict[str, str]:
    return {_AS_ABOVE: first} | {source.value: words for source, words in _SOURCES.items()}
