"""Setup: credentials, synchronisation and notifications; tested before they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from cwtui.domain.errors import CwtuiError
from cwtui.tui.plain import content
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import EventKind
from cwtui.tui.setup.doctor_lines import doctor_lines, missing_words
from cwtui.tui.setup.fields import FIELDS, SECTIONS, SetupField
from cwtui.tui.setup.settings_access import SettingsAccess, StoredSetting
from cwtui.tui.widgets.choice_line import ChoiceLine
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.form_scroll import field_bindings
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.plain_input import PlainInput
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import WIDE


class SetupForm(VerticalScroll):
    """Fields one below the other; the arrow keys, tab and enter go from one to the next.

    They have priority, so that the field changes before the next key of a burst is given to one: what a password
    manager types at once would end in one field, where a password can be read.
    """

    HELP_TITLE = "The form"
    BINDINGS: ClassVar[list[BindingType]] = field_bindings("form", "down,tab,enter")


class SetupScreen(WorkScreen):
    """A form over the settings. Up: `Saved`."""

    HELP_TITLE = "Setup"
    HELP = "Fill in, test with ctrl+t, save with ctrl+s. A secret is never shown; leave its field empty to keep it."
    WRITES = frozenset({"save", "test"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "test", "Test", id="setup.test", tooltip="Try the connections and every permission"),
        Binding("ctrl+s", "save", "Save", id="setup.save", tooltip="Save, and go on with these settings"),
        Binding("ctrl+r", "reset", "Reset field", id="setup.reset", tooltip="Put this field back to what is saved"),
        Binding("escape", "leave", "Tasks", id="setup.leave", tooltip="To the tasks; what is typed stays here"),
    ]

    @dataclass
    class Saved(Message):
        """Other settings are in force."""

    def compose(self) -> ComposeResult:
        """The form, what a test found, what is going on."""
        with Container(classes="panes"):
            with SetupForm(id="form"):
                yield from self._form()
            yield DetailPane(self._welcome(), id="detail")
        yield ProgressLine()
        yield KeysLine()

    def _form(self) -> Iterator[Static | Horizontal]:
        settings = self.session.settings
        for title, fields in SECTIONS.items():
            yield Static(content(title), classes="setup--section")
            for one in fields:
                kept = settings.stored(one.key) if settings else StoredSetting("", "default")
                yield Horizontal(
                    Static(content(one.label), classes="setup--label"), _widget(one, kept), classes="setup--line"
                )
                yield Static(id=f"problem-{one.id}", classes="setup--problem", markup=False)

    def _welcome(self) -> list[Line]:
        place = self.session.settings.place if self.session.settings else "nowhere"
        return [
            Line("Test", Tone.HEADING),
            Line("ctrl+t tries both connections and every permission that cwtui needs. Nothing is changed by it."),
            Line(""),
            Line("Save", Tone.HEADING),
            Line(f"Settings are saved to {place}."),
            Line(
                "Secrets go to the keyring of the operating system; where there is none, to that file, which then"
                " nobody but you may read."
            ),
        ]

    def on_mount(self) -> None:
        """Begin with the first field that can be filled."""
        first = next((one for one in self.query(".setup--field") if one.focusable), None)
        if first is not None:
            first.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Form above result on a narrow terminal, beside it on a wide one."""
        self.set_class(event.size.width >= WIDE, "-wide")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Settings can be saved even if the state is read-only: they are this operator's own."""
        if action in self.WRITES:
            return None if self.working or self.session.settings is None else True
        return super().check_action(action, parameters)

    # the form

    @on(Input.Changed)
    @on(ChoiceLine.Changed)
    def _typed(self, event: Input.Changed | ChoiceLine.Changed) -> None:
        one = _field_of(event.control.id)
        if one is not None and self.session.settings is not None:
            self._say(one, self.session.settings.problem(one.key, event.value))

    def _say(self, one: SetupField, problem: str) -> None:
        line = self.query_one(f"#problem-{one.id}", Static)
        line.update(content(f"✗ {problem}") if problem else "")
        line.set_class(bool(problem), "-shown")

    def _changes(self, settings: SettingsAccess) -> dict[str, str]:
        """The fields that differ from the saved settings; an empty secret stays as it is."""
        changes = {}
        for one in FIELDS:
            kept = settings.stored(one.key)
            text = self._text(one)
            is_hidden = one.is_secret or one.is_masked
            if not kept.is_fixed and (text != "" if is_hidden else text != kept.text):
                changes[one.key] = text
        return changes

    def _text(self, one: SetupField) -> str:
        widget = self.query_one(f"#{one.id}")
        return widget.value.strip() if isinstance(widget, Input | ChoiceLine) else ""

    def _problems(self, settings: SettingsAccess, changes: Mapping[str, str]) -> list[tuple[SetupField, str]]:
        found = [(one, settings.problem(one.key, changes[one.key])) for one in FIELDS if one.key in changes]
        return [(one, problem) for one, problem in found if problem]

    def action_reset(self) -> None:
        """Put the field with the cursor back to what is saved."""
        one, settings = _field_of(self.focused.id if self.focused else None), self.session.settings
        if one is None or settings is None:
            return
        widget = self.query_one(f"#{one.id}")
        if isinstance(widget, Input | ChoiceLine):
            widget.value = "" if one.is_secret or one.is_masked else settings.stored(one.key).text
            self._say(one, "")

    def action_leave(self) -> None:
        """Stop a test that is going on; else go to the tasks."""
        if self.working:
            self.action_stop()
        else:
            self.app.switch_mode("tasks")

    # test and save

    @work(group="work")
    async def action_test(self) -> None:
        """Try what is typed, without saving it."""
        settings = self.session.settings
        if settings is None:
            return
        changes, pane = self._changes(settings), self.query_one(DetailPane)

        async def test() -> str:
            report = await settings.examine(changes)
            pane.show(doctor_lines(report))
            down = next((f"{service.name}: {service.message}" for service in report.services if not service.ok), "")
            return down or missing_words(report) or "Everything answers, and every permission is granted or unknown."

        done = await self.session.work("Testing the connections", test, only_reads=True)
        if done is not None and done.error is not None:
            pane.show([Line("Not tested", Tone.BAD), *block(done.said)])

    @work(group="work")
    async def action_save(self) -> None:
        """Save what is typed, and go on with it."""
        settings, pane = self.session.settings, self.query_one(DetailPane)
        if settings is None:
            return
        changes = self._changes(settings)
        if problems := self._problems(settings, changes):
            lines = [Line(f"✗ {_where(one)}: {problem}", Tone.BAD) for one, problem in problems]
            pane.show([Line("Not saved", Tone.BAD), *lines])
            self.query_one(f"#{problems[0][0].id}").focus()
            return
        if not changes:
            self.notify("Nothing was changed.", markup=False)
            return
        try:
            places = await settings.save(changes)
        except CwtuiError as error:
            pane.show([Line("Not saved", Tone.BAD), *block(str(error))])
            self.session.listener.add(EventKind.PROBLEM, f"Saving settings: {error.happened}", str(error))
            return
        self._show_saved(settings, changes, places)
        self.post_message(self.Saved())

    def _show_saved(self, settings: SettingsAccess, changes: Mapping[str, str], places: Mapping[str, str]) -> None:
        labels = {one.key: _where(one) for one in FIELDS}
        lines = [Line("✓ Saved", Tone.GOOD), Line(f"to {settings.place}"), Line("")]
        for key in changes:
            where = places.get(key)
            lines.append(Line(f"{labels[key]}{f' (in the {where})' if where else ''}"))
        self.query_one(DetailPane).show(lines)
        said = f"Settings saved: {', '.join(changes)}"
        self.session.listener.add(EventKind.RUN, said, "\n".join(line.text for line in lines))
        for one in FIELDS:
            widget = self.query_one(f"#{one.id}")
            if isinstance(widget, Input):
                _fill(widget, one, settings.stored(one.key))


def _widget(one: SetupField, kept: StoredSetting) -> PlainInput | Input | ChoiceLine:
    widget: PlainInput | Input | ChoiceLine
    if one.choices:
        shown = one.choices.get(kept.text, kept.text)  # a stored value that is no choice stays one
        widget = ChoiceLine({**one.choices, kept.text: shown}, kept.text, id=one.id)
        widget.tooltip = content(kept.source) if kept.is_fixed else None
    else:
        # a secret is taken exactly as typed, since none of it is shown
        widget = Input(password=True, id=one.id, compact=True) if one.is_secret else PlainInput(id=one.id)
        _fill(widget, one, kept)
    widget.add_class("setup--field")
    widget.disabled = kept.is_fixed
    return widget


def _fill(widget: Input, one: SetupField, kept: StoredSetting) -> None:
    """Fill a field with the saved value; a secret only shows that it is set."""
    if one.is_secret or one.is_masked:
        widget.value = ""
        where = "" if kept.source == "default" else f" ({kept.source})"
        widget.placeholder = f"{kept.text} set{where}; type to replace" if kept.text else one.hint
    else:
        widget.value = kept.text
        widget.placeholder = f"{kept.text} ({kept.source})" if kept.is_fixed else one.hint


def _where(one: SetupField) -> str:
    """A field's label, after that of its section: two have an API base URL."""
    section = next(title for title, fields in SECTIONS.items() if one in fields)
    return f"{section}, {one.label}"


def _field_of(identifier: str | None) -> SetupField | None:
    return next((one for one in FIELDS if one.id == identifier), None)
