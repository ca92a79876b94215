"""The task list, the home screen: the list, the plan of the highlighted task, and all actions on tasks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import TaskId
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.listing.task_row import TaskRow
from cwtui.engine.reports import AutoReport
from cwtui.tui.plan_lines import plan_lines, task_lines, warning_lines
from cwtui.tui.problems import Way
from cwtui.tui.session import Session
from cwtui.tui.tasks.list_screen import TaskListScreen
from cwtui.tui.tasks.mending import decisions, way_of
from cwtui.tui.widgets.detail_pane import DetailPane, Line, block
from cwtui.tui.widgets.fuzzy_picker import Entry
from cwtui.tui.widgets.hint_line import HintLine
from cwtui.tui.widgets.status_words import STATUS_WORDS
from cwtui.tui.widgets.task_rows import signed
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.widgets.virtual_table import VirtualTable
from cwtui.tui.words import counted

_SHOWN_BEFORE_WRITING = 60
_NAMED = {ProblemCode.GUARD, ProblemCode.TAKEN_BACK}
"""Problems that naming the task settles."""
_READING = "Reading the plan"


class TasksScreen(TaskListScreen):
    """Check, synchronise, skip, reopen, undo; and the ways to the wizard, the editor and the reasons."""

    HELP_TITLE = "Tasks"
    HELP = "Check changes, look at the plan of each task, map what is missing, synchronise."
    WRITES = frozenset({"check", "sync", "sync_ready", "fix", "edit", "skip", "reopen", "undo", "accept"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", "Check", id="tasks.check", tooltip="Look for new and ended orders"),
        Binding("s", "sync", "Sync", id="tasks.sync", tooltip="Write the plans of the selected tasks, or of this one"),
        Binding("S", "sync_ready", "Ready", id="tasks.sync_ready", tooltip="Sync all ready tasks: write their plans"),
        Binding("m", "fix", "Mend", id="tasks.map", tooltip="Go where this task's problem is mended, step by step"),
        Binding("e", "edit", "Edit", id="tasks.edit", tooltip="Edit the additions of this plan"),
        Binding("w", "why", "Why", id="tasks.why", tooltip="Where every number of this task comes from"),
        Binding(
            "v",
            "accept",
            "Accept",
            show=False,
            id="tasks.accept",
            tooltip="You have seen the warnings of the selected tasks, or of this one",
        ),
        Binding("x", "skip", "Skip", id="tasks.skip", tooltip="Set the selected tasks aside, with a reason"),
        Binding("o", "reopen", "Reopen", show=False, id="tasks.reopen", tooltip="Take skipped or failed up again"),
        Binding("u", "undo", "Undo", show=False, id="tasks.undo", tooltip="Take back what this task wrote"),
        Binding("h", "close_hints", "No hints", show=False, id="tasks.hints", tooltip="Close the hints for good"),
        Binding("q", "app.quit", "Quit", id="tasks.quit", tooltip="Leave cwtui"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._mending: TaskId | None = None

    @work(group="work")
    async def action_check(self) -> None:
        """Look for new and ended orders."""
        engine = self.session.engine

        async def check() -> str:
            report = await engine.check()
            return "\n".join([f"{counted(len(report.created), 'task')} created.", *report.failures])

        await self.do_work("Checking changes", check, only_reads=True)

    async def run_auto(self) -> None:
        """One round of automatic synchronisation, unless something else is going on."""
        engine = self.session.engine

        async def auto() -> str:
            report = await engine.auto()
            failures = await engine.notify(report)
            return "\n".join([report_text(report), *failures])

        if not self.session.working:
            await self.do_work("Automatic synchronisation", auto)

    # writing to ConnectWise

    @work(group="work")
    async def action_sync(self) -> None:
        """Write the plans of the selected tasks, or of this one, after showing them."""
        chosen = self._chosen
        if not chosen:
            self.notify("There is no task here.", markup=False)
            return
        tasks = await self.prepare(_READING, partial(self._tasks_of, chosen))
        if tasks is None:
            return
        if len(tasks) == 1 and (why_not := _why_not(tasks[0])):
            self.notify(why_not, title="Sync", severity="warning", markup=False)
            return
        # a task that waits for another chosen one is written after it
        written = [task for task in tasks if not _why_not(task) or task.status is TaskStatus.WAITING]
        await self._sync(written, left=len(tasks) - len(written))

    @work(group="work")
    async def action_sync_ready(self) -> None:
        """Write the plans of all ready tasks, after showing them."""
        tasks = await self.prepare(_READING, partial(self.session.engine.tasks, [TaskStatus.READY]))
        if tasks is not None:
            await self._sync(tasks)

    async def _tasks_of(self, names: Sequence[TaskId]) -> list[Task]:
        return [await self.session.engine.task(name) for name in names]

    async def _sync(self, tasks: Sequence[Task], left: int = 0) -> None:
        """Show what would be written, ask, write.

        Args:
            tasks: Those that can be.
            left: How many others were chosen.
        """
        if not tasks:
            self.notify("None of these is ready." if left else "No task is ready.", markup=False)
            return
        lines = await self.prepare(_READING, partial(self._shown_before, tasks))
        if lines is None:
            return
        if left:
            lines = [Line(f"{left} of the tasks chosen cannot be written yet: they stay as they are."), *lines]
        question = f"Write {'this plan' if len(tasks) == 1 else f'these {len(tasks)} plans'} to ConnectWise?"
        self.hint_done(1)
        if not await self.confirmed("Synchronise", lines, question, "Write"):
            return
        engine, names = self.session.engine, [task.id for task in tasks]

        async def sync() -> str:
            return report_text(await engine.sync(names))

        if await self.do_work("Synchronising", sync):
            self.hint_done(2)
            self.action_select_none()

    async def _shown_before(self, tasks: Sequence[Task]) -> list[Line]:
        """The plans to be written: in full if it is one, a line each if there are several."""
        if len(tasks) > 1:
            shown = [_one_line(task) for task in tasks[:_SHOWN_BEFORE_WRITING]]
            left = len(tasks) - len(shown)
            return [*shown, Line(f"… and {left} more", Tone.MUTED)] if left else shown
        lines = task_lines(tasks[0])
        try:
            plan = await self.session.engine.preview(tasks[0].id)
            return [*lines, *plan_lines(plan, self.session.names, tasks[0].warnings)]
        except CwtuiError as error:
            return [*lines, Line(""), *block(str(error), Tone.BAD)]

    @work(group="work")
    async def action_undo(self) -> None:
        """Take back what this task wrote, after saying so."""
        task_id = self._highlighted
        if task_id is None:
            return
        engine = self.session.engine

        async def read() -> list[Line]:
            return await self._shown_before([await engine.task(task_id)])

        lines = await self.prepare(_READING, read)
        if lines is None:
            return
        question = "Take back what this task wrote? Only where ConnectWise still holds exactly that."
        if not await self.confirmed("Undo", lines, question, "Undo"):
            return

        async def undo() -> str:
            report = await engine.undo(task_id)
            return "\n".join(["Taken back." if report.complete else "Not taken back.", *report.lines])

        await self.do_work("Undoing", undo)

    # setting aside

    @work(group="work")
    async def action_skip(self) -> None:
        """Set tasks aside, with a reason."""
        chosen = self._chosen
        if not chosen:
            return
        title = f"Skip {counted(len(chosen), 'task')}"
        prompt = TextPromptScreen(title, "Why? It is kept as the task's note.", required="Say why, in a word or two.")
        reason = await self.ask(prompt)
        if reason is None:
            return
        engine = self.session.engine

        async def skip() -> str:
            return f"{len(await engine.skip(chosen, reason))} skipped."

        if await self.do_work("Skipping", skip):
            self.action_select_none()

    @work(group="work")
    async def action_accept(self) -> None:
        """Keep that a person has seen the warnings, after showing them."""
        chosen = self._chosen
        tasks = await self.prepare(_READING, partial(self._tasks_of, chosen)) if chosen else None
        warned = [task for task in tasks or () if task.is_warned]
        if not warned:
            if tasks is not None:
                self.notify("There is no warning to accept here.", title="Accept", markup=False)
            return
        lines = [line for task in warned[:_SHOWN_BEFORE_WRITING] for line in (_one_line(task), *warning_lines(task))]
        if (left := len(warned) - _SHOWN_BEFORE_WRITING) > 0:
            lines.append(Line(f"… and {counted(left, 'more task')}", Tone.MUTED))
        question = f"Accept the warnings of {counted(len(warned), 'task')}? Your name is kept with them."
        if not await self.confirmed("Warnings", lines, question, "Accept"):
            return
        engine, names = self.session.engine, [task.id for task in warned]

        async def accept() -> str:
            return f"The warnings of {counted(len(await engine.accept(names)), 'task')} are accepted."

        if await self.do_work("Accepting", accept):
            self.action_select_none()

    @work(group="work")
    async def action_reopen(self) -> None:
        """Take skipped or failed tasks up again."""
        chosen, engine = self._chosen, self.session.engine

        async def reopen() -> str:
            return f"{len(await engine.reopen(chosen))} reopened."

        if chosen and await self.do_work("Reopening", reopen):
            self.action_select_none()

    # to other screens

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hints can be closed only while they are shown."""
        if action == "close_hints" and self.query_one(HintLine).place is None:
            return False
        return super().check_action(action, parameters)

    def action_close_hints(self) -> None:
        """Close the hints, also for the next start."""
        self.query_one(HintLine).place = None
        self.session.preferences.hints_closed = True
        self.app.keep_preferences()  # type: ignore[attr-defined]  # the app is CwTui

    @work(group="work")
    async def action_fix(self) -> None:
        """Go where this task's first problem is mended; then to the next task."""
        task_id = self._highlighted
        if task_id is None:
            return
        self.hint_done(3)
        task = await self.session.engine.task(task_id)
        self._mending = task_id
        match way_of(task):
            case Way.DECIDE:
                await self._decide(task)
            case Way.SYNC:
                await self._sync([task])
            case Way.SKIP:
                self.action_skip()
            case Way.CHECK:
                self.action_check()
            case Way.DRIFT:
                self.app.open_drift(task.problems[0].target)  # type: ignore[attr-defined]  # the app is CwTui
            case Way.RECONCILE:
                self.app.open_reconciliation(task.customer_id)  # type: ignore[attr-defined]  # the app is CwTui
            case Way.MAP:
                self.app.open_wizard(task_id)  # type: ignore[attr-defined]  # the app is CwTui

    async def _decide(self, task: Task) -> None:
        """Ask what to do with an addition that exists already."""
        engine = self.session.engine
        found = await self.prepare("Reading the agreement", partial(decisions, engine, task))
        if found is None:
            return
        entries = [Entry(one.does, one.about) for one in found]
        entries.append(Entry("Compare both sides", "the customer's subscriptions beside the agreement's additions"))
        place = await self._choose(f"{task.customer_name} · {task.subscription_name}", entries)
        if place is None:
            return
        if place == len(found):
            self.app.open_reconciliation(task.customer_id)  # type: ignore[attr-defined]  # the app is CwTui
            return
        chosen = found[place]
        lines = [*task_lines(task), Line(""), Line(chosen.about, Tone.HEADING), *map(Line, chosen.asks)]
        if not await self.confirmed(chosen.does, lines, f"{chosen.does}?", "Do it"):
            return

        async def decide() -> str:
            await chosen.run()
            return f"Decided: {chosen.does.lower()}."

        if await self.do_work("Deciding", decide):
            self._to_next_if_mended()

    def on_screen_resume(self) -> None:
        """Go on to the next task, if the problem was mended on the screen before."""
        self._to_next_if_mended()

    def _to_next_if_mended(self) -> None:
        mended, self._mending = self._mending, None
        task = None if mended is None else self.session.engine.known.task(mended)
        if task is None or mended != self._highlighted:
            return
        if (
            not TaskRow.of(task).needs_person
            and self._tasks.next_position(self._table.cursor, _needs_person) is not None
        ):
            self.action_next()

    def action_edit(self) -> None:
        """Open the addition editor on this task's plan."""
        if self._highlighted:
            self.app.open_editor(self._highlighted)  # type: ignore[attr-defined]  # the app is CwTui

    def action_why(self) -> None:
        """Show where this task's numbers come from."""
        if self._highlighted:
            self.app.open_why(self._highlighted)  # type: ignore[attr-defined]  # the app is CwTui

    @on(VirtualTable.Opened, "#tasks")
    def _open(self, event: VirtualTable.Opened) -> None:
        row = self._tasks.get(TaskId(event.key))
        if row is not None and row.status is TaskStatus.NEEDS_ACTION and self.check_action("fix", ()):
            self.action_fix()
        else:
            self.query_one(DetailPane).focus()


def _needs_person(row: TaskRow) -> bool:
    return row.needs_person


def _why_not(task: Task) -> str:
    """Why this task's plan cannot be written; empty if it can. Naming a task confirms what a guard stopped."""
    match task.status:
        case TaskStatus.READY | TaskStatus.FAILED:
            return ""
        case TaskStatus.WAITING:
            return "An older task of this subscription comes first: sync that one, or skip it."
        case TaskStatus.NEEDS_ACTION:
            if all(problem.code in _NAMED for problem in task.problems):
                return ""
            return "This task needs action first: m leads to what mends it."
        case TaskStatus.SYNCED:
            return "This task is synced already. u takes it back."
        case TaskStatus.SKIPPED:
            return "This task is skipped. o takes it up again."


def _one_line(task: Task) -> Line:
    parts = (task.customer_name, task.subscription_name, task.order_number, signed(task.monthly_effect))
    shown = STATUS_WORDS[task.status]
    return Line(f"{shown.symbol} {' · '.join(part for part in parts if part)}", shown.tone)


def report_text(report: AutoReport) -> str:
    """What a run wrote and what went wrong, the counts first."""
    writes = report.writes
    counts = f"additions: {writes.post} created, {writes.patch} changed, {writes.delete} deleted"
    parts = [f"{report.synced} synced ({counts})."]
    if report.failed:
        parts.append(f"{report.failed} failed.")
    if report.needs_action:
        parts.append(f"{report.needs_action} need action.")
    return "\n".join([" ".join(parts), *report.errors])
