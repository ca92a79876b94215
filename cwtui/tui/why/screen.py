"""Why: where every number of a task, or of an addition, comes from; to be read or copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from cwtui.domain.addition_words import label_of
from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.psa import AdditionValues
from cwtui.engine.writing.why import Explanation
from cwtui.tui.editing.screen import title_of
from cwtui.tui.names import BareIds, Names, named_value
from cwtui.tui.plain import content
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.tone import Tone


class WhyScreen(WorkScreen):
    """Everything about each change of a task, or about one addition."""

    HELP_TITLE = "Why"
    HELP = "Order and line, rule, the numbers put into the formula, the request, the answer, who and when."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="why.copy", tooltip="Copy all of it"),
        Binding("escape,q", "leave", "Back", id="why.leave", tooltip="Back to where you came from"),
    ]

    def __init__(self, session: Session, about: TaskId | AdditionId) -> None:
        super().__init__(session)
        self._about = about

    def compose(self) -> ComposeResult:
        """What it is about, the explanation, keys."""
        yield Static(classes="screen--title", markup=False)
        yield DetailPane(id="why")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """Read it."""
        self.query_one(".screen--title", Static).update(content(self._title))
        self.query_one(DetailPane).focus()
        self._read()

    @property
    def _title(self) -> str:
        if not isinstance(self._about, str):
            return f"Why · addition {self._about}"
        task = self.session.engine.known.task(self._about)
        return title_of("Why", task) if task else f"Why · task {self._about}"

    @work(exclusive=True, group="load")
    async def _read(self) -> None:
        whys = self.session.engine.explainer
        pane = self.query_one(DetailPane)
        pane.show([Line("Reading …", Tone.MUTED)])
        try:
            about = self._about
            found = await (whys.why_task(about) if isinstance(about, str) else whys.why(about))
        except CwtuiError as error:
            pane.show(block(str(error), Tone.BAD))
        else:
            pane.show(why_lines(found, self.session.names))

    def action_copy(self) -> None:
        """Copy what is shown."""
        self.app.copy(self.query_one(DetailPane).plain_text)  # type: ignore[attr-defined]  # the app is CwTui

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def why_lines(found: Sequence[Explanation], names: Names | None = None) -> list[Line]:
    """Each change in turn."""
    if not found:
        return [Line("It wrote nothing, and nothing is planned.")]
    return [line for one in found for line in (*_lines(one, names or BareIds()), Line(""))]


def _lines(one: Explanation, names: Names) -> Iterator[Line]:
    which = "a new addition" if one.addition_id is None else f"addition {one.addition_id}"
    planned = "Planned: " if one.is_planned else ""
    yield Line(f"{planned}{one.what} {which} of agreement {names.agreement(one.agreement_id)}", Tone.HEADING)
    facts = {
        "Product": f"{names.product(one.product_id, one.subscription_id)}, {one.charge}",
        "Subscription": f"{one.subscription_name} ({one.subscription_id})",
        "Order": ", ".join(filter(None, (one.order, one.kind.replace("_", " ")))),
        "Line": one.source,
        "Rule": one.rule,
    }
    yield from _facts(facts)
    for place, step in enumerate(one.arithmetic):
        yield Line(f"{'' if place else 'Arithmetic':<14}{step}", Tone.GOOD, indent=2, hang=14)
    if one.edit:
        yield Line(f"{'Edited':<14}{one.edit}", Tone.ATTENTION, indent=2, hang=14)
    yield from _values(one.before, one.after, names)
    yield from _facts(
        {
            "Request": one.request,
            "Answer": one.answer,
            "Task": one.task_id,
            "Who": f"{one.who}, run {one.run_id}" if one.who or one.run_id else "",
            "When": f"{one.at:%Y-%m-%d %H:%M:%S} UTC" if one.at else "",
        }
    )
    for warning in one.warnings:
        yield Line(f"! {warning}", Tone.ATTENTION, indent=2)


def _facts(facts: dict[str, str]) -> Iterator[Line]:
    for name, text in facts.items():
        if text:
            yield Line(f"{name:<14}{text}", indent=2, hang=14)


def _values(before: AdditionValues | None, after: AdditionValues | None, names: Names) -> Iterator[Line]:
    """Each field, before → after where both are there and differ."""
    title = "Values"
    for field in fields(AdditionValues):
        held = [None if side is None else getattr(side, field.name) for side in (before, after)]
        there = [
            named_value(names, field.name, value)
            for side, value in zip((before, after), held, strict=True)
            if side is not None
        ]
        if held == [None, None] or not any(there):
            continue
        text = there[0] if len(set(there)) == 1 else " → ".join(there)
        yield Line(f"{title:<14}{label_of(field.name)} {text}", indent=2, hang=14)
        title = ""
