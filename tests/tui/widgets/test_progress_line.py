from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult

from cwtui.engine.protocols import Progress
from cwtui.tui.widgets.progress_line import ProgressLine, bar, count

Lines = Callable[[App[object]], list[str]]


@pytest.fixture
def line(host: type[App[object]]) -> App[object]:
    class ProgressApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield ProgressLine()

    return ProgressApp()


async def test_it_comes_and_goes(line: App[object], lines: Lines) -> None:
    async with line.run_test(size=(80, 3)) as pilot:
        widget = pilot.app.query_one(ProgressLine)
        assert not widget.display
        widget.hint = "esc stops"
        widget.progress = Progress("Writing to the PSA", 12, 100)
        await pilot.pause()
        assert widget.display
        shown = lines(pilot.app)[0]
        assert shown.strip().startswith("Writing to the PSA  ")
        assert shown.rstrip().endswith("[==------------------]  12 of 100  esc stops")
        widget.progress = None
        await pilot.pause()
        assert not widget.display


@pytest.mark.parametrize("width", [20, 40, 80, 200])
async def test_hostile_work(line: App[object], lines: Lines, hostile_names: tuple[str, ...], width: int) -> None:
    async with line.run_test(size=(width, 3)) as pilot:
        widget = pilot.app.query_one(ProgressLine)
        for what in hostile_names:
            widget.progress = Progress(what, 7, 9)
            await pilot.pause()
            lines(pilot.app)


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        pytest.param(Progress("", 0, 10), "[----]", id="nothing yet"),
        pytest.param(Progress("", 5, 10), "[==--]", id="half"),
        pytest.param(Progress("", 10, 10), "[====]", id="all"),
        pytest.param(Progress("", 12, 10), "[====]", id="more than was thought"),
        pytest.param(Progress("", -1, 10), "[----]", id="less than nothing"),
        pytest.param(Progress("", 5, None), "", id="no end in sight"),
        pytest.param(Progress("", 0, 0), "", id="nothing to do"),
    ],
)
def test_bar(progress: Progress, shown: str) -> None:
    assert bar(progress, 4) == shown


def test_count() -> None:
    assert count(Progress("", 1234, None)) == "1,234 so far"
    assert count(Progress("", 12, 50_000)) == "12 of 50,000"
