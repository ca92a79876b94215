"""Shows long work: its name, its progress, and how to stop it."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cwtui.engine.protocols import Progress
from cwtui.tui.plain import clean, fit

_BAR = 20
_WIDEST_COUNT = 24


class ProgressLine(Widget):
    """One line, there only while work goes on. Down: `progress`, `hint`. Up: nothing."""

    progress: reactive[Progress | None] = reactive(None)
    """None: nothing is going on, and the line takes no room."""
    hint: reactive[str] = reactive("")
    """How to stop it, if it can be."""

    def watch_progress(self, progress: Progress | None) -> None:
        """Come and go."""
        self.set_class(progress is not None, "-busy")

    def render(self) -> Content:
        """`Synchronising  [=====-----]  12 of 100  esc stops`."""
        if self.progress is None:
            return Content("")
        parts = [bar(self.progress), count(self.progress), self.hint]
        tail = "  ".join(part for part in parts if part)
        room = self.content_size.width - len(tail) - 2
        what = clean(self.progress.what)
        return Content(f"{fit(what, room)}  {tail}" if room > 0 else tail)


def bar(progress: Progress, width: int = _BAR) -> str:
    """A bar of `width` cells between brackets; none while the total is not known."""
    if not progress.total:
        return ""
    filled = min(max(progress.done, 0) * width // progress.total, width)
    return f"[{'=' * filled}{'-' * (width - filled)}]"


def count(progress: Progress) -> str:
    """How far, in numbers."""
    if progress.total is None:
        return f"{progress.done:,} so far"
    return fit(f"{progress.done:,} of {progress.total:,}", _WIDEST_COUNT).rstrip()
