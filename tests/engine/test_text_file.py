"""The text of a file in whatever encoding a spreadsheet or a portal chose."""

from __future__ import annotations

import pytest

from cwtui.engine.text_file import decoded

HEADER = "account_id,name,country\nX1,"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("Müller & Söhne GmbH", "cp1252", id="German"),
        pytest.param("Société Générale – “l’été” €5", "cp1252", id="French, with typographic signs"),
        pytest.param("¿Qué? Peñón", "cp1252", id="Spanish"),
        pytest.param("É", "cp1252", id="one accented letter in the whole file"),
        pytest.param("Müllerée", "cp1252", id="accents beside each other"),
        pytest.param("Иванов и сыновья, Москва", "cp1251", id="Cyrillic: hardly a plain letter in its words"),
        pytest.param("株式会社サンプル", "shift_jis", id="Japanese"),
        pytest.param("株式会社", "utf-8", id="UTF-8"),
        pytest.param("Ελληνικά", "utf-16", id="UTF-16"),
        pytest.param("Ελληνικά", "utf-8-sig", id="UTF-8 with its mark"),
    ],
)
def test_names_come_through_as_they_were_written(text: str, encoding: str) -> None:
    assert decoded(f"{HEADER}{text},DE\n".encode(encoding)) == f"{HEADER}{text},DE\n"


def test_bytes_that_are_no_text() -> None:
    assert decoded(bytes(range(256)) * 10) is None
