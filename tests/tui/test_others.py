"""What another process changes appears by itself, with who did it (hands.md#one-state-many-processes)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cwtui.domain.tasks import TaskStatus
from cwtui.store.author import Author
from cwtui.store.state import open_state
from tests.tui.demo_app import demo


async def test_a_task_that_somebody_skips_is_shown_so_and_said(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        seen = app.screen._highlighted  # type: ignore[attr-defined]
        bob = open_state(tmp_path / "state.json", author=Author("bob@two", 2))
        try:
            task = next(task for task in bob.open_tasks() if task.id != seen)
            bob.save_task(replace(task, status=TaskStatus.SKIPPED, note="not ours"))
            await app.until_said("bob@two changed 1 task.")
        finally:
            bob.close()
        kept = app.engine.store.task(task.id)
        assert kept is not None
        assert kept.status is TaskStatus.SKIPPED
        shown = app.screen._tasks.get(task.id)  # type: ignore[attr-defined]
        assert shown.status == "skipped"
        assert app.screen._highlighted == seen, "the highlighted row stays"  # type: ignore[attr-defined]
