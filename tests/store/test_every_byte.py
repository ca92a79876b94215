"""One altered byte anywhere in state, journal or earlier state changes nothing, or is refused in words."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cwtui.domain.errors import StateError
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.tasks import Task
from cwtui.store.state import open_state

Make = Callable[..., Task]
FILES = ["state.json", "state.json.journal", "state.json.bak", "state.json.journal.1"]


def made(path: Path, task: Make) -> None:
    """A state folded twice, with a journal behind it, as a killed process leaves it."""
    state = open_state(path)
    for number in range(3):
        state.save_mapping(Mapping(MappingKey(MappingKind.PRODUCT, "MFL-1", "recurring"), 2001 + number))
        state.save_task(task(str(number)))
        state.save_fact("n", number)
        if number < 2:
            state.fold()
    state.documents.leases.close()
    state.documents._log.close()


def everything(path: Path) -> object:
    with closing(open_state(path, read_only=True)) as state:
        return (
            list(state.tasks()),
            [(mapping.key, mapping.connectwise_id) for mapping in state.mappings()],
            state.fact("n"),
        )


@pytest.mark.parametrize("name", FILES)
def test_one_altered_byte_changes_nothing_or_is_told(path: Path, task: Make, name: str) -> None:
    made(path, task)
    file = path.with_name(name)
    whole = file.read_bytes()
    expected = everything(path)
    dice = random.Random(16)  # noqa: S311  # which bit
    refused = 0
    for at in range(len(whole)):
        altered = bytearray(whole)
        altered[at] ^= 1 << dice.randrange(8)
        file.write_bytes(altered)
        try:
            found = everything(path)
        except StateError as error:
            assert "is damaged" in str(error) or "newer cwtui" in str(error)  # noqa: PT017  # it need not be raised
            refused += 1
            for offered in path.parent.glob("*.recovered*"):
                offered.unlink()
        else:
            assert found == expected, f"byte {at} of {name}, {whole[at : at + 1]!r} became {altered[at : at + 1]!r}"
    if name in FILES[:2]:
        assert refused == len(whole)
