"""`python -m screenshots` draws the pictures of README.md from the demo; `--check` says which are stale."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from cwtui.tui.app import CwTui
from screenshots.scenes import SCENES, Scene
from screenshots.stage import settle, stage

FOLDER = Path(__file__).parent
SIZE = (120, 36)


async def _shot(app: CwTui, scene: Scene, size: tuple[int, int]) -> str:
    async with app.run_test(size=size) as pilot:
        await scene.play(pilot)
        await settle(pilot)
        return app.export_screenshot(title=f"cwtui: {scene.title or scene.name}", simplify=True)


def drawn(scene: Scene, size: tuple[int, int] = SIZE) -> str:
    """A scene as SVG."""
    with stage(configured=scene.configured, writable=scene.writable) as app, asyncio.Runner() as runner:
        return runner.run(_shot(app, scene, size))


def main(arguments: list[str]) -> int:
    """Draw, or compare; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these scenes, whether README shows them or not")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a picture is stale")
    parser.add_argument("--size", default="x".join(map(str, SIZE)), help="columns and lines, such as 200x60")
    parser.add_argument("--into", type=Path, default=FOLDER, help="another folder")
    given = parser.parse_args(arguments)
    columns, lines = (int(part) for part in given.size.split("x"))
    stale = []
    for scene in SCENES:
        if scene.name not in given.names if given.names else not scene.title:
            continue
        path, svg = given.into / f"{scene.name}.svg", drawn(scene, (columns, lines))
        if path.exists() and path.read_text(encoding="utf-8") == svg:
            continue
        stale.append(path.name)
        if not given.check:
            path.write_text(svg, encoding="utf-8")
    said = "stale: " if given.check else "drawn: "
    sys.stdout.write(f"{said}{', '.join(stale)}\n" if stale else "Every picture is as the demo shows it.\n")
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
