"""What a repair shall bring about: plain values, as they are planned and as the state keeps them.

Rule: reconciling.md#repairs.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cwtui.domain.ids import AgreementId, CatalogItemId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import is_rounding
from cwtui.domain.psa import Addition, AdditionValues


@dataclass(frozen=True, slots=True)
class WantedProduct:
    """What one product of one subscription should be billed as, in every billing period.

    Attributes:
        price: Of one unit, rounded as it is sent; None where the marketplace names none. Likewise `cost`.
        catalog_item_id: The mapped catalog item of its recurring charge; None is `unmapped`.
        blocked: Why no repair may be written for it, in a sentence; empty if nothing is in the way.
    """

    subscription_id: SubscriptionId
    product_id: ProductId
    name: str
    quantity: Decimal
    price: Decimal | None = None
    cost: Decimal | None = None
    catalog_item_id: CatalogItemId | None = None
    blocked: str = ""

    def is_billed_by(self, values: AdditionValues) -> bool:
        """The addition bills this, as ConnectWise rounds it; a price nobody names is not compared.

        Rule: reconciling.md#reconcile.
        """
        return (
            values.catalog_item_id == self.catalog_item_id
            and values.quantity == self.quantity
            and (self.price is None or is_rounding(self.price, values.unit_price))
            and (self.cost is None or is_rounding(self.cost, values.unit_cost))
        )


@dataclass(frozen=True, slots=True)
class Target:
    """What shall be billed for one product, and the additions that bill it so far.

    Attributes:
        holds: Linked to the product.
        beside: Of the same catalog item, and linked to nothing when compared.
    """

    wanted: WantedProduct
    holds: tuple[Addition, ...] = ()
    beside: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class Extra:
    """An addition nothing asks for; `product_id` is what it was linked to, or empty."""

    addition: Addition
    product_id: ProductId = ProductId("")


@dataclass(frozen=True, slots=True)
class Repair:
    """What one subscription's repair shall bring about. `subscription_id` is empty for what belongs to none.

    Attributes:
        day: The first day of the compared period: no repair begins before it.
    """

    agreement_id: AgreementId
    subscription_id: SubscriptionId
    day: date
    targets: tuple[Target, ...] = ()
    extras: tuple[Extra, ...] = ()

    @property
    def additions(self) -> tuple[Addition, ...]:
        """Every addition it counts on, as the comparison found it."""
        held = [addition for target in self.targets for addition in target.holds]
        return (*held, *(extra.addition for extra in self.extras))


@dataclass(frozen=True, slots=True)
class TaskRepair:
    """What a task shall repair."""

    task_id: TaskId
    repair: Repair
