"""Numbers and texts that a client may send and nobody can keep, and those that come back as they were written."""

from __future__ import annotations

import pytest

from cwtui.sandbox import exact_json


@pytest.mark.parametrize(
    "text",
    ["1.50", "0.10", "123456789012345678901234567890", "9223372036854775808", "[-18446744073709551616]", '"é\\"😀"'],
)
def test_what_comes_back_as_it_was_written(text: str) -> None:
    assert exact_json.dumps(exact_json.loads(text)).decode() == text


@pytest.mark.parametrize("text", ["1e999999999", "1E-999999999", "-2.5e309", '"\\ud800"', '{"\\uDFFF": 1}', "NaN", ""])
@pytest.mark.parametrize("as_bytes", [False, True], ids=["text", "bytes"])
def test_what_cannot_be_kept(text: str, *, as_bytes: bool) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of whichever kind
        exact_json.loads(text.encode() if as_bytes else text)


def test_a_character_in_two_halves_is_one() -> None:
    assert exact_json.loads('"\\ud83d\\ude00"') == "😀"
