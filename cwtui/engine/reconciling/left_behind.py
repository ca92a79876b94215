"""What stands in an agreement that its subscription is no longer mapped to (reconciling.md#moved)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from cwtui.domain.ids import AdditionId, AgreementId, CustomerId, SubscriptionId
from cwtui.domain.mappings import Link
from cwtui.domain.psa import Addition
from cwtui.engine.protocols import Store

Read = Mapping[AgreementId, Mapping[AdditionId, Addition] | str]
"""Additions by agreement, or why they cannot be read; an agreement that ConnectWise does not know is left out."""


def left_behind(store: Store, today: date) -> dict[CustomerId, list[Link]]:
    """Standing additions that go on in another agreement than their subscription's, by whom they are billed to."""
    mappings = store.mappings()
    found: dict[CustomerId, list[Link]] = {}
    for link in store.links():
        mapped = mappings.agreement(link.subscription_id)
        if mapped is None or mapped == link.agreement_id or not _goes_on(link, today):
            continue
        if (owner := _billed_to(store, link)) is not None:
            found.setdefault(owner, []).append(link)
    return found


def elsewhere(store: Store, names: Iterable[SubscriptionId], agreement: AgreementId | None, since: date) -> list[Link]:
    """Standing additions of subscriptions that bill a day from `since` on outside the agreement.

    Without an agreement: outside the one each is mapped to.
    """
    mappings = store.mappings()
    return [
        link
        for name in names
        for link in store.links_of(name)
        if link.agreement_id != (agreement or mappings.agreement(name) or link.agreement_id) and _goes_on(link, since)
    ]


def billed_there(links: Iterable[Link], read: Read) -> tuple[str, date | None]:
    """What another agreement still bills of a subscription, as ConnectWise has it now.

    Returns:
        Why nothing may be billed beside it, in a sentence (empty: nothing is in the way); the last day it bills.
    """
    last: date | None = None
    for link in links:
        there = read.get(link.agreement_id)
        if there is None:
            continue
        held = link.values
        if not isinstance(there, str):
            found = there.get(link.addition_id)
            if found is None:
                continue
            held = found.values
        if held.cancelled is None:
            return (
                f"Addition {link.addition_id} in agreement {link.agreement_id} bills it without an end."
                f" Reconcile agreement {link.agreement_id} for the customer it belongs to, which ends it, or end it"
                " in ConnectWise.",
                None,
            )
        last = max(last or held.cancelled, held.cancelled)
    return "", last


def _goes_on(link: Link, day: date) -> bool:
    return link.is_standing and (link.values.cancelled is None or link.values.cancelled >= day)


def _billed_to(store: Store, link: Link) -> CustomerId | None:
    """Whose task wrote it; of an adopted one, whose the subscription is."""
    task = store.task(link.task_id)
    if task is not None:
        return task.customer_id
    subscription = store.subscription(link.subscription_id)
    return subscription.customer_id if subscription else None
