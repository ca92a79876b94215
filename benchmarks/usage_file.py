"""Reading a usage file and adding up its rows, against `csv.DictReader` over the same bytes.

`python -m benchmarks.usage_file [SIZE…]` prints the rows.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from benchmarks.report import BenchmarkRow, medians, table
from cwtui.vendors.billing_report import read_billing_report
from cwtui.vendors.layouts import Layout

SIZES = (20_000, 200_000)
ROUNDS = 5
LAYOUT = Layout()
_COSTS = ("0.00", "1.25", "4.50", "7.25", "12.00", "57.00")
_MEMORY = """
import sys
from pathlib import Path
from cwtui.vendors.billing_report import read_billing_report
from cwtui.vendors.layouts import Layout
report = read_billing_report(Path(sys.argv[1]), Layout())
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def fill(path: Path, size: int) -> None:
    """Write a report of `size` rows: 40 SKUs an account, some at two unit costs, some in two rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "account_name", "sku", "description", "quantity", "unit_cost"])
        for number in range(size):
            account, sku = divmod(number, 40)
            writer.writerow(
                [
                    f"IM{100_000 + account}",
                    f"Green Lane {account} LLC",
                    f"MX{sku % 37:03d}C01SUNR",
                    f"Exchange mailbox of type {sku % 37}",
                    (number * 7_919) % 400,
                    _COSTS[number % len(_COSTS)],
                ]
            )


def reference(path: Path) -> int:
    """Every row as `csv.DictReader` gives it, let go at once."""
    return sum(1 for _ in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def peak_megabytes(path: Path) -> float:
    """Peak memory of a process that reads the file and nothing else."""
    done = subprocess.run([sys.executable, "-c", _MEMORY, str(path)], check=True, capture_output=True, text=True)
    return int(done.stdout) * 1024 / 1_000_000


def rows(sizes: Iterable[int] = SIZES, rounds: int = ROUNDS) -> list[BenchmarkRow]:
    """Measure at every size."""
    ratios: dict[int, float] = {}
    seconds: dict[int, float] = {}
    memory: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder) / f"usage-2026-11-{size}.csv"
            fill(path, size)
            seconds[size], least = medians(
                partial(read_billing_report, path, LAYOUT),
                partial(reference, path),
                rounds=rounds,
            )
            ratios[size] = seconds[size] / least
            memory[size] = peak_megabytes(path)
    largest = max(ratios)
    return [
        BenchmarkRow(
            "read a usage file of n rows and add it up",
            "csv.DictReader over the same bytes",
            ratios[largest],
            3,
            "×",
            ratios,
            seconds,
        ),
        BenchmarkRow("the same, peak memory of the process", "-", memory[largest], 150, "MB", memory),
    ]


if __name__ == "__main__":
    print(table(rows([int(size) for size in sys.argv[1:]] or SIZES)))
