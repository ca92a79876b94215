"""What the commands leave on the disk is for its owner alone, whatever the umask; no name leads out of its folder."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.running import COMMAND


def ran(*arguments: str, home: Path, umask: int = 0o000, status: int) -> str:
    done = subprocess.run(  # noqa: S603  # ours
        [*COMMAND, *arguments], env=environment(home), capture_output=True, encoding="utf-8", umask=umask, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def environment(home: Path) -> dict[str, str]:
    below = {"XDG_CONFIG_HOME": home / "config", "XDG_DATA_HOME": home / "data", "TMPDIR": home / "tmp"}
    (home / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "HOME": str(home), **{name: str(path) for name, path in below.items()}}


def open_to_others(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    return {name: f"{mode:o}" for name, mode in found.items() if mode & 0o077}


def test_settings_and_state_under_umask_000(tmp_path: Path) -> None:
    ran("config", "init", home=tmp_path, status=0)
    ran("--demo", "--state", str(tmp_path / "data" / "cwtui" / "demo.json"), "--auto", home=tmp_path, status=3)
    assert (tmp_path / "data" / "cwtui" / "demo.json").exists()
    assert open_to_others(tmp_path / "config" / "cwtui") == {}
    assert open_to_others(tmp_path / "data" / "cwtui") == {}


def test_the_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    ran("--demo", "--auto", home=tmp_path, status=3)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.name != "tmp"] == []


@pytest.mark.parametrize("name", ["../other", "/etc/passwd", "..", "", "a\nb"])
def test_a_profile_name_leads_nowhere(name: str, tmp_path: Path) -> None:
    config = tmp_path / "config" / "cwtui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f"[profiles.{_toml(name)}]\n", "utf-8")
    for command in (["tasks", "list"], ["--auto"]):
        said = ran("--profile", name, *command, home=tmp_path, status=2)
        assert "cannot be the name of a profile" in said
    assert [path.name for path in tmp_path.rglob("*.json*")] == []


def _toml(name: str) -> str:
    return '"' + name.replace("\n", "\\n") + '"'
