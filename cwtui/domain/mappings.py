"""The operator's mappings and our own links (SPEC 1, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.psa import AdditionValues


class MappingKind(StrEnum):
    """customer ↔ company, product ↔ catalog item, subscription ↔ agreement."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    AGREEMENT = "agreement"


MAPPABLE_CHARGES = frozenset(Charge) - {Charge.PRORATED, Charge.CREDIT}
"""Charges a product mapping may be refined for; prorated and credit use the recurring one's (SPEC 6)."""

_MAPPED_AS = {charge: Charge.RECURRING for charge in Charge if charge not in MAPPABLE_CHARGES}


@dataclass(frozen=True, slots=True)
class MappingKey:
    """What is mapped: a customer, product or subscription id; `charge` empty = every charge of that product."""

    kind: MappingKind
    marketplace_id: str
    charge: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.charge}:{self.marketplace_id}"


def is_account(key: MappingKey) -> bool:
    """It links an account of a vendor's files (`intermedia:IM100201`), not a customer of the marketplace."""
    return key.kind is MappingKind.CUSTOMER and ":" in key.marketplace_id


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row of the mapping tables."""

    key: MappingKey
    connectwise_id: int


class Mappings:
    """All mappings of a state, by key. A live view over the state's dictionary: cheap to build."""

    def __init__(self, mappings: Iterable[Mapping] = ()) -> None:
        # Plain tuples, and ids that are not named as such one by one: every plan looks up several.
        self._by_key: dict[tuple[str, str, str], Any] = {}
        for mapping in mappings:
            self.put(mapping)

    def __iter__(self) -> Iterator[Mapping]:
        return (
            Mapping(MappingKey(MappingKind(kind), marketplace_id, charge), target)
            for (kind, marketplace_id, charge), target in self._by_key.items()
        )

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, key: MappingKey) -> int | None:
        """The ConnectWise id mapped to exactly this key, or None."""
        found: int | None = self._by_key.get((key.kind, key.marketplace_id, key.charge))
        return found

    def put(self, mapping: Mapping) -> None:
        """Set or replace one mapping."""
        key = mapping.key
        self._by_key[key.kind, key.marketplace_id, key.charge] = mapping.connectwise_id

    def drop(self, key: MappingKey) -> bool:
        """Forget one mapping; True if there was one."""
        return self._by_key.pop((key.kind, key.marketplace_id, key.charge), None) is not None

    def company(self, customer: CustomerId) -> CompanyId | None:
        """The company of a customer."""
        found: CompanyId | None = self._by_key.get((MappingKind.CUSTOMER, customer, ""))
        return found

    def agreement(self, subscription: SubscriptionId) -> AgreementId | None:
        """The agreement of a subscription."""
        found: AgreementId | None = self._by_key.get((MappingKind.AGREEMENT, subscription, ""))
        return found

    def catalog_item(self, product: ProductId, charge: Charge) -> CatalogItemId | None:
        """The catalog item of a product's charge: its own mapping, then the product's (SPEC 5, 6)."""
        found: CatalogItemId | None = self._by_key.get((MappingKind.PRODUCT, product, _MAPPED_AS.get(charge, charge)))
        return self._by_key.get((MappingKind.PRODUCT, product, "")) if found is None else found


@dataclass(frozen=True, slots=True)
class Link:
    """The remembered fact that an addition exists because of a subscription, product and charge (SPEC 1).

    Attributes:
        values: What ConnectWise held when cwtui last wrote, adopted or accepted it.
        is_standing: It bills every period until ended; a one-time addition does not.
        task_id: The task that last wrote it.
        tolerated: What ConnectWise holds instead, where the operator lets that stand without agreeing to it.
    """

    addition_id: AdditionId
    agreement_id: AgreementId
    subscription_id: SubscriptionId
    product_id: ProductId
    charge: Charge
    values: AdditionValues
    task_id: TaskId
    at: datetime
    is_standing: bool = False
    adopted: bool = False
    tolerated: AdditionValues | None = None

    def drift(self, held: AdditionValues) -> dict[str, tuple[object, object]]:
        """How what ConnectWise holds differs in what it bills: field → (ours, theirs); empty if that is tolerated."""
        if self.tolerated is not None and not self.tolerated.billing_differences(held):
            return {}
        return self.values.billing_differences(held)
