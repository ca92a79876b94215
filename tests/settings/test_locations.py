from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.errors import ConfigError
from cwtui.durations import duration_text, parse_duration
from cwtui.locations import config_path, state_path


def test_files_live_in_the_platforms_folders() -> None:
    home = Path.home()
    assert config_path() == home / ".config/cwtui/config.toml"
    assert state_path() == home / ".local/share/cwtui/default.json"
    assert state_path(None, "west") == home / ".local/share/cwtui/west.json"


def test_a_path_that_is_given_is_taken() -> None:
    assert config_path(Path("x.toml")) == Path("x.toml")
    assert state_path(Path("~/x.json"), "west") == Path.home() / "x.json"


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a\\b", "a\n", "-x", "x" * 65, "ü"])
def test_a_profile_cannot_lead_out_of_its_folder(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a profile"):
        state_path(None, name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("1h", timedelta(hours=1)),
        ("1d", timedelta(days=1)),
        (" 10 M ", timedelta(minutes=10)),
    ],
)
def test_periods(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "1.5h", "1h30m", "5 years", "٣m", "9999999d", "5m\n5m"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_duration(text)


@given(st.integers(1, 999_999))
def test_a_period_reads_back(seconds: int) -> None:
    period = timedelta(seconds=seconds)
    assert parse_duration(duration_text(period)) == period
