"""The scenes that are drawn: for README, and for the snapshot tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from screenshots.stage import keys, settle, write

Play = Callable[[Pilot[Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What to do until there is something to see.

    Attributes:
        title: Of its picture; empty for one that README does not show.
        configured, writable: See `stage`.
    """

    name: str
    play: Play
    title: str = ""
    configured: bool = True
    writable: bool = True


def pressing(*pressed: str) -> Play:
    """A scene that is reached by keys alone."""

    async def play(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await keys(pilot, *pressed)

    return play


async def _tasks(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "G", *["k"] * 7)


async def _filtered(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "slash")
    await write(pilot, "harbor")


async def _find(pilot: Pilot[Any], name: str) -> None:
    await settle(pilot)
    await keys(pilot, "slash")
    await write(pilot, name)
    await keys(pilot, "enter")


def finding(name: str, *pressed: str) -> Play:
    """A scene about one task."""

    async def play(pilot: Pilot[Any]) -> None:
        await _find(pilot, name)
        await keys(pilot, *pressed)

    return play


async def _editor(pilot: Pilot[Any]) -> None:
    await _find(pilot, "BO000417")
    await keys(pilot, "e", "down", "enter", "down", "down", "down")
    await pilot.press("ctrl+u")
    await write(pilot, "0.05")


async def _reconcile(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "4", "c")
    await write(pilot, "copper")
    await keys(pilot, "enter")


async def _palette(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "ctrl+p")
    await write(pilot, "sync")


SCENES = (
    Scene("tasks", _tasks, "the task list and the plan of the highlighted task"),
    Scene("tasks-filtered", _filtered),
    Scene("tasks-sync", finding("SO2000007", "s")),
    Scene("tasks-read-only", pressing(), writable=False),
    Scene("wizard", finding("northgate", "m"), "the wizard asks what a task needs, best answer first"),
    Scene("wizard-agreement", finding("northgate", "m", "enter")),
    Scene(
        "wizard-confirm",
        finding("northgate", "m", "enter", "enter", "ctrl+s"),
        "the wizard's last step: what will be written, and the next invoice",
    ),
    Scene("mappings", pressing("2"), "customers, products and agreements, and what they are mapped to"),
    Scene("editor", _editor, "the addition editor"),
    Scene("why", finding("harbor synced", "w")),
    Scene("activity", pressing("c", "3", "j")),
    Scene("reconcile", _reconcile, "subscriptions beside what the agreements bill"),
    Scene("forecast", pressing("5", "f")),
    Scene("drift", pressing("6", "f")),
    Scene("report", pressing("0", "f", "j", "j", "j", "j"), "what a month bills, what it costs, and what changed"),
    Scene("customers", pressing("7", "f")),
    Scene("intermedia", pressing("8", "s", "y")),
    Scene("setup", pressing("9", "ctrl+t"), "connections, tested with every permission cwtui needs"),
    Scene("add-item", finding("northgate endpoint", "m", "enter", "ctrl+n")),
    Scene("gaps", pressing("7", "f", "j", "j", "j", "enter")),
    Scene("reconcile-empty", pressing("4")),
    Scene("help", pressing("question_mark"), "every key of the screen in sight"),
    Scene("palette", _palette),
    Scene("welcome", pressing(), configured=False),
)
