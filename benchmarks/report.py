"""The shape every benchmark reports in: a ratio against a reference measured in the same run."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
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
