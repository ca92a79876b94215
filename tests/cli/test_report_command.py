"""`cwtui report` on the sandbox: text, JSON, page and workbook (report.md#contents-of-the-report)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result

from tests.engine.upkeep_world import CUSTOMER, TODAY, small_world

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, cwtui: Run) -> Run:
    """The command line on a small demo that was synchronised once."""
    state = tmp_path / "state.json"
    Path(f"{state}.sandbox").write_bytes(small_world().to_json())

    def run(*args: str) -> Result:
        return cwtui("--demo", "--state", str(state), "--as-of", TODAY.isoformat(), *args)

    assert run("--auto").exit_code == 0
    return run


def test_text_says_what_is_billed_and_why_it_changed(run: Run) -> None:
    found = run("report", "--month", "2026-12")
    assert found.exit_code == 0
    assert "Total EUR: 45.00, cost 36.00, margin 9.00 (20.0 %), +45.00 since before" in found.stdout
    assert "order initial: first check" in found.stdout


def test_json_adds_up(run: Run) -> None:
    found = json.loads(
        run("report", "--month", "2026-12", "--json", "--customer", CUSTOMER).stdout, parse_float=Decimal
    )
    (total,), (one,) = found["totals"], found["agreements"]
    assert total["billed"] == one["billed"] == sum(line["billed"] for line in one["additions"]) == Decimal("45.00")
    assert one["additions"][0]["reasons"][0]["what"] == "create"


def test_page_and_workbook_are_written_whole(run: Run, tmp_path: Path) -> None:
    page, book = tmp_path / "report.html", tmp_path / "report.xlsx"
    found = run("report", "--month", "2026-12", "--html", str(page), "--xlsx", str(book))
    assert (found.exit_code, f"{page} was written." in found.stderr) == (0, True)
    assert "45.00" in page.read_text(encoding="utf-8")
    rows = list(openpyxl.load_workbook(book)["Agreements"].values)
    assert dict(zip(rows[0], rows[1], strict=True))["Billed"] == 45


@pytest.mark.parametrize("month", ["2026", "2026-13", "11-2026", "0000-01", "2026-1", "٢٠٢٦-١١"])
def test_what_is_no_month_is_wrong_usage(run: Run, month: str) -> None:
    found = run("report", "--month", month)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "is no month" in found.stderr


def test_a_file_that_cannot_be_written_is_one_sentence_and_no_traceback(run: Run, tmp_path: Path) -> None:
    found = run("report", "--html", str(tmp_path / "missing" / "report.html"))
    assert "cannot be written" in found.stderr
    assert found.exit_code == 2


def test_one_file_for_both_is_refused(run: Run, tmp_path: Path) -> None:
    found = run("report", "--html", str(tmp_path / "x"), "--xlsx", str(tmp_path / "x"))
    assert "name the same file" in found.stderr
    assert not (tmp_path / "x").exists()
