"""Links remember what ConnectWise keeps: the first reading after a write shows it.

Rule: synchronising.md#links-remember-what-was-read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.ledger import moved_amount
from cwtui.domain.money import CENT, price_text, round_price
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Listener, Store


def note_reading(
    store: Store, listener: Listener, agreement_id: AgreementId, additions: Mapping[AdditionId, Addition]
) -> None:
    """Compare an agreement's links with its additions as just read; add a warning to tasks whose amounts moved."""
    unread = [link for link in store.links_in(agreement_id) if link.is_unread and link.addition_id in additions]
    if not unread or store.is_read_only:
        return
    with store.batch():
        for link in unread:
            read = link.as_read(additions[link.addition_id].values)
            store.save_link(read)
            task = store.task(link.task_id)
            texts = moved_text(link.addition_id, link.values, read.values)
            if task is not None and texts:
                now = warned(task, texts)
                store.save_task(now)
                listener.task_changed(now)


def moved_text(addition_id: AdditionId | None, sent: AdditionValues, kept: AdditionValues) -> list[str]:
    """The warning that ConnectWise bills more or less than it was sent, where that is above a cent."""
    moved = moved_amount(sent, kept)
    if moved <= CENT:
        return []
    return [
        f"ConnectWise keeps the price of addition {addition_id} as {price_text(kept.unit_price)} instead of"
        f" {price_text(sent.unit_price)}: that moves its amount by {price_text(round_price(moved, 2))} each time it"
        " is billed."
    ]


def warned(task: Task, texts: Sequence[str]) -> Task:
    """The task with these warnings added."""
    return replace(task, warnings=tuple(dict.fromkeys([*task.warnings, *texts])))
