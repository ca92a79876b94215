"""A file as people give it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.tui.typed_path import typed_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("a.csv", "a.csv", id="typed"),
        pytest.param(" a.csv ", "a.csv", id="spaces around it"),
        pytest.param("'/data/my file.csv'", "/data/my file.csv", id="single quotes"),
        pytest.param('"/data/my file.csv"', "/data/my file.csv", id="double quotes"),
        pytest.param(r"/data/my\ file\ \(1\).csv", "/data/my file (1).csv", id="escaped, as a terminal drops it"),
        pytest.param("file:///data/my%20file.csv", "/data/my file.csv", id="an address, as a file manager drops it"),
        pytest.param("it's.csv", "it's.csv", id="a quote of its own"),
        pytest.param("'half", "'half", id="a quote that is not closed"),
        pytest.param('"', '"', id="a quote alone"),
        pytest.param(r"C:\data\file.csv", r"C:\data\file.csv", id="between names on Windows"),
    ],
)
def test_what_is_meant(text: str, path: str) -> None:
    assert typed_path(text) == Path(path)


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert typed_path("'~/a.csv'") == Path("/home/ann/a.csv")
