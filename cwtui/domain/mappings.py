"""The operator's mappings and our own links (mapping.md#a-mapping-stays)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from itertools import chain, starmap
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
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import AdditionValues


class MappingKind(StrEnum):
    """customer ↔ company, product ↔ catalog item, subscription ↔ agreement."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    AGREEMENT = "agreement"


MAPPABLE_CHARGES = frozenset(Charge) - {Charge.PRORATED, Charge.CREDIT}
"""Charges a product mapping may be refined for; prorated and credit use the recurring one's (plans.md#edits)."""

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

    def __init__(self, mappings: Iterable[Mapping] = (), *, follows: bool = False) -> None:
        """Hold these mappings; the fingerprint is counted when it is asked for, or `follows` them from the first."""
        # Ids that are not named as such one by one: every plan looks up several.
        self._by_kind: dict[MappingKind, dict[tuple[str, str], Any]] = {kind: {} for kind in MappingKind}
        self._sum: int | None = 0 if follows else None
        for mapping in mappings:
            self.put(mapping)

    def __iter__(self) -> Iterator[Mapping]:
        return chain.from_iterable(map(self.of_kind, MappingKind))

    def __len__(self) -> int:
        return sum(map(len, self._by_kind.values()))

    def of_kind(self, kind: MappingKind) -> Iterator[Mapping]:
        """The mappings of one kind."""
        return (
            Mapping(MappingKey(kind, marketplace_id, charge), target)
            for (marketplace_id, charge), target in self._by_kind[kind].items()
        )

    def targets(self, kind: MappingKind) -> set[Any]:
        """The ids of the companies, catalog items or agreements that something of one kind is mapped to."""
        return set(self._by_kind[kind].values())

    @property
    def fingerprint(self) -> str:
        """Differs whenever a mapping differs, in whatever order they were made; kept up to date, not computed anew."""
        if self._sum is None:
            rows = ((kind, key, target) for kind, mine in self._by_kind.items() for key, target in mine.items())
            self._sum = sum(starmap(_number_of, rows))
        return f"{self._sum % 2**128:032x}"

    def get(self, key: MappingKey) -> int | None:
        """The ConnectWise id mapped to exactly this key, or None."""
        found: int | None = self._by_kind[key.kind].get((key.marketplace_id, key.charge))
        return found

    def put(self, mapping: Mapping) -> None:
        """Set or replace one mapping."""
        key = mapping.key
        mine, place = self._by_kind[key.kind], (key.marketplace_id, key.charge)
        if self._sum is not None:
            old: int | None = mine.get(place)
            self._sum -= 0 if old is None else _number_of(key.kind, place, old)
            self._sum += _number_of(key.kind, place, mapping.connectwise_id)
        mine[place] = mapping.connectwise_id

    def drop(self, key: MappingKey) -> bool:
        """Forget one mapping; True if there was one."""
        place = key.marketplace_id, key.charge
        found: int | None = self._by_kind[key.kind].pop(place, None)
        if found is not None and self._sum is not None:
            self._sum -= _number_of(key.kind, place, found)
        return found is not None

    def company(self, customer: CustomerId) -> CompanyId | None:
        """The company of a customer."""
        found: CompanyId | None = self._by_kind[MappingKind.CUSTOMER].get((customer, ""))
        return found

    def agreement(self, subscription: SubscriptionId) -> AgreementId | None:
        """The agreement of a subscription."""
        found: AgreementId | None = self._by_kind[MappingKind.AGREEMENT].get((subscription, ""))
        return found

    def catalog_item(self, product: ProductId, charge: Charge) -> CatalogItemId | None:
        """The catalog item of a product's charge: its own mapping, then the product's (mapping.md#a-mapping-stays)."""
        mapped = self._by_kind[MappingKind.PRODUCT]
        found: CatalogItemId | None = mapped.get((product, _MAPPED_AS.get(charge, charge)))
        return mapped.get((product, "")) if found is None else found


def _number_of(kind: MappingKind, place: tuple[str, str], target: int) -> int:
    """A number for the row; the sum over all rows does not depend on their order."""
    row = repr((kind.value, place, target)).encode()
    return int.from_bytes(blake2b(row, digest_size=16).digest(), "big")


@dataclass(frozen=True, slots=True)
class Link:
    """The remembered fact that an addition exists because of a subscription, product and charge.

    Rule: synchronising.md#links-remember-what-was-read.

    Attributes:
        values: What ConnectWise held when cwtui last wrote, adopted or accepted it.
        is_standing: It bills every period until ended; a one-time addition does not.
        task_id: The task that last wrote it.
        tolerated: What ConnectWise holds instead, where the operator lets that stand without agreeing to it.
        is_unread: Nobody has read the addition since it was written: the next reading shows what ConnectWise keeps.
        is_given_back: What it billed was given back after its task was taken back, so it may be charged again.
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
    is_unread: bool = False
    is_given_back: bool = False

    def drift(self, held: AdditionValues) -> dict[str, tuple[object, object]]:
        """How what ConnectWise holds differs in what it bills: field → (ours, theirs); empty if that is tolerated."""
        if self.tolerated is not None and not self.tolerated.billing_differences(held):
            return {}
        return self.values.unexplained(held) if self.is_unread else self.values.billing_differences(held)

    def as_read(self, held: AdditionValues) -> Link:
        """The link after its addition was read; what was edited since it was written still shows as drift."""
        if not self.is_unread:
            return self
        return replace(self, is_unread=False, values=self.values if self.values.unexplained(held) else held)
