"""`map set` and `map import` refuse what does not exist in ConnectWise (mapping.md#targets-exist)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.engine.upkeep_world import CUSTOMER, MAIL, TODAY, small_world

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, cwtui: Run) -> Run:
    """The command line on a small demo that was checked once."""
    state = tmp_path / "state.json"
    Path(f"{state}.sandbox").write_bytes(small_world().to_json())

    def run(*args: str) -> Result:
        return cwtui("--demo", "--state", str(state), "--as-of", TODAY.isoformat(), *args)

    assert run("check").exit_code == 0
    return run


def mapped(run: Run, kind: str) -> list[tuple[str, str, int]]:
    rows = json.loads(run("map", "list", kind, "--json").stdout)
    return [(row["marketplace_id"], row["charge"], row["connectwise_id"]) for row in rows]


@pytest.mark.parametrize(
    ("kind", "name"), [("customer", CUSTOMER), ("product", "P1"), ("agreement", MAIL)], ids=lambda value: str(value)
)
def test_a_target_that_does_not_exist_is_refused(kind: str, name: str, run: Run) -> None:
    before = mapped(run, kind)
    found = run("map", "set", kind, name, "999999")
    assert found.exit_code == 2
    assert "999999" in found.stderr
    assert mapped(run, kind) == before


def test_one_bad_row_imports_nothing_and_names_its_line(run: Run, tmp_path: Path) -> None:
    before = mapped(run, "product")
    file = tmp_path / "mappings.csv"
    file.write_text(
        "kind,marketplace_id,charge,connectwise_id\nproduct,P1,setup,502\nproduct,P2,,999999\n", encoding="utf-8"
    )
    found = run("map", "import", str(file))
    assert found.exit_code == 2
    assert "999999" in found.stderr
    assert "3" in found.stderr
    assert mapped(run, "product") == before
