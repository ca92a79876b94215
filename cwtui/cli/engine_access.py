"""Opens one engine for a command, and closes it when the command is done."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from cwtui.cli.answer import tell
from cwtui.cli.global_options import current_options
from cwtui.cli.progress import StderrListener
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Listener
from cwtui.options import Options

if TYPE_CHECKING:
    from cwtui.composition import Composition

T = TypeVar("T")
Opened = TypeVar("Opened")


def open_engine(options: Options, listener: Listener) -> AbstractAsyncContextManager[Engine]:
    """The composition root's engine; tests put another one here."""
    from cwtui.composition import open_engine as compose  # noqa: PLC0415  # loads everything

    return compose(options, listener)


def with_engine(ask: Callable[[Engine], Awaitable[T]], *, only_reads: bool = False) -> T:
    """Open the engine the global options describe, ask it something, and close it.

    Args:
        ask: The question; the engine is open while it runs.
        only_reads: The question changes no state, so another process may hold the state meanwhile (a service under
            `--every`).

    Raises:
        CwtuiError: What the engine raised.
        click.Abort: Interrupted a second time, or while nothing can be lost.
    """
    return _with(open_engine, ask, only_reads=only_reads)


def open_composition(options: Options, listener: Listener) -> AbstractAsyncContextManager[Composition]:
    """Everything the composition root builds; tests put another one here."""
    from cwtui.composition import compose  # noqa: PLC0415  # loads everything

    return compose(options, listener)


def with_composition(ask: Callable[[Composition], Awaitable[T]], *, only_reads: bool = False) -> T:
    """Like `with_engine`, for commands that need a vendor's steps beside the engine."""
    return _with(open_composition, ask, only_reads=only_reads)


def _with(
    open_it: Callable[[Options, Listener], AbstractAsyncContextManager[Opened]],
    ask: Callable[[Opened], Awaitable[T]],
    *,
    only_reads: bool,
) -> T:
    if current_options().verbose:
        _log_to_stderr()

    options = replace(current_options().options(), read_only_ok=only_reads)

    async def asked() -> T:
        with StderrListener() as listener:
            async with open_it(options, listener) as opened:
                return await ask(opened)

    try:
        return asyncio.run(asked())
    except asyncio.CancelledError:
        raise click.Abort from None


def _log_to_stderr() -> None:
    """Log cwtui's own lines; httpx's would show addresses with their queries."""
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("cwtui")
    logger.addHandler(writer)
    logger.setLevel(logging.DEBUG)


class Endable(Protocol):
    """What a signal ends."""

    def end(self) -> None:
        """End before the next write, and wait for no service longer than a moment."""


@contextmanager
def stoppable(engine: Endable) -> Iterator[asyncio.Event]:
    """SIGINT and SIGTERM end the run between two writes (commands.md#auto); the same signal again ends it at once.

    Yields:
        An event that is set when the run shall end.
    """
    loop, stop, running = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()

    def asked_to_stop() -> None:
        if stop.is_set():
            if running is not None:
                running.cancel()
            return
        stop.set()
        engine.end()
        tell("Stopping before the next write. Press Ctrl-C again to stop at once.")

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, asked_to_stop)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
