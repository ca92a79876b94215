"""The addition editor: a task's plan, edited before it is synchronised (plans.md#edits)."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.tasks import Task
from cwtui.tui.editing.pane import EditorPane
from cwtui.tui.plain import content
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.keys_line import KeysLine
from cwtui.tui.widgets.progress_line import ProgressLine
from cwtui.tui.widgets.status_words import KIND_WORDS
from cwtui.tui.words import READ_S


class EditorScreen(WorkScreen):
    """One task's additions; what is saved survives restarts and is what `sync` writes."""

    HELP_TITLE = "Edit additions"
    HELP = "Change what a plan writes, before it is written. ctrl+s saves; nothing is sent to ConnectWise from here."
    WRITES = frozenset({"save"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="editor.save", tooltip="Keep these edits"),
        Binding("escape", "leave", "Back", id="editor.leave", tooltip="Back to the tasks"),
    ]

    def __init__(self, session: Session, task_id: TaskId) -> None:
        super().__init__(session)
        self._task_id = task_id

    def compose(self) -> ComposeResult:
        """Whose plan, the editor, what is going on, keys."""
        yield Static(classes="screen--title", markup=False)
        yield EditorPane(id="editor")
        yield ProgressLine()
        yield KeysLine()

    def on_mount(self) -> None:
        """Read the plan as it is now."""
        self.query_one(EditorPane).focus_list()
        self._open()

    @work(exclusive=True, group="step")
    async def _open(self) -> None:
        engine = self.session.engine
        try:
            task = await engine.task(self._task_id)
            self.query_one(".screen--title", Static).update(content(title_of("Edit additions", task)))
            self.query_one(EditorPane).open(await engine.workbench.edit(self._task_id))
        except CwtuiError as error:
            self.notify(str(error), title="Edit", severity="error", timeout=READ_S, markup=False)
            self.dismiss()

    @work(group="work")
    async def action_save(self) -> None:
        """Keep the edits."""
        pane = self.query_one(EditorPane)
        editing = pane.editing
        if editing is None:
            return
        engine = self.session.engine

        async def save() -> str:
            engine.workbench.save_edits(editing)
            return "The edits are saved."

        if await self.do_work("Saving edits", save):
            pane.open(editing)

    @work(group="leave")
    async def action_leave(self) -> None:
        """Go back; edits that are not saved are asked about."""
        editing = self.query_one(EditorPane).editing
        if editing is not None and editing.is_changed:
            lines = [Line("What was edited since it was last saved would be lost. ctrl+s saves it.")]
            if not await self.ask(
                ConfirmScreen("Leave the editor", lines, question="Leave without saving?", yes="Leave", no="Stay")
            ):
                return
        self.dismiss()


def title_of(what: str, task: Task) -> str:
    """The first line of a screen about one task."""
    order = f"{KIND_WORDS[task.kind]} {task.order_number}"
    return f"{what} · {task.customer_name} · {task.subscription_name} · {order}"
