from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.running import Cwtui, Sandbox, environment_of, serve


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_sandbox(stack: ExitStack) -> Callable[[], Sandbox]:
    return lambda: serve(stack)


@pytest.fixture
def sandbox(new_sandbox: Callable[[], Sandbox]) -> Sandbox:
    return new_sandbox()


Opened = Callable[..., Cwtui]


@pytest.fixture
def opened(tmp_path: Path, stack: ExitStack) -> Opened:
    """Another state on another sandbox, or the same one."""

    def opened(sandbox: Sandbox, name: str = "state", **environment: str) -> Cwtui:
        folder = tmp_path / name
        folder.mkdir()
        quick = {"CWTUI_SYNC__SETTLE_S": "0.3"}
        cwtui = Cwtui(folder / "state.json", {**environment_of(sandbox.announced), **quick, **environment})
        stack.callback(cwtui.stop)
        return cwtui

    return opened


@pytest.fixture
def cwtui(opened: Opened, sandbox: Sandbox) -> Cwtui:
    return opened(sandbox)
