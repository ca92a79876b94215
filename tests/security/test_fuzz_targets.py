"""The fuzz targets for a few hundred inputs; atheris tries millions (docs/fuzzing.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS, RawAnswer, Target, questions

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
PLAIN, SEALED = b"", b"\x80"

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("2026-11-23")
documents = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=8
)


@st.composite
def altered(draw: st.DrawFn, document: Any) -> Any:
    """A document with something else in one place, or one place less."""
    if isinstance(document, dict) and document:
        key = draw(st.sampled_from(sorted(document)))
        if draw(st.integers(0, 9)) == 0:
            return {name: value for name, value in document.items() if name != key}
        return {**document, key: draw(altered(document[key]))}
    if isinstance(document, list) and document:
        place = draw(st.integers(0, len(document) - 1))
        return [*document[:place], draw(altered(document[place])), *document[place + 1 :]]
    return draw(documents)


@pytest.fixture(scope="module")
def seeds() -> dict[str, list[bytes]]:
    return {name: list(seeds()) for name, seeds in SEEDS.items()}


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_program_writes_and_the_sandbox_answers_is_taken(name: str, seeds: dict[str, list[bytes]]) -> None:
    taken = [TARGETS[name](seed) for seed in seeds[name]]
    assert sum(taken) >= len(taken) / 4, "seeds that are refused lead fuzzing nowhere"


@pytest.mark.parametrize("start", [PLAIN, SEALED], ids=["as it is", "sealed"])
@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_taken_or_refused_in_words(name: str, start: bytes) -> None:
    target = TARGETS[name]

    @few
    @given(st.binary(max_size=300))
    def tried(data: bytes) -> None:
        target(start + data)

    tried()


def altered_seeds(seeds: list[bytes], head: int) -> st.SearchStrategy[bytes]:
    """Seeds that are JSON after their first bytes, with something else in one place."""
    readable = [(seed[:head], orjson.loads(seed[head:])) for seed in seeds if _is_json(seed[head:])]
    return st.sampled_from(readable).flatmap(
        lambda pair: altered(pair[1]).map(lambda document: pair[0] + _json(document))
    )


def _is_json(data: bytes) -> bool:
    try:
        return bool(orjson.loads(data)) and data[:1] in b"[{"
    except orjson.JSONDecodeError:
        return False


def _json(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:  # an integer beyond 64 bits, half a surrogate pair
        return b"[]"


@pytest.mark.parametrize(("name", "head"), [("state", 1), ("journal", 1), ("answers", 4)])
def test_good_documents_with_something_else_in_one_place(name: str, head: int, seeds: dict[str, list[bytes]]) -> None:
    target: Target = TARGETS[name]

    @settings(few, max_examples=250)
    @given(altered_seeds(seeds[name], head))
    def tried(data: bytes) -> None:
        target(data)

    tried()


@few
@given(
    st.lists(st.tuples(st.sampled_from(["kind", "charge", "customer", "'=1+1", "=1+1", "7"]), st.text()), max_size=8)
)
def test_any_rows_of_a_mapping_file(cells: list[tuple[str, str]]) -> None:
    rows = "\n".join(f"{one},{other},,1" for one, other in cells)
    TARGETS["csv"](f"kind,marketplace_id,charge,connectwise_id\n{rows}".encode("utf-8", "replace"))


@pytest.mark.parametrize("headers", ["Retry-After", "Date", "Link", "Content-Encoding"])
def test_any_header_value(headers: str) -> None:
    place = ["Retry-After", "Date", "Link", "Content-Encoding"].index(headers) * 4 + 1
    values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
    known = st.sampled_from(["gzip", "deflate", "br", "9" * 400, "Mon, 99 Nov 99999 12:00:00 +9999", '<x>; rel="next"'])

    @few
    @given(st.integers(0, questions() - 1), st.integers(0, 15), values | known)
    def tried(which: int, status: int, value: str) -> None:
        TARGETS["answers"](bytes([which, status, 0, place]) + value.encode() + b"\n[]")

    tried()


def test_every_content_type_is_tried_with_every_status() -> None:
    answer: Callable[[bytes], bool] = TARGETS["answers"]
    for status in range(16):
        for content_type in range(7):
            head = bytes([10, status, content_type, 0])
            assert RawAnswer.of(head + b"x").body == b"x"
            answer(head + b"<title>x</title>\xff\x00")


TEXTS = ["connectwise.base_url", "connectwise.client_id", "connectwise.company_id", "connectwise.private_key"]
TEXTS += ["marketplace.base_url", "marketplace.subscription_key", "marketplace.username", "marketplace.token_url"]
CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(".:/@-\u2013\u00e4\n\x00\x7f[]")


@pytest.mark.parametrize("key", TEXTS)
def test_any_text_of_a_setting_is_sent_or_refused_in_words(key: str, seeds: dict[str, list[bytes]]) -> None:
    section, name = key.split(".")

    @few
    @given(st.text(CHARACTERS, max_size=20), st.sampled_from(["", "https://", "https://a..b", "https://na."]))
    def tried(text: str, start: str) -> None:
        for seed in seeds["settings"][:2]:
            document = tomlkit.parse(seed.decode())
            document[section][name] = start + text
            TARGETS["settings"](tomlkit.dumps(document).encode())

    tried()
