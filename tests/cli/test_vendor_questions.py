from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cwtui.cli.root import cli

SKUS = "sku,description,unit_cost,retail_price\nQ1R,One,7.25,9\nQ2R,Two,1,2\n"
ACCOUNTS = "account_id,name,country\nQ100,Question Ltd,US\n"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers come from somebody at a terminal."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)


def run(tmp_path: Path, *arguments: str, answer: str = "") -> Any:
    (tmp_path / "skus.csv").write_text(SKUS)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    return CliRunner().invoke(cli, ["--demo", "intermedia", *arguments], input=answer)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("answer", "said"),
    [("n\n", "2 catalog items: 2 new.")],
    ids=["no"],
)
def test_catalog_items_are_created_only_after_yes(tmp_path: Path, answer: str, said: str) -> None:
    """Rule: files.md#creating-asks-first."""
    found = run(tmp_path, "export-items", str(tmp_path / "skus.csv"), answer=answer)
    assert "New: Q1R_7.25 (One)" in found.stderr
    assert "Create 2 catalog items in ConnectWise?" in found.stderr
    assert said in found.stdout


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("answer", "said"),
    [("y\n", "0 linked, 1 created"), ("n\n", "0 linked, 1 would be created")],
    ids=["yes", "no"],
)
def test_companies_are_created_only_after_yes(tmp_path: Path, answer: str, said: str) -> None:
    """Rule: files.md#creating-asks-first."""
    found = run(tmp_path, "export-accounts", str(tmp_path / "accounts.csv"), answer=answer)
    assert "New: Question Ltd (Q100)" in found.stderr
    assert "Create these 1 in ConnectWise?" in found.stderr
    assert said in found.stdout


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("option", "said"), [("--yes", "1 created"), ("--dry-run", "1 would be created")])
def test_nothing_is_asked_where_the_answer_was_given(tmp_path: Path, option: str, said: str) -> None:
    """Rule: files.md#creating-asks-first."""
    found = run(tmp_path, "export-accounts", str(tmp_path / "accounts.csv"), option)
    assert "in ConnectWise?" not in found.stderr
    assert said in found.stdout
