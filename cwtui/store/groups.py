"""What rows of the state are grouped by, read from their bytes."""

from __future__ import annotations

from cwtui.store.table import number_after, text_after

OPEN, ENDED = "open", "ended"


def subscription_of_task(row: bytes) -> str:
    """The subscription of a task."""
    return text_after(row, b'"subscription":{"id":"')


def order_of_task(row: bytes) -> str:
    """The order of a task."""
    return text_after(row, b'"order":{"id":"')


def openness(row: bytes) -> str:
    """Whether a task is still to be worked on."""
    return ENDED if b'"status":"synced"' in row or b'"status":"skipped"' in row else OPEN


def subscription_of_link(row: bytes) -> str:
    """The subscription of a link."""
    return text_after(row, b'"subscription_id":"')


def agreement_of(row: bytes) -> str:
    """The agreement of a link, or of an intent's change."""
    return number_after(row, b'"agreement_id":')


def task_of(row: bytes) -> str:
    """The task of a confirmed change."""
    return text_after(row, b'"task_id":"')
