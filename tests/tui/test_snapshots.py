"""How every screen looks at 80×24 and 160×48, on the demo's data and a fixed day; and README's pictures."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import cwtui
from screenshots.__main__ import FOLDER, drawn
from screenshots.scenes import SCENES, Scene
from screenshots.stage import stage

KEPT = Path(__file__).parent / "__snapshots__" / "test_snapshots"
SIZES = [pytest.param((80, 24), id="80x24"), pytest.param((160, 48), id="160x48")]
PICTURES = [pytest.param(scene, id=scene.name) for scene in SCENES if scene.title]
OF_THIS_MACHINE = [str(Path(cwtui.__file__).parents[1]), tempfile.gettempdir(), "site-packages", str(Path.home())]
OURS = re.escape(cwtui.__version__)  # the version of the made-up ConnectWise may stand there: it is always the same


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", [pytest.param(scene, id=scene.name) for scene in SCENES])
def test_it_looks_as_it_did(scene: Scene, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    with stage(configured=scene.configured, writable=scene.writable) as app:
        assert snap_compare(app, terminal_size=size, run_before=scene.play)
        assert app.return_code == 0  # a crashed screen has a look, too


@pytest.mark.parametrize("scene", PICTURES)
def test_the_pictures_of_the_readme_are_not_stale(scene: Scene) -> None:
    assert (FOLDER / f"{scene.name}.svg").read_text(encoding="utf-8") == drawn(scene), "python -m screenshots"


def test_every_picture_is_shown_and_every_one_shown_is_drawn() -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(screenshots/([\w-]+)\.svg\)", readme))
    assert shown == {scene.name for scene in SCENES if scene.title} == {path.stem for path in FOLDER.glob("*.svg")}


@pytest.mark.parametrize("folder", [pytest.param(KEPT, id="snapshots"), pytest.param(FOLDER, id="pictures")])
def test_nothing_of_one_machine_is_in_them(folder: Path) -> None:
    for path in folder.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert not [one for one in OF_THIS_MACHINE if len(one) > 1 and one in text], path
        assert not re.search(rf"127\.0\.0\.1:\d|localhost:\d|{OURS}|cwtui \d", text), path


def test_no_snapshot_is_left_of_a_scene_that_is_gone() -> None:
    names = {f"test_it_looks_as_it_did[{scene.name}-{size.id}]" for scene in SCENES for size in SIZES}
    assert {path.stem for path in KEPT.glob("*.svg")} == names
