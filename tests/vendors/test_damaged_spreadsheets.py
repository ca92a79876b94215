"""A share of the grammar of damaged spreadsheets: what is counted without a doubt is the whole."""

from __future__ import annotations

import pytest

from fuzz.spreadsheets import check, make, read

FILES = 400


@pytest.mark.parametrize("first", range(0, FILES * 5, FILES))
def test_what_is_counted_without_a_doubt_is_the_whole(first: int) -> None:
    counted = sum(check(seed) for seed in range(first, first + FILES))
    assert counted > FILES // 2, "most files have something that can be counted"


def test_the_oracle_sees_a_row_that_is_lost() -> None:
    """A reader that leaves a row out is found: the truth of a file is more than its other rows."""
    text = next(text for text, sheet in map(make, range(100)) if not sheet.unknown and len(sheet.truth) > 1)
    header, _, rows = text.partition("note")
    assert read(f"{header}note\n{rows.splitlines()[-1]}").counts != read(text).counts
