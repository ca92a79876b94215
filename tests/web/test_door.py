"""Who may come in to `cwtui web`."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from cwtui.domain.errors import ConfigError
from cwtui.web import Door, names_of, public_origin, serve

OPEN = Door(("http://127.0.0.1:8000", "http://localhost:8000"))
LOCKED = Door(("http://10.0.0.5:8000",), token="right")
PROXIED = Door(("https://billing.example.com", "http://127.0.0.1:8000"), token="right")


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
        pytest.param(OPEN, "localhost:8000", "http://localhost:8000", "", True, id="loopback by its name"),
        pytest.param(OPEN, "localhost:8000", "http://127.0.0.1:8000", "", False, id="one name's page to the other's"),
        pytest.param(PROXIED, "Billing.Example.com", "https://billing.example.com", "right", True, id="a proxy's name"),
        pytest.param(PROXIED, "billing.example.com:9", None, "right", False, id="the proxy's name on another port"),
    ],
)
def test_who_comes_in(door: Door, host: str, sender: str | None, shown: str, is_in: bool) -> None:
    assert (door.refusal(host, sender, shown) == "") is is_in


def test_a_server_on_all_networks_answers_by_the_hosts_names_and_addresses() -> None:
    names = names_of(ipaddress.ip_address(0))
    assert {"127.0.0.1", "localhost", socket.gethostname().lower()} <= set(names)
    assert str(ipaddress.ip_address(0)) not in names


def test_the_cookie_is_of_this_port_and_guarded_by_tls() -> None:
    assert PROXIED.cookie_of("127.0.0.1:8000", 8000) == "cwtui_token_8000"
    assert PROXIED.cookie_of("billing.example.com", 8000) == "__Host-cwtui_8000"


@pytest.mark.parametrize("name", ["", "a b:x", "https://", "user@host", "host/path", "host:port"])
def test_what_is_no_public_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no public name"):
        public_origin(name)


def test_a_host_name_is_refused_before_anything_listens() -> None:
    with pytest.raises(ConfigError, match="not an IP address"):
        serve("localhost", 8000, [], with_token=False, most=1)
