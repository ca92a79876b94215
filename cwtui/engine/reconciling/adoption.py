"""Adopt: link an addition somebody made by hand instead of writing a second one (reconciling.md#adoption)."""

from __future__ import annotations

from cwtui.domain.charges import Charge
from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.psa import Addition
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.workspace import Feature

ADOPTED = TaskId("adopted")
"""Stands in a link for the task that wrote the addition."""

_STANDING = frozenset({Charge.RECURRING})


@dataclass(slots=True)
class Adoption(Feature):
    """Remembers that an addition exists because of a subscription. Nothing is written to ConnectWise."""

    desk: PlanningDesk

    async def adopt(
        self,
        addition_id: AdditionId,
        subscription: SubscriptionId,
        product: ProductId,
        charge: Charge = Charge.RECURRING,
    ) -> Link:
        """Link an addition of the agreement that the subscription is mapped to.

        Raises:
            InputError: The subscription is not mapped, the agreement has no such addition, or it is linked already.
        """
        self.workspace.require_writable()
        agreement = self._agreement(subscription)
        if agreement is None:
            raise InputError(
                f"Subscription {subscription} is not mapped to an agreement.",
                next_step=Remedy(Action.MAP, subscription, "agreement"),
            )
        held = next((one for one in await self.psa.additions(agreement) if one.id == addition_id), None)
        if held is None:
            owner = self.store.subscription(subscription)
            raise InputError(
                f"Agreement {agreement} has no addition {addition_id}.",
                next_step=Remedy(Action.RECONCILE, owner.customer_id if owner else ""),
            )
        known = self.store.link(addition_id)
        if known is not None and (known.subscription_id, known.product_id) != (subscription, product):
            raise InputError(
                f"Addition {addition_id} is linked to subscription {known.subscription_id}, product"
                f" {known.product_id}, already.",
                next_step=Remedy(Action.EXPLAIN, str(addition_id)),
            )
        link = self.link(held, subscription, product, charge)
        missed_it = [task for task in self.store.tasks_of(subscription) if task.status.is_open]
        await self.desk.load(missed_it)
        await self.desk.replan(missed_it)
        return link

    def _agreement(self, subscription: SubscriptionId) -> AgreementId | None:
        """The mapped agreement; else the one that its tasks write to: an account's counts need no mapping."""
        mapped = self.store.mappings().agreement(subscription)
        tasks = [task for task in self.store.tasks_of(subscription) if task.status.is_open]
        return mapped or next(filter(None, map(self.desk.agreement_of, tasks)), None)

    def link(
        self,
        addition: Addition,
        subscription: SubscriptionId,
        product: ProductId,
        charge: Charge = Charge.RECURRING,
    ) -> Link:
        """Remember what an addition is for; its values in ConnectWise count as agreed."""
        link = Link(
            addition_id=addition.id,
            agreement_id=addition.agreement_id,
            subscription_id=subscription,
            product_id=product,
            charge=charge,
            values=addition.values,
            task_id=ADOPTED,
            at=self.clock.now(),
            is_standing=charge in _STANDING,
            adopted=True,
        )
        self.store.save_link(link)
        return link
