"""The mapping tables in memory (mapping.md#a-mapping-stays).

Rules: mapping.md#mapping-a-charge.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.mappings import Mapping, MappingKey, MappingKind, Mappings

ROWS = st.builds(
    Mapping,
    st.builds(MappingKey, st.sampled_from(MappingKind), st.sampled_from("ABC"), st.sampled_from(["", "setup"])),
    st.integers(1, 3),
)


def by_key(rows: list[Mapping]) -> dict[MappingKey, int]:
    return {row.key: row.connectwise_id for row in rows}


@given(rows=st.lists(ROWS), dropped=st.lists(ROWS))
def test_they_hold_what_was_put_last_and_not_dropped(rows: list[Mapping], dropped: list[Mapping]) -> None:
    mappings, expected = Mappings(rows), by_key(rows)
    for row in dropped:
        assert mappings.drop(row.key) is (expected.pop(row.key, None) is not None)
    assert by_key(list(mappings)) == expected
    assert len(mappings) == len(expected)
    for kind in MappingKind:
        mine = {key: target for key, target in expected.items() if key.kind is kind}
        assert by_key(list(mappings.of_kind(kind))) == mine
        assert mappings.targets(kind) == set(mine.values())


@given(rows=st.lists(ROWS, unique_by=lambda row: row.key), changes=st.lists(ROWS), at=st.integers(0, 5))
def test_the_fingerprint_is_that_of_what_is_mapped(rows: list[Mapping], changes: list[Mapping], at: int) -> None:
    mappings = Mappings(rows)
    for number, row in enumerate(changes):
        if number == at:
            assert mappings.fingerprint == Mappings(mappings).fingerprint
        if number % 2:
            mappings.put(row)
        else:
            mappings.drop(row.key)
    again = Mappings(reversed(list(mappings)))
    assert mappings.fingerprint == again.fingerprint
    again.put(Mapping(MappingKey(MappingKind.PRODUCT, "another"), 1))
    assert mappings.fingerprint != again.fingerprint
