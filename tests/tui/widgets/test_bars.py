"""Bars: amounts beside each other at a glance."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cwtui.tui.widgets.bars import bar


@pytest.mark.parametrize(
    ("amount", "most", "drawn"),
    [
        pytest.param("100", "100", "████", id="all of it"),
        pytest.param("50", "100", "██", id="half"),
        pytest.param("37.50", "100", "█▌", id="eighths of a cell"),
        pytest.param("0.01", "100", "▏", id="what is not nothing shows"),
        pytest.param("0", "100", "", id="nothing"),
        pytest.param("5", "0", "", id="nothing to compare with"),
        pytest.param("200", "100", "████", id="never wider than its place"),
        pytest.param("-50", "100", "░░", id="a credit is lighter"),
        pytest.param("-0.01", "100", "░", id="a small credit shows"),
    ],
)
def test_bar(amount: str, most: str, drawn: str) -> None:
    assert bar(Decimal(amount), Decimal(most), 4) == drawn
