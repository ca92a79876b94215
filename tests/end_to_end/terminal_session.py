"""A real terminal to run the command in: tmux, with a server of its own that is ended with the test."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 90
_READING_S = 1.0


@dataclass
class Terminal:
    """One tmux session of one window."""

    socket: Path
    environment: Mapping[str, str]
    columns: int = 120
    lines: int = 36

    def tmux(self, *arguments: str, check: bool = True) -> str:
        command = ["tmux", "-u", "-f", os.devnull, "-S", str(self.socket), *arguments]
        environment = {**os.environ, **self.environment, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        # the size is the terminal's: pytest's readline leaves that of no terminal, 80x24, to the processes below it
        for name in ("TMUX", "COLUMNS", "LINES"):
            environment.pop(name, None)
        done = subprocess.run(  # noqa: S603  # ours
            command, capture_output=True, encoding="utf-8", env=environment, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *arguments: str) -> None:
        """Run a command under a shell that says how it ended, and waits."""
        shell = f"{shlex.join(arguments)}; echo ended with $?; cat"
        size = ["-x", str(self.columns), "-y", str(self.lines)]
        self.tmux("new-session", "-d", "-s", "t", *size, "sh", "-c", shell)

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "t", *keys)

    def answer(self, key: str) -> None:
        """Answer a question after the time it takes to read it: what comes sooner was not meant for it."""
        time.sleep(_READING_S)
        self.keys(key)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-t", "t", "-l", text)

    def shown(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "t", check=False).replace("\u00a0", " ")

    def until(self, *texts: str, gone: Sequence[str] = ()) -> str:
        """Wait for texts to be on the screen, all at once; returns the screen."""
        end = time.monotonic() + PATIENCE_S
        while True:
            shown = self.shown()
            if all(text in shown for text in texts) and not any(text in shown for text in gone):
                return shown
            assert time.monotonic() < end, f"waited for {texts}, without {gone}\n{shown}"
            time.sleep(0.1)

    def setting(self, name: str) -> str:
        """What tmux knows of the terminal's state, such as `mouse_any_flag`."""
        return self.tmux("display-message", "-p", "-t", "t", f"#{{{name}}}").strip()

    def process(self) -> int:
        """The command the shell runs."""
        shell = self.setting("pane_pid")
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def hang_up(self) -> None:
        """Take the terminal away, as a dropped line does."""
        self.tmux("kill-server", check=False)
