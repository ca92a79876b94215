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
    await keys(pilot, "j", "j", "j", "j", "j")


async def _filtered(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "slash")
    await write(pilot, "harbor")


async def _to_northgate(pilot: Pilot[Any]) -> None:
    await _find(pilot, "northgate")


async def _find(pilot: Pilot[Any], name: str) -> None:
    await settle(pilot)
    await keys(pilot, "slash")
    await write(pilot, name)
    await keys(pilot, "enter")


async def _wizard(pilot: Pilot[Any]) -> None:
    await _to_northgate(pilot)
    await keys(pilot, "m")


async def _wizard_agreement(pilot: Pilot[Any]) -> None:
    await _wizard(pilot)
    await keys(pilot, "enter")


async def _wizard_confirm(pilot: Pilot[Any]) -> None:
    await _wizard_agreement(pilot)
    await keys(pilot, "enter", "ctrl+s")


async def _editor(pilot: Pilot[Any]) -> None:
    await _find(pilot, "harbor change")
    await keys(pilot, "e")


async def _why(pilot: Pilot[Any]) -> None:
    await _find(pilot, "harbor change")
    await keys(pilot, "w")


async def _setup_tested(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "9", "ctrl+t")


async def _palette(pilot: Pilot[Any]) -> None:
    await settle(pilot)
    await keys(pilot, "ctrl+p")
    await write(pilot, "sync")


SCENES = (
    Scene("tasks", _tasks, "the task list and the plan of the highlighted task"),
    Scene("tasks-filtered", _filtered),
    Scene("tasks-sync", pressing("f", "down", "down", "down", "enter", "s")),
    Scene("tasks-read-only", pressing(), writable=False),
    Scene("wizard", _wizard, "the wizard asks what a task needs, best answer first"),
    Scene("wizard-agreement", _wizard_agreement),
    Scene("wizard-confirm", _wizard_confirm, "the wizard's last step: what will be written, and the next invoice"),
    Scene("mappings", pressing("2"), "customers, products and agreements, and what they are mapped to"),
    Scene("editor", _editor, "the addition editor"),
    Scene("why", _why),
    Scene("activity", pressing("3"), ""),
    Scene("reconcile", pressing("4"), "subscriptions beside what the agreements bill"),
    Scene("forecast", pressing("5")),
    Scene("drift", pressing("6")),
    Scene("customers", pressing("7")),
    Scene("intermedia", pressing("8")),
    Scene("setup", _setup_tested, "connections, tested with every permission cwtui needs"),
    Scene("help", pressing("question_mark"), "every key of the screen in sight"),
    Scene("palette", _palette),
    Scene("welcome", pressing(), configured=False),
)
