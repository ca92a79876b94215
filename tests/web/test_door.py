"""Who may come in to `cwtui web`."""

from __future__ import annotations

import pytest

from cwtui.domain.errors import ConfigError
from cwtui.web import Door, serve

OPEN = Door("http://127.0.0.1:8000")
LOCKED = Door("http://10.0.0.5:8000", token="right")


@pytest.mark.parametrize(
    ("door", "host", "sender", "shown", "is_in"),
    [
        pytest.param(OPEN, "127.0.0.1:8000", None, "", True, id="loopback asks no token"),
        pytest.param(OPEN, "127.0.0.1:8000", "http://127.0.0.1:8000", "", True, id="its own page"),
        pytest.param(OPEN, "127.0.0.1:8000", "http://evil.example", "", False, id="another page"),
        pytest.param(OPEN, "evil.example:8000", None, "", False, id="another name for this host"),
        pytest.param(LOCKED, "10.0.0.5:8000", None, "", False, id="no token"),
        pytest.param(LOCKED, "10.0.0.5:8000", None, "wrong", False, id="a wrong token"),
        pytest.param(LOCKED, "10.0.0.5:8000", None, "rightt", False, id="almost the token"),
        pytest.param(LOCKED, "10.0.0.5:8000", None, "right", True, id="the token"),
    ],
)
def test_who_comes_in(door: Door, host: str, sender: str | None, shown: str, is_in: bool) -> None:
    assert (door.refusal(host, sender, shown) == "") is is_in


def test_a_host_name_is_refused_before_anything_listens() -> None:
    with pytest.raises(ConfigError, match="not an IP address"):
        serve("localhost", 8000, [], with_token=False)
