"""Creates that were given up and sent again: what they may still bring, however late, is known for ours.

Rule: synchronising.md#exactly-once.

A service that is slow enough may commit a create long after everybody stopped waiting for it. Its addition then stands
beside the one that was sent in its place. Whatever appears in the agreement afterwards with exactly those values, was
not there before the first attempt, and belongs to no subscription, is that late double.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.money import plain
from cwtui.domain.plain_text import stored_text
from cwtui.domain.plans import Change, Operation
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import Intent
from cwtui.engine.protocols import Store

LASTS = timedelta(hours=1)
"""A doubt ends with the first look at the agreement that is so much later."""
KEY = "double:"
"""How the keys of the changes begin that take late doubles away."""

_FACT = "doubts"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One create that was given up.

    Attributes:
        seq: Of its intent.
        key: Of its change.
        present: Ids of the additions that were there before it was first sent.
        likeness: What its addition would look like.
    """

    seq: int
    at: datetime
    agreement_id: AgreementId
    task_id: TaskId
    subscription_id: SubscriptionId
    product_id: ProductId
    charge: Charge
    key: str
    present: frozenset[AdditionId]
    likeness: str

    def fits(self, held: Addition) -> bool:
        """The addition may be the one that this create brought."""
        return held.id not in self.present and likeness(held.values) == self.likeness

    def removal(self, held: Addition) -> Change:
        """The change that takes a late double away."""
        return Change(
            key=f"{KEY}{self.seq}:{held.id}",
            operation=Operation.DELETE,
            agreement_id=self.agreement_id,
            product_id=self.product_id,
            charge=self.charge,
            before=held,
            source=f"audit row {self.seq}",
            rule="exactly once: an attempt that was given up came through after another took its place",
        )


def likeness(values: AdditionValues) -> str:
    """What makes two additions the same to a create: all that is billed, and the words of the description."""
    amounts = (values.quantity, values.unit_price, values.unit_cost)
    days = (values.effective, values.cancelled)
    parts = [values.catalog_item_id, *map(plain, amounts), *days, values.bill, values.taxable, *_words(values)]
    return "|".join(map(str, parts))


def _words(values: AdditionValues) -> Sequence[str]:
    return stored_text(values.description).split()


def doubts_in(store: Store, agreement_id: AgreementId) -> list[Doubt]:
    """The doubts about one agreement, oldest first."""
    return [_doubt(row) for row in _rows(store) if row["agreement_id"] == agreement_id]


def doubted_agreements(store: Store) -> set[AgreementId]:
    """Agreements that have to be looked at even if no task writes to them."""
    return {AgreementId(row["agreement_id"]) for row in _rows(store)}


def note_doubt(store: Store, intent: Intent, at: datetime) -> None:
    """Remember a create that is given up, before it is sent again or concluded as failed."""
    change = intent.change
    if change.after is None or any(row["seq"] == intent.seq for row in _rows(store)):
        return
    row = {
        "seq": intent.seq,
        "at": at.isoformat(),
        "agreement_id": change.agreement_id,
        "task_id": intent.task_id,
        "subscription_id": intent.subscription_id,
        "product_id": change.product_id,
        "charge": change.charge.value,
        "key": change.key,
        "present": sorted(intent.present),
        "likeness": likeness(change.after),
    }
    store.save_fact(_FACT, [*_rows(store), row])


def end_doubts(store: Store, ended: Iterable[Doubt]) -> None:
    """Forget doubts."""
    names = {doubt.seq for doubt in ended}
    if names:
        store.save_fact(_FACT, [row for row in _rows(store) if row["seq"] not in names])


def _rows(store: Store) -> list[dict[str, Any]]:
    kept = store.fact(_FACT)
    return list(kept) if isinstance(kept, list) else []


def _doubt(row: dict[str, Any]) -> Doubt:
    return Doubt(
        seq=row["seq"],
        at=datetime.fromisoformat(row["at"]),
        agreement_id=AgreementId(row["agreement_id"]),
        task_id=TaskId(row["task_id"]),
        subscription_id=SubscriptionId(row["subscription_id"]),
        product_id=ProductId(row["product_id"]),
        charge=Charge(row["charge"]),
        key=row["key"],
        present=frozenset(AdditionId(name) for name in row["present"]),
        likeness=row["likeness"],
    )
