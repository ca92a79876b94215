"""Who the audit names (hands.md#a-shared-state)."""

from __future__ import annotations

import os

import pytest

from cwtui.store.author import operator


@pytest.mark.parametrize(
    ("sudo", "login", "named", "who"),
    [
        pytest.param("ann", "root", "billing", "ann", id="who called sudo comes first"),
        pytest.param("", "ben", "billing", "ben", id="then the login"),
        pytest.param("", None, "billing", "billing", id="then the name given: a timer has no login"),
        pytest.param("", None, "", "cloud-sync", id="then the account"),
        pytest.param(" \x1b[31mann\n", None, "", "[31mann", id="a name is text, and nothing else"),
    ],
)
def test_who_works_here(sudo: str, login: str | None, named: str, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def logged_in() -> str:
        if login is None:
            raise OSError
        return login

    class Account:
        pw_name = "cloud-sync"

    monkeypatch.setattr(os, "getlogin", logged_in)
    monkeypatch.setattr("pwd.getpwuid", lambda _: Account)
    monkeypatch.setenv("SUDO_USER", sudo)
    monkeypatch.setenv("CWTUI_OPERATOR", named)
    assert operator() == f"{who}@{os.uname().nodename}"
