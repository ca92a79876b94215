from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.tui.widgets.status_bar import Count, StatusBar
from cwtui.tui.widgets.status_words import KIND_WORDS, STATUS_WORDS, counts_shown

Lines = Callable[[App[object]], list[str]]


@pytest.fixture
def bar(host: type[App[object]]) -> App[object]:
    class BarApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield StatusBar(counts_shown({TaskStatus.READY: 1234, TaskStatus.FAILED: 2}))

    return BarApp()


def words(shown: list[str]) -> str:
    return " ".join(" ".join(shown).replace("\u00a0", " ").split())


@pytest.mark.parametrize(("width", "height"), [(160, 1), (80, 1), (50, 2)])
async def test_every_count_has_its_symbol_and_word(bar: App[object], lines: Lines, width: int, height: int) -> None:
    async with bar.run_test(size=(width, 8)) as pilot:
        await pilot.pause()
        expected = "! 0 needs action ✗ 2 failed ▸ 1,234 ready ⋯ 0 waiting ✓ 0 synced » 0 skipped"
        shown = words(lines(pilot.app))
        assert shown == (expected if width == 160 else re.sub(r"([!✗▸⋯✓»]) ", r"\1", expected))
        assert pilot.app.query_one(StatusBar).size.height == height


async def test_counts_and_note_change(bar: App[object], lines: Lines) -> None:
    async with bar.run_test(size=(80, 8)) as pilot:
        status_bar = pilot.app.query_one(StatusBar)
        status_bar.counts = (Count("✗", "failed", 3),)
        status_bar.note = "held by [b]anna[/b]"
        await pilot.pause()
        assert words(lines(pilot.app)) == "✗ 3 failed held by [b]anna[/b]"


async def test_no_count_is_torn_apart(host: type[App[object]], lines: Lines) -> None:
    class PaddedApp(host):  # type: ignore[misc, valid-type]
        CSS = "StatusBar {padding: 0 1; height: auto}"

        def compose(self) -> ComposeResult:
            yield StatusBar(counts_shown({TaskStatus.READY: 10, TaskStatus.NEEDS_ACTION: 10}))

    async with PaddedApp().run_test(size=(80, 8)) as pilot:
        for width in (80, 79, 60, 40):
            await pilot.resize_terminal(width, 8)
            await pilot.pause()
            text = "\n".join(line.strip() for line in lines(pilot.app))
            for word in ("needs action", "failed", "ready", "waiting", "synced", "skipped"):
                assert re.search(rf"[!✗▸⋯✓»] ?\d+ {word}", text), (width, text)


async def test_a_hostile_note(bar: App[object], lines: Lines, hostile: str) -> None:
    async with bar.run_test(size=(80, 8)) as pilot:
        pilot.app.query_one(StatusBar).note = hostile
        await pilot.pause()
        lines(pilot.app)


def test_every_status_and_kind_has_words_and_no_two_symbols_are_the_same() -> None:
    assert set(STATUS_WORDS) == set(TaskStatus)
    assert set(KIND_WORDS) == set(TaskKind)
    assert len({shown.symbol for shown in STATUS_WORDS.values()}) == len(TaskStatus)
    assert all(cell_len(shown.symbol) == 1 for shown in STATUS_WORDS.values())
    assert all(re.fullmatch("[a-z ]+", shown.word) for shown in STATUS_WORDS.values())
