"""Names beside ids on the command line, over the demo (hands.md, mapping.md#mapping-csv)."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that checked once."""
    path = tmp_path_factory.mktemp("names") / "state.json"
    run(path, "check")
    return path


def run(state: Path, *arguments: str) -> str:
    """The answer of a command."""
    command = [sys.executable, "-m", "cwtui.cli.main", *arguments, "--demo", "--as-of", str(TODAY)]
    done = subprocess.run(  # noqa: S603  # ours
        [*command, "--state", str(state)], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode in {0, 3}, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        pytest.param(["map", "list", "customer"], ["1000011", "251", "Green Lane LLC"], id="customers"),
        pytest.param(["map", "list", "product"], ["PRD100101", "Exchange Online (Plan 1)", "EXO-P1"], id="products"),
        pytest.param(
            ["map", "list", "agreement"],
            ["1000048531", "Exchange Online (Plan 1)", "Green Lane LLC", "101", "Green Lane Cloud Services"],
            id="subscriptions, and whose they are",
        ),
        pytest.param(
            ["map", "export", "-"],
            ["1000048531", "Exchange Online (Plan 1)", "101", "Green Lane Cloud Services"],
            id="the export",
        ),
    ],
)
def test_a_line_names_both_sides(state: Path, arguments: list[str], shown: list[str]) -> None:
    lines = run(state, *arguments).splitlines()
    assert [line for line in lines if all(text in line for text in shown)], lines


def test_a_plan_names_agreement_product_and_catalog_item(state: Path) -> None:
    text = run(state, "tasks", "show", "initial.1000048531")
    assert "Agreement     Green Lane Cloud Services (101)" in text
    assert "create addition: Exchange Online (Plan 1) (PRD100101), recurring" in text
    assert "catalog item   EXO-P1 (501)" in text
