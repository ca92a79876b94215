"""Every benchmark still runs, at sizes too small to say anything: no figure is looked at."""

from __future__ import annotations

import math

import pytest

from benchmarks.__main__ import README, with_section
from benchmarks.catalogue import BENCHMARKS
from benchmarks.report import BenchmarkRow, table


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmark_runs(name: str) -> None:
    found = BENCHMARKS[name].rows(quick=True)
    assert found
    for row in found:
        assert math.isfinite(row.measured)
        assert row.measured > 0
    assert len(table(found).splitlines()) == 2 + len(found)


def test_readme_has_a_place_for_every_benchmark() -> None:
    text = README.read_text(encoding="utf-8")
    for name in BENCHMARKS:
        assert text.count(f"<!-- {name} -->\n") == text.count(f"<!-- end of {name} -->") == 1


def test_saving_replaces_only_its_own_table() -> None:
    text = "# Title\n<!-- one -->\nold\n<!-- end of one -->\nbetween\n<!-- two -->\nkept\n<!-- end of two -->\nend\n"
    saved = with_section(text, "one", "new")
    assert saved == text.replace("old", "new")


def test_a_row_says_what_was_missed_and_how_it_grows() -> None:
    row = BenchmarkRow("open", "loads", 5.0, 4, "×", {10: 1.0, 100: 5.0}, {10: 0.001, 100: 0.01})
    assert row.exponent == pytest.approx(1.0)
    assert table([row]).splitlines()[-1] == (
        "| open | loads | ≤ 4 × | 5 × **missed** | 10: 1 (1.0 ms) · 100: 5 (10.0 ms) | n^1.00 |"
    )
