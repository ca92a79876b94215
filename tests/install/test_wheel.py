"""What people install: the wheel and the sdist hold what they should, and the wheel works away from the checkout.

Rules: commands.md#demo.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import Distribution, EntryPoints
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from cwtui import __version__

ROOT = Path(__file__).parents[2]
WHEEL, SDIST = f"cwtui-{__version__}-py3-none-any.whl", f"cwtui-{__version__}.tar.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, built by the backend itself: the front end would fetch it again from the network."""
    folder = tmp_path_factory.mktemp("dist")
    for builder in (WheelBuilder(str(ROOT)), SdistBuilder(str(ROOT))):
        list(builder.build(directory=str(folder), versions=["standard"]))
    return folder


def distribution(packages: Path) -> EntryPoints:
    (found,) = Distribution.discover(name="cwtui", path=[str(packages)])
    return found.entry_points


def in_wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(built / WHEEL) as wheel:
        return set(wheel.namelist())


def in_sdist(built: Path) -> set[str]:
    with tarfile.open(built / SDIST) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    names = in_wheel(built)
    kept = {str(path.relative_to(ROOT)) for path in (ROOT / "cwtui").rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    assert kept <= names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"cwtui", f"cwtui-{__version__}.dist-info", f"cwtui-{__version__}.data"}
    shared = f"cwtui-{__version__}.data/data/share"
    assert {f"{shared}/man/man1/cwtui.1", f"{shared}/bash-completion/completions/cwtui"} <= names
    assert "cwtui/py.typed" in names
    assert any(name.endswith(".tcss") for name in names)
    assert any(name.startswith("cwtui/sandbox/seed") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_can_be_tested(built: Path) -> None:
    names = in_sdist(built)
    needed = ["pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "CONTRIBUTING.md", "docs/threat-model.md",
              "docs/systemd/cwtui.service", "tests/conftest.py", "fuzz/targets.py", "cwtui/py.typed",
              "Containerfile", "share/__main__.py"]  # fmt: skip
    assert [name for name in needed if name not in names] == []


@pytest.mark.parametrize("package", [WHEEL, SDIST])
def test_nothing_private_is_packed(package: str, built: Path) -> None:
    names = in_wheel(built) if package == WHEEL else in_sdist(built)
    private = re.compile(r"(^|/)(\.env|\.git/|\.venv|__pycache__|.*\.journal|.*\.pyc$|state\.json|config\.toml$)")
    made_up = "tests/store/fixtures/"  # states of older versions, to be migrated
    assert [name for name in names if private.search(name) and not name.startswith(made_up)] == []


def test_the_installed_wheel_runs_from_anywhere(built: Path, tmp_path: Path) -> None:
    """In an environment of its own, which borrows this one's dependencies: what is tested is the wheel.

    It is unpacked, as installing does: pip would take the checkout out of the environment these tests run in.
    """
    place = tmp_path / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(built / WHEEL) as wheel:
        wheel.extractall(packages)  # noqa: S202  # our own
    borrowed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(packages), *borrowed]), "PYTHONDONTWRITEBYTECODE": "1"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(place / "bin" / "python"), *arguments]
        return subprocess.run(  # noqa: S603  # ours
            command, cwd=elsewhere, env=environment, capture_output=True, encoding="utf-8", check=False
        )

    where = run("-c", "import cwtui; print(cwtui.__file__)")
    assert where.stdout.strip() == str(packages / "cwtui" / "__init__.py"), where.stderr
    (script,) = [entry for entry in distribution(packages) if entry.group == "console_scripts"]
    assert (script.name, script.value) == ("cwtui", "cwtui.cli.main:main")
    version = run("-m", "cwtui.cli.main", "--version")
    assert (version.stdout, version.returncode) == (f"cwtui {__version__}\n", 0), version.stderr
    demo = run("-m", "cwtui.cli.main", "--auto", "--demo")
    assert demo.returncode == 3, demo.stderr
    assert "synced" in demo.stdout
    assert list(elsewhere.iterdir()) == []
