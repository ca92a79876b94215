"""Mappings from and to CSV files and workbooks, asked for on the screen (mapping.md#mapping-csv)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual import work

from cwtui.domain.errors import CwtuiError
from cwtui.domain.mappings import Mapping, MappingKind
from cwtui.engine.mapping.csv import mappings_export, read_mappings_file
from cwtui.engine.whole_file import write_whole
from cwtui.tui.screens.work_screen import WorkScreen
from cwtui.tui.typed_path import typed_path
from cwtui.tui.widgets.confirm_screen import ConfirmScreen
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.text_prompt_screen import TextPromptScreen
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import READ_S, counted

_LISTED = 200
_NAME = "mappings.csv"


class MappingFiles(WorkScreen):
    """Import and export; `MappingsScreen` adds the rest of the screen."""

    def reload(self) -> object:
        """Show what is mapped now."""
        raise NotImplementedError

    @work(group="work")
    async def action_import_csv(self) -> None:
        """Ask for a file, show what it changes, set all of it or nothing."""
        question = "CSV or .xlsx file to read: kind, marketplace_id, charge, connectwise_id"
        path = await self._ask_path("Import mappings", question)
        if path is None:
            return
        try:
            mappings = await asyncio.to_thread(read_mappings_file, path)
        except CwtuiError as error:
            self.notify(str(error), title="Import", severity="error", timeout=READ_S, markup=False)
            return
        known = self.session.engine.known.mappings()
        changed = [mapping for mapping in mappings if known.get(mapping.key) != mapping.connectwise_id]
        if not changed:
            self.notify(f"All {len(mappings)} mappings of the file are set already.", markup=False)
            return
        lines = [_change_line(mapping, known.get(mapping.key)) for mapping in changed[:_LISTED]]
        if len(changed) > _LISTED:
            lines.append(Line(f"… and {len(changed) - _LISTED} more"))
        question = f"Set {len(changed)} of the file's {len(mappings)} mappings? The others are set already."
        if await self.ask(ConfirmScreen("Import mappings", lines, question=question, yes="Set")):
            await self.import_these(mappings, "Importing mappings")

    async def import_these(self, mappings: Sequence[Mapping], what: str) -> None:
        """Set all of them or none."""
        engine = self.session.engine

        async def job() -> str:
            changed = await engine.import_mappings(mappings)
            for mapping in mappings:
                engine.workbench.forget_suggestions(mapping.key)
            return f"{counted(changed, 'mapping')} set."

        await self.do_work(what, job)
        self.reload()

    @work(group="work")
    async def action_export_csv(self) -> None:
        """Ask for a file and write all mappings to it; asks again before it replaces a file."""
        path = await self._ask_path("Export mappings", "CSV or .xlsx file to write", _NAME)
        if path is None:
            return
        if await asyncio.to_thread(path.exists):
            lines = [Line(str(path), Tone.HEADING), Line("It is replaced by all mappings as they are now.")]
            if not await self.ask(ConfirmScreen("This file exists", lines, question="Replace it?", yes="Replace")):
                return
        engine = self.session.engine
        mappings = [row for kind in MappingKind for row in await engine.mappings(kind)]
        try:
            await asyncio.to_thread(lambda: write_whole(path, mappings_export(path, mappings)))
        except CwtuiError as error:
            self.notify(str(error), title="Export", severity="error", timeout=READ_S, markup=False)
        else:
            self.notify(f"{counted(len(mappings), 'mapping')} written to {path}.", title="Export", markup=False)

    async def _ask_path(self, title: str, question: str, value: str = "") -> Path | None:
        prompt = TextPromptScreen(title, question, value=value, placeholder=_NAME, required="A file is needed.")
        answer = await self.ask(prompt)
        return None if answer is None else typed_path(answer)


def _change_line(mapping: Mapping, before: int | None) -> Line:
    charge = f", {mapping.key.charge}" if mapping.key.charge else ""
    was = "" if before is None else f" (was {before})"
    return Line(f"{mapping.key.kind} {mapping.key.marketplace_id}{charge} → {mapping.connectwise_id}{was}")
