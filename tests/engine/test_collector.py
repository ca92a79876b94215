"""The collector pauses, and goes on as it was before."""

from __future__ import annotations

import gc

import pytest

from cwtui.engine.collector import collector_paused


@pytest.mark.parametrize("is_on", [True, False], ids=["was on", "was off"])
def test_the_collector_is_as_before_afterwards(is_on: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        with collector_paused():
            assert not gc.isenabled()
            with collector_paused():
                pass
            assert not gc.isenabled()
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if before else gc.disable)()


def test_an_error_ends_the_pause() -> None:
    @collector_paused()
    def fails() -> None:
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fails()
    assert gc.isenabled()
