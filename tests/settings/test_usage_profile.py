"""A column profile added to the settings file (files.md#profiles)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.domain.errors import ConfigError
from cwtui.settings import load_settings
from cwtui.settings.checking import with_usage
from cwtui.settings.saving import save_usage

LAYOUT = {"agreement_type": "Backup", "columns": {"account_id": "Kunde", "sku": "Artikel", "quantity": "Menge"}}


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        pytest.param("", "default", id="an empty file"),
        pytest.param("# ours\n[sync]\nauto = true\n", "default", id="other settings, with a comment"),
        pytest.param('[usage.other]\nagreement_type = "X"\n', "default", id="another profile of columns"),
        pytest.param("[profiles.west.sync]\nauto = true\n", "west", id="a profile of settings"),
    ],
)
def test_it_is_read_back_and_everything_else_stays(tmp_path: Path, text: str, profile: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    before = load_settings(path, profile)
    save_usage("backup", LAYOUT, path, profile)
    after = load_settings(path, profile)
    assert after.usage.layouts["backup"].agreement_type == "Backup"
    assert after.usage.layouts["backup"].columns == LAYOUT["columns"]
    assert set(before.usage.layouts) | {"backup"} == set(after.usage.layouts)
    assert after.sync == before.sync
    assert text.splitlines()[:1] == path.read_text(encoding="utf-8").splitlines()[: len(text.splitlines()[:1])]


@pytest.mark.parametrize(
    ("name", "layout", "said"),
    [
        pytest.param("Back Up", LAYOUT, "cannot be the name", id="no name"),
        pytest.param("", LAYOUT, "cannot be the name", id="an empty name"),
        pytest.param("intermedia", LAYOUT, "already", id="Intermedia's"),
        pytest.param("pax8", LAYOUT, "already", id="one that comes with cwtui"),
        pytest.param("backup", {**LAYOUT, "agreement_type": ""}, "is wrong", id="no agreement type"),
        pytest.param("backup", {**LAYOUT, "colums": {}}, "is wrong", id="a key that there is none of"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str, layout: dict[str, object], said: str) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    settings = load_settings(path)
    with pytest.raises(ConfigError, match=said):
        with_usage(settings, name, layout)
