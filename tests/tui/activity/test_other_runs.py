"""What commands and schedules did, on the activity screen."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cwtui.tui.activity.screen import ActivityScreen
from tests.tui.demo_app import AS_OF, demo

WHAT, HEADLINE, WHO = 1, 2, 3


async def test_what_a_command_writes_meanwhile_appears_as_a_run(tmp_path: Path) -> None:
    """By another process, on the same state, while the screen is open (hands.md#one-state-many-processes)."""
    async with demo(tmp_path, size=(120, 30)) as app:
        await app.press("3")
        await app.until(ActivityScreen)
        assert app.rows() == []
        options = ("--demo", "--as-of", str(AS_OF), "--state", str(tmp_path / "state.json"))
        command = [sys.executable, "-m", "cwtui.cli.main", "tasks", "sync", "initial.1000048531", *options]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, failed = await process.communicate()
        assert process.returncode == 0, (said, failed)
        for _ in range(500):
            if app.rows():
                break
            await app.pilot.pause(0.02)
        assert [row[WHAT] for row in app.rows()] == ["run", "✓ written"]
        assert app.rows()[0][HEADLINE] == "Run: 1 addition created."
        assert "@" in app.rows()[0][WHO]
        await app.press("g")
        assert "initial.1000048531" in app.detail
