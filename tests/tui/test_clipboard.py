"""A copy says what is known about it."""

from __future__ import annotations

import pytest

from cwtui.tui.clipboard import copied_words


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({}, "paste to see", id="any terminal"),
        pytest.param({"TMUX": "/run/tmux/default,1,0"}, "`set -g set-clipboard on`", id="tmux"),
        pytest.param({"STY": "1.pts"}, "GNU screen does not pass it on", id="screen"),
        pytest.param({"TERM_PROGRAM": "Apple_Terminal"}, "Apple's Terminal does not take it", id="Terminal"),
    ],
)
def test_where_it_may_be_lost(environment: dict[str, str], said: str) -> None:
    words = copied_words("one\ntwo", environment)
    assert words.startswith("2 lines sent to the terminal's clipboard.")
    assert said in words
    assert "Copied" not in words


def test_one_line_and_a_long_text() -> None:
    assert copied_words("one", {}).startswith("1 line sent")
    assert "many terminals drop" in copied_words("x" * 80_000, {})
