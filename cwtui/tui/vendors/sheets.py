"""Which sheet of a workbook is read: asked only where there is a choice (files.md#reading)."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from cwtui.domain.errors import CwtuiError
from cwtui.engine.tables import sheets_of
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.widgets.fuzzy_picker import Entry

_FIRST = "the workbook's first"


async def chosen_sheet(screen: ListScreen[Any], path: Path, *, profile: str = "", last: str = "") -> str | None:
    """The sheet that is named for a file; empty is the profile's, else the first. None where it was left.

    Args:
        screen: Who asks.
        path: The file.
        profile: The sheet that the profile names.
        last: The one chosen for this step before.
    """
    sheets = await screen.prepare("Reading the file", partial(_read, path))
    if sheets is None:
        return None
    if len(sheets) < 2 or profile in sheets:  # noqa: PLR2004  # no choice
        return ""
    entries = [Entry(name, _detail(place, name, last)) for place, name in enumerate(sheets)]
    place = await screen.choose(f"Which sheet of {path.name}?", entries)
    return None if place is None else sheets[place]


async def _read(path: Path) -> tuple[str, ...]:
    try:
        return await asyncio.to_thread(sheets_of, path, "counts")
    except CwtuiError:
        return ()  # the step reads it again, and says why it cannot


def _detail(place: int, name: str, last: str) -> str:
    told = (_FIRST if not place else "", "read the last time" if name == last else "")
    return " · ".join(filter(None, told))
