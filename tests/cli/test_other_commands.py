from __future__ import annotations

import csv
import io
import stat
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from cwtui.cli.root import COMMANDS
from cwtui.domain.ids import ProductId
from cwtui.domain.ledger import Operation, Outcome, Why
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.plain_text import plain_text
from cwtui.domain.records import RecordWrite
from cwtui.engine.reports import DoctorReport, Permission, ServiceHealth

PRODUCT = MappingKey(MappingKind.PRODUCT, "91001", "setup")


# map


def test_map_list_shows_both_names_as_plain_text(engine: Any, cwtui: Any) -> None:
    engine.mapped[PRODUCT] = 4711
    result = cwtui("map", "list", "product")
    assert "91001        Green␛[31m Lane<U+202E> LLC␊  setup   4711         Green Lane" in result.stdout
    assert orjson.loads(cwtui("map", "list", "product", "--json").stdout)[0]["connectwise_id"] == 4711
    assert "No customer is mapped." in cwtui("map", "list", "customer").stdout


def test_map_set_and_unset(engine: Any, cwtui: Any) -> None:
    result = cwtui("map", "set", "product", "91001", "4711", "--charge", "setup")
    assert result.stdout == "Mapped product 91001 (Green Lane LLC) to 4711.\n"
    assert engine.asked == [("set_mapping", Mapping(PRODUCT, 4711))]
    engine.mapped[PRODUCT] = 4711
    assert cwtui("map", "unset", "product", "91001", "--charge", "setup").exit_code == 0
    again = cwtui("map", "unset", "product", "91001", "--charge", "setup")
    assert again.exit_code == 2
    assert "Product 91001 is not mapped for setup." in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map", "set", "customer", "C1", "0"], "0"),
        (["map", "set", "customer", "C1", "x"], "'x' is not a valid integer"),
        (["map", "set", "customer", "C1", "1", "--charge", "setup"], "--charge goes with products only"),
        (["map", "set", "product", "P1", "1", "--charge", "prorated"], "recurring"),
        (["map", "list", "company"], "customer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_map_usage(engine: Any, cwtui: Any, arguments: list[str], said: str) -> None:
    result = cwtui(*arguments)
    assert (result.exit_code, engine.asked) == (2, [])
    assert said in result.stderr


def test_map_suggest_shows_candidates_best_first(engine: Any, cwtui: Any, made: Any) -> None:
    engine.suggestions = (made.suggestion, replace(made.suggestion, marketplace_id="C2", candidates=()))
    lines = cwtui("map", "suggest", "customer").stdout.splitlines()
    assert lines[1].split()[0] == "C1"
    assert lines[1].endswith("118          Green Lane  same name")
    assert lines[2].split()[0] == "71"
    assert lines[3].endswith("nothing like it in ConnectWise")
    document = orjson.loads(cwtui("map", "suggest", "customer", "--json").stdout)
    assert document[0]["name"] == made.hostile
    assert [one["score"] for one in document[0]["candidates"]] == [92.5, 71]
    engine.suggestions = ()
    assert "Every customer that open tasks need is mapped." in cwtui("map", "suggest", "customer").stdout


def test_an_export_can_be_imported(engine: Any, cwtui: Any, made: Any, tmp_path: Path) -> None:
    engine.mapped = {PRODUCT: 4711, MappingKey(MappingKind.CUSTOMER, "=cmd()"): 118}
    path = tmp_path / "mappings.csv"
    assert cwtui("map", "export", str(path)).stdout == f"2 mappings written to {path}.\n"
    assert (
        path.read_text(encoding="utf-8")
        == "kind,marketplace_id,charge,connectwise_id,marketplace_name,connectwise_name\n"
        f"customer,'=cmd(),,118,{plain_text(made.hostile)},Green Lane\n"
        f"product,91001,setup,4711,{plain_text(made.hostile)},Green Lane\n"
    )
    assert cwtui("map", "export", "-").stdout == path.read_text(encoding="utf-8")
    result = cwtui("map", "import", str(path))
    assert result.stdout == "2 mappings read; 2 new or changed.\n"
    assert set(engine.asked[-1][1:]) == {Mapping(key, target) for key, target in engine.mapped.items()}


def test_one_bad_row_changes_nothing(engine: Any, cwtui: Any, tmp_path: Path) -> None:
    path = tmp_path / "mappings.csv"
    path.write_text("kind,marketplace_id,charge,connectwise_id\ncustomer,C1,,118\ncustomer,C2,,x\n")
    result = cwtui("map", "import", str(path))
    assert (result.exit_code, engine.asked) == (2, [])
    assert f"{path}, line 3: connectwise_id is 'x', not a whole number above 0." in result.stderr
    assert "Nothing was changed." in result.stderr


@pytest.mark.usefixtures("engine")
def test_an_export_that_cannot_be_written(cwtui: Any, tmp_path: Path) -> None:
    result = cwtui("map", "export", str(tmp_path / "none" / "x.csv"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reads"),
    [
        (["audit"], True),
        (["map", "list", "product"], True),
        (["map", "suggest", "product"], True),
        (["map", "export", "-"], True),
        (["doctor"], True),
        (["map", "set", "product", "P1", "5"], False),
        (["map", "unset", "product", "P1"], False),
        (["check"], False),
        (["--auto", "--dry-run"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_only_reads_works_beside_a_process_that_holds_the_state(
    engine: Any, cwtui: Any, arguments: list[str], reads: bool
) -> None:
    cwtui(*arguments)
    assert engine.options[0].read_only_ok is reads


# audit


def test_audit_shows_every_write(engine: Any, cwtui: Any, made: Any) -> None:
    before = made.write().after
    engine.writes = (
        made.write(),
        made.write(2, operation="update", before=before, after=replace(before, quantity=Decimal(12))),
        made.write(3, operation="delete", before=before, after=None, addition_id=None),
    )
    lines = cwtui("audit", "--task", "SO-1.S1", "--since", "2026-11-01").stdout.splitlines()
    assert engine.asked == [("audit", "SO-1.S1", made.as_of.replace(day=1))]
    assert lines[1].startswith("2026-11-23 09:30:00  SO-1.S1  create")
    assert lines[1].endswith("10 × 4.5, from 2026-12-01")
    assert lines[2].endswith("quantity 10 → 12")
    assert orjson.loads(cwtui("audit", "--json").stdout)[1]["after"]["quantity"] == 12
    engine.writes = ()
    assert cwtui("audit").stdout == "Nothing was written yet.\n"
    assert cwtui("audit", "--json").stdout == "[]\n"


def test_audit_has_writes_of_every_other_record_too(engine: Any, cwtui: Any, made: Any) -> None:
    addition = made.write()
    company = RecordWrite(
        1, addition.at - timedelta(hours=1), "r", "w", Operation.CREATE, "PSA", "company", "274", "=IM1", None,
        {"identifier": "=IM1", "address": {"city": "Boise"}}, Outcome.CONFIRMED,
    )  # fmt: skip
    engine.writes = (addition,)
    engine.other_writes = (company,)
    assert "create company" in cwtui("audit").stdout.splitlines()[1]
    first, second = orjson.loads(cwtui("audit", "--json").stdout)
    assert (first["record"], first["record_id"], first["service"], first["agreement_id"]) == (
        "company",
        "274",
        "PSA",
        None,
    )
    assert first["after"]["address"] == {"city": "Boise"}
    assert (second["record"], second["record_id"], second["after"]["quantity"]) == ("addition", "901", 10)
    rows = list(csv.DictReader(io.StringIO(cwtui("audit", "--csv", "-").stdout)))
    assert [(row["operation"], row["record"], row["record_id"], row["name"]) for row in rows] == [
        ("create", "company", "274", "'=IM1"),
        ("create", "addition", "901", ""),
    ]
    assert rows[0]["after"] == "identifier: =IM1; address: city Boise"
    assert len(orjson.loads(cwtui("audit", "--task", "SO-1.S1", "--json").stdout)) == 1


def test_audit_csv_is_a_header_and_a_row_per_write_and_no_formula(
    engine: Any, cwtui: Any, made: Any, tmp_path: Path
) -> None:
    evil = replace(made.write().after, description="=HYPERLINK(1)", unit_price=Decimal("-4.50"))
    engine.writes = (made.write(after=evil, product_id=ProductId("@P1"), why=Why(source='a\nb, "c"')), made.write(2))
    path = tmp_path / "audit.csv"
    cwtui("audit", "--csv", str(path))
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert len(rows) == 2
    assert rows[0]["after_description"] == "'=HYPERLINK(1)"
    assert rows[0]["after_unit_price"] == "-4.5"
    assert rows[0]["product_id"] == "'@P1"
    assert rows[0]["why"] == 'source: a\nb, "c"'
    assert rows[0]["at"] == "2026-11-23T09:30:00+00:00"
    assert (rows[1]["before_quantity"], rows[1]["after_quantity"], rows[1]["after_taxable"]) == ("", "10", "false")
    assert rows[1]["why"] == "rule: sales order; arithmetic: 4.50 × 1"
    assert list(csv.DictReader(io.StringIO(cwtui("audit", "--csv", "-").stdout))) == rows
    assert cwtui("audit", "--csv", "-", "--json").exit_code == 2


# doctor


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({}, 0, "Finance  Agreements  Add      yes"),
        ({"permissions": (Permission("Finance", "Agreements", "Delete", False),)}, 3, "1 permission missing"),
        ({"services": (ServiceHealth("PSA", False, "", "refuses the credentials"),)}, 1, "ConnectWise  FAILED"),
        ({"permissions": (Permission("Finance", "Agreements", "Delete", None),)}, 0, "not known"),
    ],
    ids=["all well", "a permission is missing", "a service refuses", "not known"],
)
def test_doctor(engine: Any, cwtui: Any, made: Any, change: dict[str, Any], status: int, said: str) -> None:
    engine.health = replace(made.healthy, **change)
    result = cwtui("doctor")
    assert result.exit_code == status
    assert said in result.stdout
    document = orjson.loads(cwtui("doctor", "--json").stdout)
    assert set(document) == {"services", "permissions"}
    assert all(set(one) == {"name", "ok", "version", "message"} for one in document["services"])
    assert all(set(one) == {"module", "permission", "level", "granted"} for one in document["permissions"])


# config


def test_config_path_is_the_platforms_or_the_one_given(cwtui: Any) -> None:
    assert cwtui("config", "path").stdout == f"{Path.home()}/.config/cwtui/config.toml\n"
    assert cwtui("--config", "x.toml", "config", "path").stdout == "x.toml\n"


def test_config_init_then_show(cwtui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path.home() / ".config/cwtui/config.toml"
    assert cwtui("config", "init").stdout == f"Wrote {path}. Fill it in, then run `cwtui doctor`.\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = cwtui("config", "init")
    assert again.exit_code == 2
    assert "left as it is" in again.stderr
    monkeypatch.setenv("CWTUI_MARKETPLACE__PASSWORD", "hush")
    monkeypatch.setenv("CWTUI_CONNECTWISE__PUBLIC_KEY", "hush-hush-0815")
    monkeypatch.setenv("CWTUI_CONNECTWISE__CLIENT_ID", "hush")
    monkeypatch.setenv("CWTUI_NOTIFY__URLS", "json://hush@localhost")
    shown = cwtui("config", "show")
    assert shown.exit_code == 0
    assert "hush" not in shown.output
    lines = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert lines["marketplace.password"] == ["********", "environment", "CWTUI_MARKETPLACE__PASSWORD"]
    assert lines["connectwise.public_key"][0] == "********0815"
    assert lines["connectwise.client_id"][0] == "********"
    assert lines["connectwise.private_key"] == ["default"]
    assert lines["connectwise.base_url"] == ["https://api-na.myconnectwise.net", "file", str(path)]
    assert lines["sync.every"] == ["5m", "default"]
    assert lines["notify.on"] == ["action_needed,", "errors", "default"]
    assert lines["guard.max_quantity_change"][0] == "off"
    document = {row["key"]: row["value"] for row in orjson.loads(cwtui("config", "show", "--json").stdout)}
    assert document["notify.urls"] == "********"
    assert document["guard.empty_feed"] == "true"


def test_wrong_settings_are_2(cwtui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWTUI_SYNC__PRORAT", "all")
    result = cwtui("config", "show")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[2] == "Did you mean CWTUI_SYNC__PRORATE?"


# help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_what_it_does_and_takes_the_global_options(cwtui: Any, name: str) -> None:
    text = cwtui(name, "--help").stdout
    assert text.startswith(f"Usage: cwtui {name}")
    assert "--as-of" in text
    command = COMMANDS[name].load()
    assert command.name == name


def test_help_is_grouped_short_and_fits_80_columns(cwtui: Any) -> None:
    text = cwtui("--help").stdout
    assert text.index("The daily round:") < text.index("Settings and connections:")
    lines = text.splitlines()
    assert len(lines) < 70
    assert all(len(line) <= 80 for line in lines if "_CWTUI_COMPLETE" not in line)


def test_doctor_report_defaults_are_all_well() -> None:
    assert DoctorReport().services == ()
