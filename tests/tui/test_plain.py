from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from textual.content import Content

from cwtui.tui.plain import ELLIPSIS, LINE_LIMIT, UNSEEN, clean, clean_lines, content, fit, plain, wrap

ANY_TEXT = st.text(st.characters(), max_size=80)  # surrogates and controls too
HARMLESS_FORMAT = {"\u0600", "\u06dd", "\u070f", "\u08e2", "\U000110bd", "\U000110cd"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Contoso Ltd", "Contoso Ltd", id="an ordinary name is not touched"),
        pytest.param("Łódź & Söhne", "Łódź & Söhne", id="nor are accents"),
        pytest.param("[b]x[/b]", "[b]x[/b]", id="markup is shown, not read"),
        pytest.param("\x1b[31mred", "␛[31mred", id="an escape is seen"),
        pytest.param("\x1b]0;t\x07", "␛]0;t␇", id="so is OSC and its bell"),
        pytest.param("\x9b31m", "�31m", id="a C1 control has no picture"),
        pytest.param("a\r\nb\nc\u2028d\x85e", "a↵b↵c↵d↵e", id="every kind of line break is one mark"),
        pytest.param("a\tb\x7f", "a⇥b␡", id="a tab and a delete"),
        pytest.param("invoice\u202efdp.exe", "invoice�fdp.exe", id="an override reorders nothing, and is seen"),
        pytest.param("a\u200bb\u2060c\ufeff", "abc", id="zero-width characters vanish"),
        pytest.param("\u200b\u200c", UNSEEN, id="a name of nothing else is not empty"),
        pytest.param("a\u00a0b\u3000c", "a b c", id="every space is a space"),
        pytest.param("👨‍👩‍👧", "👨👩👧", id="a joined family stands apart"),
        pytest.param("🇩🇪", "DE", id="a flag is its country code"),
        pytest.param("👍🏽 ❤️", "👍 ❤", id="skin tones and variants go"),
        pytest.param("\u0301a", "◌\u0301a", id="a mark without a letter gets one"),
        pytest.param("a\ud800", "a�", id="half a pair cannot reach the terminal"),
        pytest.param("e\u0301", "é", id="composed where it can be"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_tower_of_marks_is_cut_down() -> None:
    assert len(clean("Z" + "\u0489" * 500)) == 4


@pytest.mark.parametrize("limit", [1, 2, 10, LINE_LIMIT])
def test_a_long_text_is_cut_visibly(limit: int) -> None:
    shown = clean("x" * 10_000, limit)
    assert len(shown) == limit
    assert shown.endswith(ELLIPSIS)


def test_a_long_run_of_nothing_is_seen_as_cut() -> None:
    assert clean("\u200b" * 9_999 + "x", 10) in {UNSEEN, ELLIPSIS}


@given(ANY_TEXT)
def test_clean_leaves_nothing_a_terminal_obeys_or_reorders_by(text: str) -> None:
    for character in clean(text):
        category = unicodedata.category(character)
        assert category not in {"Cc", "Cs", "Co", "Zl", "Zp"}
        assert category != "Cf" or unicodedata.bidirectional(character) in {"AN", "AL", "L"}
    clean(text).encode()


@given(ANY_TEXT, st.integers(1, 40))
def test_clean_holds_its_limit_and_is_settled(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert len(once) <= limit
    assert clean(once, limit) == once


@given(ANY_TEXT, st.integers(-1, 60), st.booleans())
def test_fit_fills_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(clean(text), width, right=right)) == max(width, 0)


@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_fit_hostile_names(hostile: str, width: int) -> None:
    assert cell_len(fit(clean(hostile), width)) == width


@pytest.mark.parametrize(
    ("text", "width", "right", "shown"),
    [
        pytest.param("abc", 5, False, "abc  ", id="left"),
        pytest.param("12.50", 8, True, "   12.50", id="numbers right"),
        pytest.param("abcdef", 4, False, "abc…", id="cut"),
        pytest.param("日本語", 4, False, "日 …", id="a wide letter is not halved"),
        pytest.param("日", 1, False, "…", id="nor squeezed"),
    ],
)
def test_fit(text: str, width: int, right: bool, shown: str) -> None:
    assert fit(text, width, right=right) == shown


@given(ANY_TEXT, st.integers(2, 60))
def test_wrap_keeps_every_letter_within_the_width(text: str, width: int) -> None:
    shown = clean(text)
    lines = wrap(shown, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


def test_wrap_breaks_at_spaces() -> None:
    assert wrap("the agreement has ended already", 13) == ["the agreement", "has ended", "already"]


def test_clean_lines_keeps_meant_line_breaks_only() -> None:
    assert clean_lines("a\n\tb\r\n\x1b[2J") == ["a", "    b", "␛[2J"]
    assert clean_lines("x" * 50, 10) == ["x" * 10, ELLIPSIS]


def test_text_and_content_are_not_markup(hostile: str) -> None:
    assert isinstance(plain(hostile), Text)
    assert plain(hostile).plain == clean(hostile)
    assert plain(hostile).spans == []
    assert isinstance(content(hostile), Content)
    assert content(hostile).plain == clean(hostile)
    assert content(hostile).spans == []
