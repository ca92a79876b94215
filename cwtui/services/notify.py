"""Notifications through Apprise: one message per run to the addresses of the settings (settings.md#notifications)."""

from __future__ import annotations

import asyncio
import logging
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from cwtui.domain.lazily import dataclass
from cwtui.domain.plain_text import plain_text

if TYPE_CHECKING:
    from apprise import NotifyBase

LIMIT_S = 20.0
"""Seconds that a notification may take."""
_NAMES_SHOWN = 5
_NAME_WIDTH = 200


class Event(StrEnum):
    """What a notification may be about (settings.md#notifications)."""

    ERRORS = "errors"
    ACTION_NEEDED = "action_needed"
    CREATED = "created"
    SYNCED = "synced"


_IN_WORDS = {
    Event.ERRORS: "failed",
    Event.ACTION_NEEDED: "need action",
    Event.CREATED: "created",
    Event.SYNCED: "synced",
}


@dataclass(frozen=True, slots=True)
class News:
    """How often something happened in a run, and to which tasks (or with which messages), as text."""

    event: Event
    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a line for the subject and a short plain text."""

    title: str
    body: str


def message_about(news: Iterable[News], on: Collection[str], *, profile: str) -> Message | None:
    """The message about a run, or None if no event of `on` happened.

    Everything that happened is counted in it, so that the reader sees the whole run.
    """
    happened = [item for item in news if item.count > 0]
    if not any(item.event in on for item in happened):
        return None
    counts = ", ".join(f"{item.count} {_IN_WORDS[item.event]}" for item in happened)
    blocks = [_block(item) for item in happened]
    return Message(f"cwtui ({plain_text(profile)}): {counts}", "\n\n".join(blocks))


def _block(item: News) -> str:
    shown = [f"- {plain_text(name, _NAME_WIDTH)}" for name in item.names[:_NAMES_SHOWN]]
    left_off = item.count - len(shown)
    more = [f"- and {left_off} more"] if shown and left_off > 0 else []
    return "\n".join([f"{item.count} {_IN_WORDS[item.event]}", *shown, *more])


async def send(message: Message, urls: Sequence[str], *, limit_s: float = LIMIT_S) -> tuple[str, ...]:
    """Send a message to every address, side by side.

    Args:
        message: What to say.
        urls: Apprise URLs; they hold secrets, so failures name their place in the settings and their scheme only.
        limit_s: How long to wait for a server; after that neither the caller nor the process waits.

    Returns:
        One text per address that did not take the message; never raises for one that is wrong or unreachable.
    """
    if not urls:
        return ()
    outcomes = await asyncio.gather(*(_sent(message, url, limit_s) for url in urls))
    return tuple(
        f"Notification {number} ({_scheme(url)}) {outcome}. The run itself is not affected. "
        f"Check entry {number} of notify.urls and that its server can be reached."
        for number, (url, outcome) in enumerate(zip(urls, outcomes, strict=True), 1)
        if outcome
    )


def is_known(url: str) -> bool:
    """Whether some service understands an address; nothing is sent."""
    return _service(url) is not None


def _scheme(url: str) -> str:
    return plain_text(url.partition(":")[0], 20) if "://" in url else "no address"


def _service(url: str) -> NotifyBase | None:
    """Apprise's service for an address; None if there is none.

    Apprise logs what it sends and where to; what failed is said by `send`, without the address.
    """
    logger = logging.getLogger("apprise")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that its plugins still use
        import apprise  # noqa: PLC0415  # 100 ms, and most runs have nobody to tell

        return apprise.Apprise.instantiate(url, suppress_exceptions=True) or None


async def _sent(message: Message, url: str, limit_s: float) -> str:
    """An empty text, or what went wrong.

    Each address has a thread that the process does not wait for at its end; Apprise's own pool would be waited for.
    """
    service = _service(url)
    if service is None:
        return "is not an address Apprise knows"
    loop = asyncio.get_running_loop()
    said: asyncio.Future[str] = loop.create_future()

    def tell(outcome: str) -> None:
        if not said.done():
            said.set_result(outcome)

    def work() -> None:
        outcome = _delivered(service, message)
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits any more
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=work, daemon=True, name="cwtui notification").start()
    try:
        async with asyncio.timeout(limit_s):
            return await said
    except TimeoutError:
        return f"was not taken within {limit_s:g} seconds"


def _delivered(service: NotifyBase, message: Message) -> str:
    from apprise import NotifyFormat, conversion  # noqa: PLC0415  # loaded by now

    convert: Callable[..., str] = conversion.convert_between
    try:
        body = convert(NotifyFormat.TEXT, service.notify_format, message.body)
        is_delivered = service.notify(body=body, title=message.title, body_format=NotifyFormat.TEXT)
    except Exception as error:  # noqa: BLE001  # a plugin's mistake, in a thread that nobody else watches
        return f"failed ({type(error).__name__})"
    return "" if is_delivered else "was not delivered"
