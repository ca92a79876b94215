"""`--state` on what is no state file: one sentence, nothing replaced (synchronising.md#damaged-state)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
COMMANDS = [("tasks", "list"), ("tasks", "skip", "x"), ("audit",), ("map", "list", "product")]


def device(_: Path) -> Path:
    return Path(os.devnull)


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def loop(folder: Path) -> Path:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return folder / "a"


def folder_itself(folder: Path) -> Path:
    return folder


def too_long(folder: Path) -> Path:
    return folder / ("x" * 249)


@pytest.mark.parametrize("made", [device, pipe, loop, folder_itself, too_long], ids=lambda made: made.__name__)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_can_be_no_state_file_is_refused(
    made: Callable[[Path], Path], command: tuple[str, ...], cwtui: Run, tmp_path: Path
) -> None:
    state = made(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = cwtui("--state", str(state), *command)
    assert done.exit_code in {1, 2}
    assert "cannot be a state file" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs /proc/self/mem, which no read succeeds on")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_settings_that_cannot_be_read_end_in_words(command: tuple[str, ...], cwtui: Run) -> None:
    result = cwtui("--config", "/proc/self/mem", *command)
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
