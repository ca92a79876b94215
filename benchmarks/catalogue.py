"""Every benchmark by name, with the arguments that make it quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from benchmarks.report import BenchmarkRow


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module with `rows`, and the arguments that make it quick."""

    module: str
    quick: Mapping[str, Any] = field(default_factory=dict)

    def rows(self, *, quick: bool) -> Sequence[BenchmarkRow]:
        """Measure."""
        measure: Callable[..., Sequence[BenchmarkRow]] = import_module(f"benchmarks.{self.module}").rows
        return measure(**(self.quick if quick else {}))


BENCHMARKS = {
    benchmark.module.replace("_", "-"): benchmark
    for benchmark in (
        Benchmark("state", {"sizes": (200, 400)}),
        Benchmark("checking", {"sizes": (100,), "rounds": 1}),
        Benchmark("planning", {"sizes": (50, 100)}),
        Benchmark("synchronising", {"sizes": (8,), "rounds": 1}),
        Benchmark("whole_run", {"sizes": (8,), "rounds": 1}),
        Benchmark("workers", {"agreements": 8, "rounds": 1, "count": 20}),
        Benchmark("request_economy", {"sizes": (20,)}),
        Benchmark("start_up", {"sizes": (50,), "rounds": 1}),
        Benchmark("task_screen", {"sizes": (200,)}),
        Benchmark("service_memory", {"rounds": 12, "subscriptions": 40}),
        Benchmark("usage_file", {"sizes": (200,), "rounds": 1}),
        Benchmark("suggestions", {"customer_sizes": (100,), "catalog_sizes": (100,)}),
    )
}
