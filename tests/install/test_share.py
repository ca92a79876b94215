"""What is installed beside the package: man pages and completion, true to the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARE = ROOT / "share"


def _run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # ours
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, encoding="utf-8", check=False
    )


def test_nothing_is_stale() -> None:
    done = _run(sys.executable, "-m", "share", "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_man_page_names_every_command_and_global_option() -> None:
    page = (SHARE / "man" / "man1" / "cwtui.1").read_text(encoding="utf-8")
    for word in ("cwtui-tasks(1)", "cwtui-map(1)", "cwtui-reconcile(1)", r"\-\-state", r"\-\-as\-of", r"\-\-demo"):
        assert word in page


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash: install it to run this test")
def test_bash_completes_what_is_installed(tmp_path: Path) -> None:
    """In a shell that sources the file, a command and then an option of it."""
    command = tmp_path / "cwtui"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cwtui.cli.main "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    asked = f"""
source {SHARE}/bash-completion/completions/cwtui
COMP_WORDS=(cwtui ta); COMP_CWORD=1; _cwtui_completion cwtui; echo "${{COMPREPLY[@]}}"
COMP_WORDS=(cwtui tasks list --sta); COMP_CWORD=3; _cwtui_completion cwtui; echo "${{COMPREPLY[@]}}"
"""
    done = _run("bash", "--noprofile", "--norc", "-c", asked, PATH=f"{tmp_path}:{os.environ['PATH']}")
    first, second = done.stdout.splitlines()
    assert (first, "--status" in second.split()) == ("tasks", True), done.stderr
