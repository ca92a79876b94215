"""Names as an attacker, or bad luck, may write them: for everything that shows outside text."""

from __future__ import annotations

import pytest

HOSTILE = {
    "rich markup": "[bold red]x[/] [/] [@click=app.quit]y[/]",
    "an unclosed tag": "[/nothing] [",
    "a colour escape": "\x1b[31mred\x1b[0m",
    "a cleared screen": "\x1b[2J\x1b[H",
    "a title by OSC": "\x1b]0;pwned\x07",
    "a link by OSC 8": "\x1b]8;;https://example.com\x1b\\here\x1b]8;;\x1b\\",
    "C1 controls": "\x9b31m\x9d0;x\x9c",
    "line breaks": "one\ntwo\r\nthree\u2028four\x85five",
    "tabs": "a\tb\tc",
    "a bell and backspaces": "abc\x07\x08\x08\x08xyz",
    "10,000 letters": "x" * 10_000,
    "10,000 wide letters": "語" * 10_000,
    "right to left": "שלום עולם وعليكم السلام",
    "an override": "invoice\u202efdp.exe",
    "isolates": "\u2066a\u2067b\u2069\u2069",
    "a joined family": "👨‍👩‍👧‍👦 & 👍🏽 ❤️ 1️⃣",
    "flags": "🇩🇪🇫🇷",
    "a tower of marks": "Z" + "\u0301\u0320\u0489" * 60 + "!",
    "a mark without a letter": "\u0301abc",
    "nothing to see": "\u200b\u200c\u2060\ufeff" * 100,
    "half a pair": "a\ud800b",
    "wide letters": "日本語の会社",
    "Devanagari": "हिन्दी",
    "Hangul parts": "\u1100\u1161\u11a8\u1161\u1161",
    "an unassigned letter": "a\U000e1234b\u0378",
    "nothing": "",
}


@pytest.fixture(params=[pytest.param(text, id=name) for name, text in HOSTILE.items()])
def hostile(request: pytest.FixtureRequest) -> str:
    """Each hostile name in turn."""
    text: str = request.param
    return text


@pytest.fixture
def hostile_names() -> tuple[str, ...]:
    """All of them at once, for one screen full of them."""
    return tuple(HOSTILE.values())
