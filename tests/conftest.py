"""What no test may see: the real network, home folder, settings, keyring, time zone or locale."""

from __future__ import annotations

import ipaddress
import locale
import os
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

from cwtui.domain.problems import Problem
from cwtui.services.http_policy import TRIES
from cwtui.wording.problems import prepared

# Before anything imports keyring, and for every process a test starts: a keyring that keeps nothing.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
# A zone whose offset is neither whole hours nor Python's default, and in which the day is often another one.
os.environ["TZ"] = "Pacific/Chatham"
time.tzset()
os.environ["LC_ALL"] = "C"
locale.setlocale(locale.LC_ALL, "C")

# A busy machine is slow, not wrong.
settings.register_profile("cwtui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cwtui")

_HOME_VARIABLES = {
    "HOME": ".",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}


class RealNetwork(BaseException):
    """A test tried to reach another machine. Not an Exception, so that no retry or translation hides it."""


def _is_loopback(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _retries_without_pauses() -> Generator[None]:
    """As many tries as ever, and no wait between them; processes that a test starts do wait."""
    with stamina.set_testing(testing=True, attempts=TRIES):
        yield


@pytest.fixture(autouse=True)
def _no_real_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise RealNetwork(f"connection to {address}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise RealNetwork(f"connection to {address}")
        return connect_ex(self, address)

    def guarded_lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            raise RealNetwork(f"look-up of {host}")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_lookup)


@pytest.fixture(autouse=True)
def _no_real_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path_factory.mktemp("home")
    for name, below in _HOME_VARIABLES.items():
        monkeypatch.setenv(name, str(home / below))
    for name in list(os.environ):
        if name.upper().startswith(("CWTUI_", "_CWTUI_")):
            monkeypatch.delenv(name)
    assert Path.home() == home


@pytest.fixture(autouse=True)
def _every_problem_has_its_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes a problem gives every fact that its sentence asks for (commands.md#words-for-people)."""
    make = Problem.__init__

    def made(self: Problem, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        prepared(self.code, self.case)(self.facts)

    monkeypatch.setattr(Problem, "__init__", made)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed that the tests need, a test that is skipped has failed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skipping. {reason}"
    return report
