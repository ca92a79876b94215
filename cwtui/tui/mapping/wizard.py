"""The sync wizard: customer, products, agreement, additions, confirm; answered steps are skipped.

Rule: mapping.md#a-mapping-stays.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widgets import ContentSwitcher, Static

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.mappings import Mapping, MappingKey
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.mapping.choices import Choices
from cwtui.engine.mapping.wizard_steps import Stage, WizardStep
from cwtui.engine.mapping.workbench import Review
from cwtui.engine.planning.editing import PlanEditing
from cwtui.tui.editing.pane import EditorPane
from cwtui.tui.editing.screen import title_of
from cwtui.tui.mapping.add_item import AddItemScreen
from cwtui.tui.mapping.choice import entries_of, ranked_of
from cwtui.tui.mapping.wizard_choice import ChoiceList, ChoicePane
from cwtui.tui.mapping.wizard_lines import question_of, review_lines, step_labels, why_not_written
from cwtui.tui.plain import content
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.fuzzy_picker import Entry
from cwtui.tui.widgets.key_guard import KeyGuard
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.step_line import StepLine
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import READ_S

_PANES = {Stage.ADDITIONS: "editor", Stage.CONFIRM: "review"}
_ANSWERS = {Stage.ADDITIONS: frozenset({"n", "ctrl+s"}), Stage.CONFIRM: frozenset({"y"})}
_CHOOSES = frozenset({"enter", "ctrl+n"})
"""Stages that are answered from a list, where letters search."""
_ADD = Entry("+ Add a new catalog item and map it", "ctrl+n")


class WizardScreen(WorkScreen):
    """Leads one task from its missing mappings to the write; saves each mapping when chosen, edits at each step."""

    HELP_TITLE = "Sync wizard"
    HELP = "One step after the other; `esc` goes a step back, and nothing that was chosen or typed is lost."
    WRITES = frozenset({"add", "next", "write"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "add", "Add and map", id="wizard.add", tooltip="Add a catalog item to ConnectWise, map it"),
        Binding("ctrl+s,n", "next", "Next", id="wizard.next", tooltip="Keep the edits and go on"),
        Binding("y", "write", "Write", id="wizard.write", tooltip="Write what is shown to ConnectWise"),
        Binding("escape", "back", "Back", id="wizard.back", tooltip="A step back; from the first one, to the tasks"),
        Binding("ctrl+g", "earlier", "Earlier step", id="wizard.earlier", tooltip="Answer the step before this again"),
    ]
    place: reactive[int] = reactive(-1, bindings=True)
    """Which step; −1 before they are known."""
    review: reactive[Review | None] = reactive(None, bindings=True)
    """What the last step shows."""

    def __init__(self, session: Session, task_id: TaskId) -> None:
        super().__init__(session)
        self._task_id = task_id
        self._steps: list[WizardStep] = []
        self._been: list[int] = []
        self._choices: Choices | None = None
        self._forms: dict[MappingKey, dict[str, str]] = {}
        self.key_guard = KeyGuard(_CHOOSES)

    def compose(self) -> ComposeResult:
        """The task, the steps, the question and its choices; progress, keys."""
        yield Static(classes="screen--title", markup=False)
        yield StepLine()
        yield Static("Reading …", id="question", markup=False)
        with ContentSwitcher(initial="choice"):
            yield ChoicePane(id="choice")
            yield EditorPane(unsaved="Edited; kept when you go on or back.", id="editor")
            yield DetailPane(id="review")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """Begin with the first step that is not answered."""
        self._begin()

    @work(exclusive=True, group="step")
    async def _begin(self) -> None:
        try:
            task = await self.session.engine.task(self._task_id)
            self.query_one(".screen--title", Static).update(content(title_of("Sync", task)))
            self._steps = await self.session.engine.workbench.steps(self._task_id)
        except CwtuiError as error:
            self.notify(str(error), title="Sync", severity="error", timeout=READ_S, markup=False)
            self.dismiss()
            return
        self.place = self._first_open
        await self._show()

    # steps

    @property
    def _step(self) -> WizardStep | None:
        return self._steps[self.place] if 0 <= self.place < len(self._steps) else None

    @property
    def _first_open(self) -> int:
        """The first mapping that is missing, else the additions."""
        open_steps = (at for at, step in enumerate(self._steps) if step.key is not None and not step.is_answered)
        return next(open_steps, self._place_of(Stage.ADDITIONS))

    def _place_of(self, stage: Stage) -> int:
        return next(at for at, step in enumerate(self._steps) if step.stage is stage)

    @work(exclusive=True, group="step")
    async def _go(self, place: int, *, back: bool = False) -> None:
        if not back and self.place != place:
            self._been.append(self.place)
        self.place = place
        await self._show()

    async def _show(self) -> None:
        step = self._step
        if step is None:
            return
        self.key_guard.keys = _ANSWERS.get(step.stage, _CHOOSES)
        self.key_guard.hide()
        self.query_one(StepLine).steps = step_labels(self._steps, self.place)
        self.query_one("#question", Static).update(content(question_of(step)))
        self.query_one(ContentSwitcher).current = _PANES.get(step.stage, "choice")
        try:
            match step.stage:
                case Stage.ADDITIONS:
                    await self._show_additions()
                case Stage.CONFIRM:
                    await self._show_review()
                case _:
                    await self._show_choices(step)
        except CwtuiError as error:
            self.notify(str(error), title="Sync", severity="error", timeout=READ_S, markup=False)
        self.call_after_refresh(self.key_guard.show)

    def on_screen_resume(self) -> None:
        """A dialog over the step is gone: its keys are not for this screen."""
        self.key_guard.hide()
        if self._step is not None:
            self.call_after_refresh(self.key_guard.show)

    async def _show_choices(self, step: WizardStep) -> None:
        pane = self.query_one(ChoicePane)
        pane.begin()
        if step.key is None:
            return
        self._choices = None
        pane.offer(ChoiceList((), lambda _: ()))
        choices = await self.session.engine.workbench.choices(step.key, step.name, step.detail)
        extra = _ADD if step.stage is Stage.PRODUCT else None
        pane.offer(ChoiceList(entries_of(choices), choices.search, ranked_of(choices), extra))
        self._choices = choices

    async def _show_additions(self) -> None:
        pane = self.query_one(EditorPane)
        pane.focus_list()
        fresh, kept = await self.session.engine.workbench.edit(self._task_id), pane.editing
        is_same = kept is not None and kept.plan.digest == fresh.plan.digest and kept.is_changed
        pane.open(kept if kept is not None and is_same else fresh)

    async def _show_review(self) -> None:
        pane = self.query_one("#review", DetailPane)
        pane.focus()
        pane.show([Line("Reading the agreement …", Tone.MUTED)])
        self.review = None
        review = await self.session.engine.workbench.review(self._task_id)
        self.review = review
        pane.show(review_lines(review, self._steps))

    # choosing

    @on(ChoicePane.Chosen)
    def _chosen(self, event: ChoicePane.Chosen) -> None:
        if self._choices is None:
            return
        if event.place >= len(self._choices.entries):
            self.action_add()
        else:
            choice = self._choices.entries[event.place]
            self._map(Mapping(self._choices.key, choice.connectwise_id), choice.name)

    @work(group="work")
    async def action_add(self) -> None:
        """Add a catalog item and map the product to it; what was typed in the form stays."""
        step = self._step
        if step is None or step.key is None:
            return
        kept = self._forms.setdefault(step.key, {})
        code = step.detail or step.key.marketplace_id
        item = await self.ask(AddItemScreen(self.session, step.name, code, step.key, self._task_id, kept))
        if item is not None:
            self._map(Mapping(step.key, item.id), item.identifier)

    @work(group="work")
    async def _map(self, mapping: Mapping, name: str) -> None:
        engine = self.session.engine
        if engine.known.mappings().get(mapping.key) != mapping.connectwise_id:

            async def job() -> str:
                await engine.set_mapping(mapping)
                engine.workbench.forget_suggestions(mapping.key)
                return f"Mapped to {name}."

            if not await self.do_work("Mapping", job):
                return
        try:
            self._steps = await engine.workbench.steps(self._task_id)
        except CwtuiError as error:
            self.notify(str(error), title="Sync", severity="error", timeout=READ_S, markup=False)
            return
        self._go(self._first_open)

    # moving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only this step's actions, and dim those that cannot be done now."""
        stage = self._step.stage if self._step else None
        own = {"add": Stage.PRODUCT, "next": Stage.ADDITIONS, "write": Stage.CONFIRM}
        if action in own and own[action] is not stage:
            return False
        if action == "write" and (self.review is None or why_not_written(self.review)):
            return None
        if action == "earlier" and self.place <= 0:
            return None
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Go back to the step visited before; during work, stop it before its next write."""
        if self.working:
            self.action_stop()
            return
        self._keep_edits()
        if self._been:
            self._go(self._been.pop(), back=True)
        else:
            self.dismiss()

    def action_earlier(self) -> None:
        """To the step before this one, answered or not."""
        self._keep_edits()
        if self.place > 0:
            self._go(self.place - 1)

    @on(StepLine.StepChosen)
    def _click(self, event: StepLine.StepChosen) -> None:
        """Go to the clicked step if it is answered, or is the next one."""
        if event.place <= self._first_open:
            self._keep_edits()
            self._go(event.place)

    def _keep_edits(self) -> bool:
        """Save the edits; wrong ones stay in the fields. Returns whether all could be saved."""
        editing = self.query_one(EditorPane).editing
        if self._step is None or self._step.stage is not Stage.ADDITIONS or editing is None or not editing.is_changed:
            return True
        if editing.has_errors or self.session.working:
            return False
        try:
            self.session.engine.workbench.save_edits(editing)
        except CwtuiError as error:
            self.notify(str(error), title="Edits", severity="error", timeout=READ_S, markup=False)
            return False
        return True

    def action_next(self) -> None:
        """Keep the edits and go on to what will be written."""
        editing = self.query_one(EditorPane).editing
        if editing is None:
            return
        if self._keep_edits():
            self._go(self._place_of(Stage.CONFIRM))
        elif self.session.working:
            self.notify(f"{self.session.working} is still going on.", severity="warning", markup=False)
        else:
            self._say_what_is_wrong(editing)

    def _say_what_is_wrong(self, editing: PlanEditing) -> None:
        try:
            editing.edits()
        except CwtuiError as error:
            self.notify(str(error), title="Edits", severity="error", timeout=READ_S, markup=False)

    # writing

    @work(group="work")
    async def action_write(self) -> None:
        """Write the plan that is shown."""
        engine = self.session.engine

        async def sync() -> str:
            report = await engine.sync([self._task_id])
            written = report.writes
            said = f"Additions: {written.post} created, {written.patch} changed, {written.delete} deleted."
            return "\n".join([said, *report.errors])

        await self.do_work("Synchronising", sync)
        task = await engine.task(self._task_id)
        if task.status is TaskStatus.SYNCED:
            self.dismiss()
            return
        self._steps = await engine.workbench.steps(self._task_id)
        await self._show_review()
        if task.note:
            pane = self.query_one("#review", DetailPane)
            pane.show([*block(task.note, Tone.BAD), Line(""), *pane.lines])
