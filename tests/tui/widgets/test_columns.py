from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.tui.widgets.columns import GAP, Column, lay_out
from cwtui.tui.widgets.task_rows import TASK_COLUMNS

THREE = (
    Column("name", "Name", 10, share=2, widest=20),
    Column("note", "Note", 10, share=1, rank=1),
    Column("money", "Money", 8, right=True),
)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        pytest.param(30, [("name", 10), ("note", 10), ("money", 8)], id="just enough"),
        pytest.param(39, [("name", 16), ("note", 13), ("money", 8)], id="the rest is shared"),
        pytest.param(80, [("name", 20), ("note", 50), ("money", 8)], id="what one cannot use goes to the other"),
        pytest.param(29, [("name", 20), ("money", 8)], id="the least important one is hidden"),
        pytest.param(15, [("name", 7), ("money", 7)], id="the others are squeezed"),
    ],
)
def test_lay_out(total: int, expected: list[tuple[str, int]]) -> None:
    assert [(placed.column.key, placed.width) for placed in lay_out(THREE, total)] == expected


@pytest.mark.parametrize(
    ("total", "keys"),
    [
        pytest.param(27, "status customer monthly_effect", id="30 columns"),
        pytest.param(77, "status customer subscription monthly_effect problem", id="80 columns"),
        pytest.param(97, "status kind customer subscription monthly_effect problem", id="100 columns"),
        pytest.param(
            117, "status kind customer subscription order_number monthly_effect problem", id="120 columns: no date yet"
        ),
        pytest.param(
            157,
            "status kind customer subscription order_number effective monthly_effect problem",
            id="160 columns: everything",
        ),
    ],
)
def test_the_task_list_adapts(total: int, keys: str) -> None:
    placed = lay_out(TASK_COLUMNS, total)
    assert [one.column.key for one in placed] == keys.split()
    assert placed[-1].start + placed[-1].width == total


COLUMNS = st.lists(
    st.builds(
        Column,
        st.just("k"),
        st.just("T"),
        st.integers(3, 30),
        share=st.integers(0, 4),
        widest=st.none() | st.integers(3, 60),
        rank=st.integers(0, 3),
    ),
    max_size=8,
)


@given(COLUMNS, st.integers(31, 250))
def test_columns_never_overlap_nor_leave_the_line(columns: list[Column], total: int) -> None:
    placed = lay_out(columns, total)
    for left, right in pairwise(placed):
        assert left.start + left.width + GAP == right.start
        assert left.index < right.index
    assert not placed or placed[-1].start + placed[-1].width <= total
    assert {index for index, column in enumerate(columns) if column.rank == 0} <= {one.index for one in placed}


def test_no_columns() -> None:
    assert lay_out((), 80) == ()
