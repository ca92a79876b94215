from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.plain_text import columns, plain_text, stored_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Green Lane LLC", "Green Lane LLC"),
        ("Müller & Söhne — 株式会社 ✓", "Müller & Söhne — 株式会社 ✓"),
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("one\r\ntwo\tthree", "one␍␊two␉three"),
        ("\x9b31m", "<U+009B>31m"),
        ("\x7f", "␡"),
        ("a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d"),
        ("a\u2028b\ufeffc\u200bd", "a<U+2028>b<U+FEFF>c<U+200B>d"),
        ("\ud800", "<U+D800>"),
        ("a\u3000b\u2003c", "a b c"),
        ("👩\u200d💻", "👩\u200d💻"),
        (118, "118"),
    ],
)
def test_what_could_do_harm_is_made_visible(text: object, shown: str) -> None:
    assert plain_text(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("Green Lane", 10, "Green Lane"),
        ("Green Lane", 9, "Green La…"),
        ("株式会社", 8, "株式会社"),
        ("株式会社", 7, "株式会…"),
        ("株式会社", 6, "株式…"),
        ("a\nb", 2, "a…"),
        ("long", 1, "…"),
        ("long", 0, ""),
    ],
)
def test_width(text: str, width: int, shown: str) -> None:
    assert plain_text(text, width) == shown


@given(st.text(), st.integers(0, 40))
def test_every_text_is_one_harmless_line_that_fits(text: str, width: int) -> None:
    shown = plain_text(text, width)
    assert columns(shown) <= width
    assert all(char.isprintable() or char in "\u00a0\u200c\u200d" for char in shown)
    assert len(shown.splitlines()) <= 1
    assert plain_text(plain_text(text)) == plain_text(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [("two\r\nlines", "two lines"), ("a\nb\rc\td", "a b c d"), ("\x00\x1b\x7f", "   "), ("Müller  中", "Müller  中")],
)
def test_a_text_as_connectwise_stores_it(text: str, stored: str) -> None:
    assert stored_text(text) == stored
