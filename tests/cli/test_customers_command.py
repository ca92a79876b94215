"""`cwtui customers import` on the sandbox (reconciling.md#customers-import)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.engine.upkeep_world import TODAY, small_world

Run = Callable[..., Result]


@pytest.fixture
def demo(tmp_path: Path, cwtui: Run) -> Callable[..., Result]:
    state = tmp_path / "state.json"
    world = small_world()
    world.add_company("Pinecrest Pharmacy", contact="Ruth Bell")
    world.add_company("Delta Plumbing", country="", contact="Omar Haddad")
    Path(f"{state}.sandbox").write_bytes(world.to_json())
    return lambda *args: cwtui(
        "--demo", "--state", str(state), "--as-of", TODAY.isoformat(), "customers", "import", *args
    )


def test_the_list_says_what_each_lacks(demo: Run) -> None:
    result = demo("--json")
    assert result.exit_code == 0
    found = {one["company"]["name"]: one["lacks"] for one in json.loads(result.stdout)}
    assert found == {"Delta Plumbing": ["country_code"], "Pinecrest Pharmacy": []}
    assert "2 companies, 1 complete" in demo().stdout


def test_all_complete_ones_and_then_the_other_with_its_gap_filled(demo: Run) -> None:
    result = demo("--all", "--json")
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert [one["company"]["name"] for one in document["imported"]] == ["Pinecrest Pharmacy"]
    (failure,) = document["failures"]
    assert failure["lacks"] == ["country_code"]
    again = demo(str(failure["company"]), "--set", "country-code=US")
    assert again.exit_code == 0, again.output
    assert "1 imported, 0 not" in again.stdout
    assert "Every company is mapped" in demo().stdout


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["--all", "118"], id="all and one"),
        pytest.param(["--all", "--set", "phone=1"], id="one value for all"),
        pytest.param(["118", "--set", "phone"], id="no value"),
        pytest.param(["118", "--set", "shoe_size=43"], id="no such field"),
    ],
)
def test_wrong_usage(demo: Run, args: list[str]) -> None:
    assert demo(*args).exit_code == 2
