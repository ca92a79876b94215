"""The shape every benchmark reports in: a ratio against a reference measured in the same run."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """One line of the results table.

    Attributes:
        what: What was measured.
        reference: What it was compared with, in the same run.
        measured: The figure at the largest size, in `unit`.
        reach: The figure to reach.
        unit: `×` for a ratio.
        sizes: The figure by size.
        seconds: The time itself by size, for the growth exponent.
        at_least: `reach` is a floor, not a ceiling.
    """

    what: str
    reference: str
    measured: float
    reach: float
    unit: str
    sizes: Mapping[int, float]
    seconds: Mapping[int, float] = field(default_factory=dict)
    at_least: bool = False

    @property
    def is_reached(self) -> bool:
        return self.measured >= self.reach if self.at_least else self.measured <= self.reach

    @property
    def exponent(self) -> float | None:
        """k of seconds ≈ c × sizeᵏ, fitted over the sizes; None with fewer than two."""
        if len(self.seconds) < 2:
            return None
        points = [(math.log(size), math.log(seconds)) for size, seconds in self.seconds.items()]
        return statistics.linear_regression(*zip(*points, strict=True)).slope


def seconds_of(run: Callable[[], object]) -> float:
    """How long one call takes; what it returns is let go outside the measurement."""
    begin = time.perf_counter()
    kept = run()
    end = time.perf_counter()
    del kept
    return end - begin


def medians(*runs: Callable[[], object], rounds: int = 5) -> tuple[float, ...]:
    """Median seconds of each of several calls, taken in turns so that noise meets all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for seconds, run in zip(taken, runs, strict=True):
            seconds.append(seconds_of(run))
    return tuple(statistics.median(seconds) for seconds in taken)


def table(rows: Iterable[BenchmarkRow]) -> str:
    """The results as a Markdown table, one line a row."""
    lines = [
        "| what | reference, same run | reach | measured | by size | grows |",
        "| --- | --- | --: | --: | --- | --- |",
    ]
    lines += [_line(row) for row in rows]
    return "\n".join(lines)


def _line(row: BenchmarkRow) -> str:
    bound = "≥" if row.at_least else "≤"
    mark = "" if row.is_reached else " **missed**"
    by_size = " · ".join(_sized(row, size) for size in row.sizes)
    grows = "" if row.exponent is None else f"n^{row.exponent:.2f}"
    cells = (
        row.what,
        row.reference,
        f"{bound} {_figure(row.reach)} {row.unit}",
        f"{_figure(row.measured)} {row.unit}{mark}",
        by_size,
        grows,
    )
    return f"| {' | '.join(cells)} |"


def _sized(row: BenchmarkRow, size: int) -> str:
    seconds = row.seconds.get(size)
    taken = "" if seconds is None else f" ({_duration(seconds)})"
    return f"{size:,}: {_figure(row.sizes[size])}{taken}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1_000_000:.0f} µs"
