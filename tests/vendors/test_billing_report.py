"""The billing report: added up, refused by line, and from which day it is.

Rules: files.md#day-of-a-report.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.vendors.billing_report import BillingReport, digest_of, read_billing_report, report_of
from cwtui.vendors.layouts import Layout
from cwtui.vendors.rows import Row

COLUMNS = ("account_id", "sku", "quantity", "unit_cost")
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def report(*rows: tuple[str, str, str, str], layout: Layout | None = None) -> BillingReport:
    made = [Row.of(line, dict(zip(COLUMNS, row, strict=True))) for line, row in enumerate(rows, start=2)]
    return report_of(made, layout or Layout(), name="report.csv", moment=MOMENT)


def test_lines_of_one_item_are_added_up_per_account() -> None:
    found = report(("A", "MR", "3", "7.25"), ("B", "MR", "1", "7.25"), ("A", "mr", "4", "7.250"), ("A", "MR", "2", "8"))
    assert [(line.item, line.quantity, line.lines) for line in found.counts["A"]] == [
        ("MR_7.25", Decimal(7), (2, 4)),
        ("MR_8", Decimal(2), (5,)),
    ]
    assert found.rows_of("A") == (2, 4, 5)
    assert found.row_count == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(
            ("A", "MR", "2.5", "7.25"), "its quantity '2.5' is not a whole number of units", id="a part of a unit"
        ),
        pytest.param(("A", "MR", "-1", "7.25"), "its quantity '-1' is below zero", id="below zero"),
        pytest.param(("A", "MR", "", "7.25"), "its quantity is empty", id="no quantity: unknown is not zero"),
        pytest.param(("A", "MR", "two", "7.25"), "its quantity 'two' is not a number", id="in words"),
        pytest.param(("A", "MR", "2", ""), "its unit cost is empty", id="no unit cost"),
        pytest.param(("", "MR", "2", "7.25"), "it has no account id", id="no account"),
        pytest.param(("A", "HPBXR", "2", "9"), "voice, Hosted PBX", id="an unsupported plan"),
    ],
)
def test_a_row_that_cannot_be_counted_is_refused_by_line(row: tuple[str, str, str, str], reason: str) -> None:
    found = report(("A", "SR", "1", "1"), row)
    assert [(one.line, reason in one.reason) for one in found.refused] == [(3, True)]
    assert [line.item for line in found.counts["A"]] == ["SR_1"]
    is_voice = row[1] == "HPBXR"
    assert found.doubts.of("A") == ({} if is_voice else {row[1].casefold(): (3,)})
    assert found.doubts.of("B") == ({"mr": (3,)} if not row[0] else {})


@given(st.lists(st.tuples(st.sampled_from(["MR_1", "SR_2", "FO_0"]), st.integers(0, 99).map(Decimal)), max_size=5))
def test_the_fingerprint_knows_counts_not_their_sequence(counts: list[tuple[str, Decimal]]) -> None:
    assert digest_of(counts) == digest_of(reversed(counts)) == digest_of((name.lower(), n) for name, n in counts)
    assert digest_of(counts) != digest_of([*counts, ("XR_1", Decimal(1))])


@pytest.mark.parametrize(
    ("name", "day", "moment", "is_dated"),
    [
        pytest.param("report.csv", date(2026, 11, 5), datetime(2026, 11, 5, tzinfo=UTC), True, id="the day given"),
        pytest.param(
            "billing-2026-10-31.csv", None, datetime(2026, 10, 31, tzinfo=UTC), True, id="the day in its name"
        ),
        pytest.param("billing_20261031.csv", None, datetime(2026, 10, 31, tzinfo=UTC), True, id="without dashes"),
        pytest.param(
            "2026-10-01_2026-10-31.csv", None, datetime(2026, 10, 31, tzinfo=UTC), True, id="of two days the last"
        ),
        pytest.param("billing-2026-13-31.csv", None, datetime(2026, 11, 1, 12, tzinfo=UTC), False, id="no such day"),
        pytest.param("report.csv", None, datetime(2026, 11, 1, 12, tzinfo=UTC), False, id="when the file was changed"),
    ],
)
def test_from_when_a_report_is(
    tmp_path: Path, name: str, day: date | None, moment: datetime, *, is_dated: bool
) -> None:
    path = tmp_path / name
    path.write_text(",".join(COLUMNS) + "\nA,MR,1,1\n")
    changed = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
    os.utime(path, (changed, changed))
    found = read_billing_report(path, Layout(), day)
    assert (found.moment, found.is_dated) == (moment, is_dated)


def test_another_layout_needs_no_unit_cost(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("Customer;Service;Used\nA;BACKUP-500;4\n")
    columns = {"account_id": "customer", "sku": "service", "quantity": "used"}
    layout = Layout(name="backup", columns=columns, unsupported="", one_time="", recurring="", priced_names=False)
    (line,) = read_billing_report(path, layout).counts["A"]
    assert (line.item, line.quantity, line.unit_cost) == ("BACKUP-500", Decimal(4), None)
