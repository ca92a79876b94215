from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.engine.mapping.suggest import SearchEntries, search

ENTRIES = (
    "Contoso Retail",
    "Café Contoso",
    "Microsoft 365 Business Premium",
    "Microsoft 365 Business Basic",
    "Premium Support",
    "Discontosoed",
    "#1 Plumbing *gold*",
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("contoso", [0, 1, 5], id="from its beginning, then at a word, then anywhere"),
        pytest.param("CONTOSO ret", [0, 1, 5], id="case; an unfinished word; then what resembles it"),
        pytest.param("cafe", [1], id="accents"),
        pytest.param("basic 365", [3], id="words in any order"),
        pytest.param("premium", [4, 2], id="from its beginning first"),
        pytest.param("micorsoft", [2, 3], id="typo"),
        pytest.param("*", [6], id="punctuation is searched as it stands"),
        pytest.param("qqqq", [], id="nothing"),
        pytest.param("", [0, 1, 2], id="no query: the first as they stand"),
    ],
)
def test_search(query: str, found: list[int]) -> None:
    limit = 3
    result = search(query, ENTRIES, limit)
    assert result == found


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=8), st.integers(0, 5))
def test_positions_are_distinct_valid_and_limited(query: str, entries: list[str], limit: int) -> None:
    prepared = SearchEntries(entries)
    found = search(query, prepared, limit)
    assert len(found) == len(set(found)) <= limit
    assert all(0 <= position < len(prepared) for position in found)
    assert found == search(query, entries, limit)


@given(st.lists(st.from_regex(r"[a-z]{3,8} [a-z]{3,8}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_what_is_typed_in_full_is_found_first(entries: list[str]) -> None:
    assert search(entries[-1], entries, 1) == [len(entries) - 1]
