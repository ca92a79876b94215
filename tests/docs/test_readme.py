"""README.md does as it says: its commands run, what it names exists, its tables are the code's."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.root import cli
from cwtui.engine.doctor import PROBES
from cwtui.settings import ALLOWED, environment_name
from tests.end_to_end.running import COMMAND, PATIENCE_S, environment_of, serve

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS: dict[str, list[str]] = {
    language: re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL) for language in ("sh", "toml")
}
DOCUMENTS = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
]
INSTALLS = re.compile(r"\b(pipx?|uv) |-m (venv|pytest)\b")
"""Lines for a whole machine: tests/install covers the first ones, `.ci/run` runs the last one as it stands."""


def lines() -> list[str]:
    found = [line.partition("#")[0].strip() for block in BLOCKS["sh"] for line in block.splitlines()]
    return [part.strip() for line in found for part in line.split("&&") if part.strip()]


COMMANDS = [line.replace(".venv/bin/cwtui", "cwtui") for line in lines() if not INSTALLS.search(line)]


@dataclass
class Shell:
    """One working folder after the other command, with `cwtui` on its path and a served sandbox in its settings."""

    folder: Path
    environment: dict[str, str]

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  # the README's own words
            ["/bin/bash", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("readme")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "cwtui").write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    (programs / "cwtui").chmod(0o755)
    with ExitStack() as stack:
        known = environment_of(serve(stack, "--port", "0").announced)
        places = {"HOME": str(folder), "PATH": f"{programs}:{os.environ['PATH']}", "TERM": "xterm-256color"}
        for name, below in (("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")):
            places[name] = str(folder / below)
        yield Shell(folder, {**os.environ, **known, **places})


def test_there_are_commands_to_run() -> None:
    assert {"cwtui --auto --demo", "cwtui --demo", "cwtui doctor", "cwtui --auto --dry-run"} <= set(COMMANDS)


def test_every_command_runs(shell: Shell) -> None:
    """In the README's order, as a reader would: a later one finds what an earlier one made."""
    for line in COMMANDS:
        if line == "cwtui --demo":
            assert _opened_and_left(shell, line) == 0
        elif "--every" in line:
            assert _stopped_after_its_first_report(shell, line) in {ExitStatus.DONE, ExitStatus.NEEDS_ACTION}
        else:
            ran = shell.run(line)
            assert ran.returncode in {ExitStatus.DONE, ExitStatus.NEEDS_ACTION}, f"{line}\n{ran.stdout}{ran.stderr}"
            assert ran.stdout or ran.stderr, line


def _opened_and_left(shell: Shell, line: str) -> int:
    """Open the screen on a terminal, press `q` until it is gone."""
    ours, its = pty.openpty()
    process = subprocess.Popen(  # noqa: S603  # the README's own words
        ["/bin/bash", "-c", line], cwd=shell.folder, env=shell.environment, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    try:
        while process.poll() is None:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    os.read(ours, 65536)
                except OSError:  # the other end was closed
                    break
            else:
                os.write(ours, b"q")
        return process.wait(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _stopped_after_its_first_report(shell: Shell, line: str) -> int:
    process = subprocess.Popen(  # noqa: S603  # the README's own words
        ["/bin/bash", "-c", f"exec {line}"],
        cwd=shell.folder,
        env=shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"As of ")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        return process.returncode
    finally:
        process.kill()
        process.wait()


def inline() -> list[str]:
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    return sorted(set(re.findall(r"`(cwtui [^`]+)`", prose)))


@pytest.mark.parametrize("line", inline())
def test_every_command_in_the_text_exists(line: str) -> None:
    words = [word for word in shlex.split(line)[1:] if word != "…"]
    command: click.Command = cli
    context = click.Context(cli, info_name="cwtui")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, f"{line}: there is no such command"
        command, context = found, click.Context(found, parent=context)
    known = {option for parameter in command.get_params(context) for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8"))
    broken = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert broken == []


def test_every_test_the_threat_model_names_exists() -> None:
    named = set(re.findall(r"`((?:tests|fuzz)/[^`]+)`", (ROOT / "docs/threat-model.md").read_text("utf-8")))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_setting_named_exists() -> None:
    sections = {key.split(".")[0] for key in ALLOWED}
    named = set(re.findall(rf"\b((?:{'|'.join(sections)})\.[a-z_]+)\b", README)) - {"connectwise.net"}
    assert named
    assert {name for name in named if name not in ALLOWED and not name.endswith((".md", ".com"))} == set()
    variables = set(re.findall(r"\bCWTUI_[A-Z_]+", README))
    assert variables <= {environment_name(key) for key in ALLOWED}
    for block in BLOCKS["toml"]:
        for section, table in tomllib.loads(block).items():
            assert {f"{section}.{name}" for name in table} <= set(ALLOWED)


def test_the_exit_statuses_are_the_codes() -> None:
    (sentence,) = re.findall(r"^Exit status: (.*)\.$", README, re.MULTILINE)
    assert [int(number) for number in re.findall(r"`(\d)`", sentence)] == sorted(ExitStatus)


def test_the_permission_table_is_the_one_doctor_probes() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\w ]+) \| ([\w, ]+) \|$", README, re.MULTILINE)
    shown = {(module, permission, level) for module, permission, levels in rows for level in levels.split(", ")}
    shown -= {("module", "permission", "levels"), ("key", "means", "default")}
    assert shown == {(probe.module, probe.permission, probe.level) for probe in PROBES}


@pytest.mark.parametrize("unit", ["cwtui.service", "cwtui.timer"])
def test_the_systemd_units(unit: str) -> None:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    parser.read_string((ROOT / "docs/systemd" / unit).read_text("utf-8"))
    if unit == "cwtui.timer":
        assert parser["Timer"]["OnCalendar"] == "hourly"
        return
    service = parser["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert (Path(program).name, arguments) == ("cwtui", ["--auto"])
    assert int(service["SuccessExitStatus"]) == ExitStatus.NEEDS_ACTION
    folders = dict(pair.split("=", 1) for pair in shlex.split(service["Environment"]))
    assert folders["XDG_DATA_HOME"] == f"/var/lib/{service['StateDirectory']}", "the one place it may write to"
