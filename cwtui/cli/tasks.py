"""`cwtui tasks …`: the task list, scriptable (commands.md#task-list)."""

from __future__ import annotations

import click

from cwtui.cli.commands import Lazy, LazyGroup

_LIST, _WORK = "Looking", "Working on them"

COMMANDS = {
    "list": Lazy("cwtui.cli.task_listing:list_", _LIST, "List tasks, oldest first."),
    "show": Lazy("cwtui.cli.task_work:show", _LIST, "Show a task and its plan, with the arithmetic."),
    "sync": Lazy("cwtui.cli.task_work:sync", _WORK, "Write the plans of tasks to ConnectWise."),
    "accept": Lazy("cwtui.cli.task_work:accept", _WORK, "Say that you have seen the warnings of tasks."),
    "adopt": Lazy("cwtui.cli.task_by_hand:adopt", _WORK, "Link an addition that exists already to a task."),
    "end": Lazy("cwtui.cli.task_by_hand:end", _WORK, "End a hand-made addition where a task's new one begins."),
    "bill-both": Lazy("cwtui.cli.task_by_hand:bill_both", _WORK, "Bill a hand-made addition beside a task's new one."),
    "skip": Lazy("cwtui.cli.task_work:skip", _WORK, "Set tasks aside; the next of the subscription goes on."),
    "reopen": Lazy("cwtui.cli.task_work:reopen", _WORK, "Take skipped or failed tasks up again."),
    "undo": Lazy("cwtui.cli.task_work:undo", _WORK, "Take a synced task back."),
    "resolve": Lazy("cwtui.cli.task_work:resolve", _WORK, "Settle a create that ConnectWise did not answer."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, subcommand_metavar="COMMAND …")
def tasks() -> None:
    """List tasks and work on them one by one.

    A task carries one order of one subscription over to ConnectWise. Its id is ORDER.SUBSCRIPTION, as listed.
    """
