"""Notifications: what a run reports, and whether it was reported before (settings.md#notifications)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from cwtui.domain.plain_text import plain_text
from cwtui.domain.records import Told
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.reports import AutoReport
from cwtui.services.notify import Event, Message, News, message_about, send
from cwtui.settings import Settings
from cwtui.store.state import State
from cwtui.wording.problems import sentence

_STANDING = (Event.ERRORS, Event.ACTION_NEEDED)
"""Events that last from run to run; `created` and `synced` belong to one run and are reported with it."""


def news_of(report: AutoReport) -> tuple[News, ...]:
    """What happened in a run, by name."""
    failed = [f"{name_of(task)}: {task.note}" for task in report.tasks if task.status is TaskStatus.FAILED]
    waiting = [f"{name_of(task)}: {_why(task)}" for task in report.tasks if task.status is TaskStatus.NEEDS_ACTION]
    waiting += [
        f"{name_of(task)}: {' '.join(task.warnings)}"
        for task in report.tasks
        if task.status is TaskStatus.SYNCED and task.is_warned
    ]
    waiting += report.unread
    errors = [*report.errors, *failed]
    return (
        News(Event.ERRORS, len(errors), tuple(errors)),
        News(Event.ACTION_NEEDED, len(waiting), tuple(waiting)),
        News(Event.CREATED, report.created),
        News(Event.SYNCED, report.synced),
    )


def name_of(task: Task) -> str:
    """A task as people know it: the customer, and the order."""
    return f"{task.customer_name}, {task.order_number}"


def _why(task: Task) -> str:
    return " ".join(sentence(problem) for problem in task.problems) or task.note


def marks_of(news: Iterable[News], on: Collection[str]) -> frozenset[str]:
    """One mark for each lasting event to report."""
    return frozenset(_marks(news, on))


def _marks(news: Iterable[News], on: Collection[str]) -> Iterator[str]:
    for item in news:
        if item.event in _STANDING and item.event in on:
            for name in item.names:
                yield hashlib.sha256(f"{item.event}:{name}".encode()).hexdigest()[:16]


def is_new(news: Iterable[News], on: Collection[str], told: Told | None, *, now: datetime, remind: timedelta) -> bool:
    """Whether some mark was never reported, or too long ago."""
    items = tuple(news)
    if any(item.count and item.event in on and item.event not in _STANDING for item in items):
        return True
    marks = marks_of(items, on)
    if told is None:
        return any(item.count and item.event in on for item in items)
    return bool(marks - told.marks) or (bool(marks) and not timedelta(0) <= now - told.at < remind)


async def notify(settings: Settings, report: AutoReport, state: State, now: datetime) -> Sequence[str]:
    """Send one message about a run to the addresses of the settings (settings.md#notifications)."""
    if not settings.notify.urls or report.dry_run:
        return ()
    on, news = settings.notify.on, news_of(report)
    told, marks = state.note(Told), marks_of(news, on)
    if not is_new(news, on, told, now=now, remind=settings.notify.remind):
        if told is not None and told.marks - marks and not state.is_read_only:
            state.save_note(Told(told.at, marks & told.marks))  # a failure that comes back is new again
        return ()
    message = message_about(news, on, profile=settings.origin.profile)
    if message is None:
        return ()
    urls = [url.get_secret_value() for url in settings.notify.urls]
    failures = await send(message, urls)
    if len(failures) < len(urls) and not state.is_read_only:
        state.save_note(Told(now, marks))
    return failures


async def send_test(settings: Settings) -> tuple[Sequence[str], int]:
    """Send a test message to every address of the settings: what failed, and how many it reached."""
    urls = [url.get_secret_value() for url in settings.notify.urls]
    name = plain_text(settings.origin.profile)
    failures = await send(Message(f"cwtui ({name}): a test", "Notifications of cwtui arrive here."), urls)
    return failures, len(urls) - len(failures)
