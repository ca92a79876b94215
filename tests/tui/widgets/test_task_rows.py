from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from textual.app import App, ComposeResult

from cwtui.domain.ids import CustomerId, TaskId
from cwtui.domain.tasks import TaskKind, TaskStatus
from cwtui.engine.listing.task_list import TaskList
from cwtui.engine.listing.task_row import TaskColumn, TaskFilter, TaskRow
from cwtui.tui.widgets.task_rows import TASK_COLUMNS, TaskRows, fill, signed
from cwtui.tui.widgets.virtual_table import VirtualTable

Lines = Callable[[App[object]], list[str]]


def row(name: str, status: TaskStatus = TaskStatus.READY) -> TaskRow:
    return TaskRow(
        TaskId(name),
        status,
        TaskKind.CHANGE_ORDER,
        CustomerId("c"),
        f"Customer {name}",
        "Business Premium",
        "SO0042",
        date(2026, 11, 21),
        Decimal("-1234.5"),
        "Map the customer" if status is TaskStatus.NEEDS_ACTION else "",
    )


@pytest.fixture
def tasks() -> TaskList:
    return TaskList([row("a"), row("b", TaskStatus.NEEDS_ACTION), row("c", TaskStatus.SYNCED)])


def test_columns_are_the_list_s_and_cells_are_one_each(tasks: TaskList) -> None:
    assert {column.key for column in TASK_COLUMNS} == set(TaskColumn)
    assert len(TaskRows(tasks).cells(0)) == len(TASK_COLUMNS)


async def test_a_list_on_the_screen_filters_sorts_selects_and_changes(
    host: type[App[object]], lines: Lines, tasks: TaskList
) -> None:
    class ListApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield VirtualTable(TASK_COLUMNS, TaskRows(tasks))

    async with ListApp().run_test(size=(140, 6)) as pilot:
        table = pilot.app.query_one(VirtualTable)
        await pilot.press("down", "down")
        tasks.toggle(TaskId("c"))
        tasks.sort(TaskColumn.CUSTOMER, descending=True)
        table.rows_changed()
        await pilot.pause()
        shown = [" ".join(line.split()) for line in lines(pilot.app)]
        assert shown[0] == "Status Kind Customer Subscription Order Effective Per month Problem"
        assert shown[1] == "❯* ✓ synced change Customer c Business Premium SO0042 2026-11-21 −1,234.50"
        assert shown[2].startswith("! needs action change Customer b")
        assert shown[2].endswith("Map the customer")
        tasks.show(TaskFilter(statuses=frozenset({TaskStatus.READY})))
        table.rows_changed()
        position = tasks.update(replace(row("a"), status=TaskStatus.FAILED))
        assert position == 0
        table.row_changed(position)
        await pilot.pause()
        assert lines(pilot.app)[1].split()[:3] == ["❯", "✗", "failed"]
        assert table.cursor_key == "a"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("25", "+25.00"), ("-3.1", "−3.10"), ("0", "0.00"), ("-12345.678", "−12,345.68"), (None, "")],
)
def test_signed(amount: str | None, shown: str) -> None:
    assert signed(None if amount is None else Decimal(amount)) == shown


async def test_a_list_fills_while_keys_are_answered(host: type[App[object]], lines: Lines) -> None:
    tasks = TaskList([row(f"first{place}") for place in range(50)])
    pulled = 0

    def slow() -> Iterator[TaskRow]:
        nonlocal pulled
        for pulled in range(1, 3001):
            yield row(f"later{pulled}")

    class ListApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield VirtualTable(TASK_COLUMNS, TaskRows(tasks))

    async with ListApp().run_test(size=(140, 10)) as pilot:
        table = pilot.app.query_one(VirtualTable)
        await pilot.press("down")
        seen: list[int] = []
        while_filling = asyncio.create_task(fill(tasks, slow(), table.rows_added))
        while not while_filling.done():
            seen.append(pulled)
            await asyncio.sleep(0)
        assert len(set(seen)) > 5, "nobody else had a turn"
        await pilot.pause()
        assert tasks.total == 3050
        assert tasks.counts[TaskStatus.READY] == 3050
        assert table.cursor_key == "first1"
        await pilot.press("end")
        assert table.cursor_key == "later3000"
        assert "later3000" in lines(pilot.app)[-1]
        tasks.add([row("last")])
        table.rows_added()
        await pilot.press("end")
        assert "Customer last" in lines(pilot.app)[-1]


async def test_rows_added_below_the_last_one_in_sight_are_shown(host: type[App[object]], lines: Lines) -> None:
    tasks = TaskList([row("a")])

    class ListApp(host):  # type: ignore[misc, valid-type]
        def compose(self) -> ComposeResult:
            yield VirtualTable(TASK_COLUMNS, TaskRows(tasks))

    async with ListApp().run_test(size=(140, 10)) as pilot:
        tasks.add([row("b")])
        pilot.app.query_one(VirtualTable).rows_added()
        await pilot.pause()
        assert "Customer b" in lines(pilot.app)[2]


def test_every_title_has_room_for_its_sort_mark() -> None:
    assert [column.title for column in TASK_COLUMNS if len(column.title) + 2 > column.width] == []
