from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.services.reading import read_amount, read_day, read_moment

MOMENT = datetime(2019, 12, 11, 17, 32, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2019-12-11T17:32:28Z", MOMENT, id="Z"),
        pytest.param("2019-12-11 17:32:28+00:00", MOMENT, id="a space, as the contract's example"),
        pytest.param("2019-12-11T18:32:28+01:00", MOMENT, id="another offset is turned to UTC"),
        pytest.param("2019-12-11T12:02:28-0530", MOMENT, id="an offset without a colon"),
        pytest.param("2019-12-11T17:32:28", MOMENT, id="no offset is UTC"),
        pytest.param("2019-12-11T17:32:28.123456789Z", MOMENT.replace(microsecond=123456), id="nanoseconds"),
        pytest.param("2019-12-11T17:32:28.1Z", MOMENT.replace(microsecond=100000), id="tenths"),
        pytest.param("2019-12-11", datetime(2019, 12, 11, tzinfo=UTC), id="a date only"),
        pytest.param(" 2019-12-11T17:32:28Z ", MOMENT, id="blanks around it"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the year 1 is never"),
        pytest.param("0001-01-01T00:00:00+14:00", None, id="the year 1, and an offset that leaves the calendar"),
        pytest.param("0001-01-01", None, id="the year 1 as a date"),
        pytest.param(None, None, id="null"),
        pytest.param("", None, id="empty"),
    ],
)
def test_timestamps_in_every_form_seen(text: str | None, moment: datetime | None) -> None:
    assert read_moment(text) == moment


def test_the_day_of_a_timestamp_is_its_day_in_utc() -> None:
    assert read_day("2026-11-30T23:30:00-05:00") == date(2026, 12, 1)
    assert read_day("2026-12-01") == date(2026, 12, 1)
    assert read_day("0001-01-01T00:00:00Z") is None


@pytest.mark.parametrize(
    "value",
    [
        "12/01/2026",
        "yesterday",
        "2026-13-01",
        "20261201",
        "2026-12-01T99:00:00Z",
        "9999-12-31T23:59:59-05:00",
        1700000000,
        True,
        {},
        [],
    ],
)
def test_what_could_be_read_in_two_ways_is_no_date(value: Any) -> None:
    with pytest.raises(ValueError, match=r"date|month|hour|isoformat"):
        read_day(value)


@pytest.mark.parametrize(
    ("value", "amount"),
    [("4.50", "4.50"), (" 7 ", "7"), (5, "5"), (Decimal("0.0833"), "0.0833"), ("-3.20", "-3.20"), ("1e2", "100")],
)
def test_amounts_are_exact(value: Any, amount: str) -> None:
    assert read_amount(value) == Decimal(amount)


def test_a_missing_amount_is_not_zero() -> None:
    assert read_amount(None) is None


@pytest.mark.parametrize("value", ["1,234.50", "NaN", "Infinity", "", "4,50", "1 234", "$5", True, 4.5, [], {}])
def test_an_amount_that_could_be_read_in_two_ways_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not a"):
        read_amount(value)


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=6))
def test_any_amount_survives_as_it_is(amount: Decimal) -> None:
    assert read_amount(format(amount, "f")) == amount


@given(st.datetimes(datetime(1900, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  # bounds are naive
def test_any_moment_survives_in_any_offset(moment: datetime) -> None:
    if moment.utcoffset().total_seconds() % 60 == 0:  # type: ignore[union-attr]  # aware
        assert read_moment(moment.isoformat()) == moment.astimezone(UTC)
