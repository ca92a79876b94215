"""When the next round is due (settings.md#automatic-synchronisation)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from cwtui.engine.schedule import next_round

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY, FIVE = timedelta(days=1), timedelta(minutes=5)


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "every", "at", "due"),
    [
        pytest.param(None, DAY, None, NOW, id="never run: at once"),
        pytest.param(moment(23, 11, 58), FIVE, None, moment(23, 12, 3), id="5m: five minutes after the last began"),
        pytest.param(moment(22, 9), DAY, None, moment(23, 9), id="1d, opened a day later: it is past, so at once"),
        pytest.param(moment(23, 9), DAY, None, moment(24, 9), id="1d, opened again on the same day: tomorrow"),
        pytest.param(moment(23, 5), DAY, time(6), moment(23, 6), id="1d at 06:00, last at 05:00: this day's 06:00"),
        pytest.param(moment(23, 6), DAY, time(6), moment(24, 6), id="1d at 06:00, last exactly then: tomorrow"),
        pytest.param(moment(22, 23), DAY, time(6), moment(23, 6), id="1d at 06:00, last late: the next 06:00"),
        pytest.param(moment(20, 7), timedelta(days=7), time(6), moment(27, 6), id="7d at 06:00"),
        pytest.param(moment(23, 11), timedelta(hours=36), time(6), moment(24, 23), id="36h: no whole days"),
    ],
)
def test_the_next_round(last: datetime | None, every: timedelta, at: time | None, due: datetime) -> None:
    assert next_round(last, every, at, NOW) == due
