"""What an order billed once for a product that nothing asks for any more: a repair ends the standing addition only.

Rule: reconciling.md#repairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from cwtui.domain.ids import AdditionId, TaskId
from cwtui.domain.mappings import Link
from cwtui.domain.money import plain, price_text
from cwtui.domain.psa import Addition, BillCustomer
from cwtui.domain.repair_values import Repair
from cwtui.domain.tasks import TaskKind
from cwtui.engine.protocols import Store

_FOLLOWING = frozenset({TaskKind.SALES_ORDER, TaskKind.CHANGE_ORDER})
"""Kinds whose one-time additions belong to what is billed from then on: a setup fee, days before it."""


def billed_once(
    store: Store, repair: Repair, additions: Mapping[AdditionId, Addition] | None, since: date
) -> Iterator[str]:
    """A warning for each task whose one-time additions stay though what they belong to ends.

    Args:
        store: Knows what each task billed.
        repair: What is planned.
        additions: The agreement's, as just read; None where they were not.
        since: What ended before that day is over.
    """
    stays: dict[TaskId, list[Link]] = defaultdict(list)
    for link in _of_what_ended(store, repair):
        task = store.task(link.task_id)
        if task is not None and task.kind in _FOLLOWING and _stays(link, repair, additions, since):
            stays[task.id].append(link)
    for name, links in stays.items():
        charged = ", ".join(
            f"{plain(link.values.quantity)} × {price_text(link.values.unit_price)} (addition {link.addition_id})"
            for link in sorted(links, key=lambda link: link.addition_id)
        )
        yield (
            f"What task {name} billed once stays on the invoice: {charged}. If nobody owes it, take task {name} back"
            " instead of this repair; after the repair, take the repair back first."
        )


def _of_what_ended(store: Store, repair: Repair) -> Sequence[Link]:
    """Links of products whose standing additions the repair ends, and puts nothing in their place."""
    asked = {target.wanted.product_id for target in repair.targets}
    ended = {extra.product_id for extra in repair.extras if extra.product_id} - asked
    links = store.links_of(repair.subscription_id) if repair.subscription_id and ended else ()
    return [link for link in links if link.product_id in ended]


def _stays(link: Link, repair: Repair, additions: Mapping[AdditionId, Addition] | None, since: date) -> bool:
    values = link.values
    is_charged = values.bill is BillCustomer.BILLABLE and not link.is_given_back and not link.is_standing
    is_there = additions is None or link.addition_id in additions
    is_over = values.cancelled is not None and values.cancelled < since
    return is_charged and is_there and not is_over and link.agreement_id == repair.agreement_id
