from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.postgres_server import Server, running_server

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture
def profile() -> str:
    """A state of its own for each test."""
    return f"test-{next(_NUMBERS)}"
