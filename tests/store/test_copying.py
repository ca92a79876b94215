"""Where a state may be copied to (hands.md#copying-a-state)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwtui.domain.errors import InputError
from cwtui.store.copying import open_place


@pytest.mark.parametrize(
    "place", ["mysql://x/y", "https://db.example/cwtui", "file:///tmp/x", "postgresql+psycopg://x/y"]
)
def test_an_address_of_something_else_is_no_path(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"cannot be kept at .*://….*Name a file, or a database"):
        open_place(place, "default")
    assert list(tmp_path.iterdir()) == []
