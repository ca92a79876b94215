"""Shows the engine's progress on stderr: a bar if that is a terminal, problems always (commands.md#auto)."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Self

import click

from cwtui.cli.answer import tell
from cwtui.domain.plain_text import plain_text

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from cwtui.domain.records import AuditRow
    from cwtui.domain.tasks import Task
    from cwtui.engine.protocols import Progress


class StderrListener:
    """Listens to the engine for the length of a command."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None
        self._what = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def progress(self, progress: Progress) -> None:
        """Move the bar; nothing where nobody sees it."""
        if not sys.stderr.isatty():
            return
        if self._bar is None or self._what != progress.what or self._bar.length != progress.total:
            self._begin(progress)
        if self._bar is not None:
            self._bar.update(progress.done - self._bar.pos)
            if progress.total is not None and progress.done >= progress.total:
                self._finish()

    def waits(self, message: str) -> None:
        """Say until when nothing happens, also where nobody sees the bar."""
        self.problem(message)

    def task_changed(self, task: Task) -> None:
        """Say nothing: the report names the tasks."""

    def written(self, row: AuditRow) -> None:
        """Say nothing: `cwtui audit` shows the writes."""

    def problem(self, message: str) -> None:
        """Say it at once: a run may go on for long."""
        self._finish()
        tell(plain_text(message))

    def _begin(self, progress: Progress) -> None:
        self._finish()
        self._what = progress.what
        steps = itertools.count() if progress.total is None else range(progress.total)
        self._bar = click.progressbar(steps, label=plain_text(progress.what), file=sys.stderr, show_pos=True)
        self._bar.__enter__()

    def _finish(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
