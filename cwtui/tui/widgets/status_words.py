"""A task's status and kind on the screen: a symbol, a word, and a tone that repeats them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.tui.widgets.status_bar import Count
from cwtui.tui.widgets.tone import Tone


@dataclass(frozen=True, slots=True)
class Shown:
    """One status on the screen; the symbol takes one cell in every terminal."""

    symbol: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


STATUS_WORDS: Mapping[TaskStatus, Shown] = {
    TaskStatus.NEEDS_ACTION: Shown("!", "needs action", Tone.ATTENTION),
    TaskStatus.FAILED: Shown("✗", "failed", Tone.BAD),
    TaskStatus.READY: Shown("▸", "ready", Tone.GOOD),
    TaskStatus.WAITING: Shown("⋯", "waiting", Tone.NORMAL),
    TaskStatus.SYNCED: Shown("✓", "synced", Tone.MUTED),
    TaskStatus.SKIPPED: Shown("»", "skipped", Tone.MUTED),
}
"""In the order of the counts: first those that need a person."""

KIND_WORDS: Mapping[TaskKind, str] = {
    TaskKind.SALES_ORDER: "sales",
    TaskKind.CHANGE_ORDER: "change",
    TaskKind.BILLING_ORDER: "billing",
    TaskKind.CANCELLATION_ORDER: "cancellation",
    TaskKind.RENEWAL_ORDER: "renewal",
    TaskKind.RECONCILIATION: "reconciliation",
    TaskKind.COUNT_UPDATE: "count update",
}


def counts_shown(counts: Mapping[TaskStatus, int]) -> tuple[Count, ...]:
    """The counts of the status bar."""
    return tuple(
        Count(shown.symbol, shown.word, counts.get(status, 0), shown.tone) for status, shown in STATUS_WORDS.items()
    )
