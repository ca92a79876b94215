"""Names beside ids: an operator trusts `Müller Cloud (105)`, and needs the 105 to find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cwtui.domain.addition_words import value_text
from cwtui.domain.ids import ProductId, SubscriptionId
from cwtui.domain.mappings import MappingKind
from cwtui.engine.facade import Engine


class Names(Protocol):
    """Says `the name (id)`, or the id alone while the name is not known."""

    def agreement(self, number: int) -> str:
        """Of an agreement: `Müller Cloud (105)`."""
        ...

    def item(self, number: int) -> str:
        """Of a catalog item: `BACKUP-ARC (503)`."""
        ...

    def subscription(self, name: str) -> str:
        """Of a subscription: `Exchange Online (1000048531)`."""
        ...

    def product(self, name: str, subscription: str) -> str:
        """Of a product that a subscription holds: `Exchange Online (PRD100101)`."""
        ...

    def customer_of(self, subscription: str) -> str:
        """Of the customer of a subscription: `Contoso (1000011)`; empty while it is not known."""
        ...

    def customers_billed(self) -> Mapping[int, str]:
        """By agreement, the names of the customers whose subscriptions it bills."""
        ...


class BareIds:
    """Nothing is known but the ids themselves."""

    def agreement(self, number: int) -> str:
        """The id."""
        return str(number)

    item = agreement

    def subscription(self, name: str) -> str:
        """The id."""
        return name

    def product(self, name: str, subscription: str) -> str:  # noqa: ARG002  # the protocol's shape
        """The id."""
        return name

    def customer_of(self, subscription: str) -> str:  # noqa: ARG002  # the protocol's shape
        """Not known."""
        return ""

    def customers_billed(self) -> Mapping[int, str]:
        """None is known."""
        return {}


def named_value(names: Names, field: str, value: object) -> str:
    """The value of an addition's field in words, a catalog item by its name."""
    if field == "catalog_item_id" and isinstance(value, int):
        return names.item(value)
    return value_text(field, value)


@dataclass(frozen=True, slots=True)
class EngineNames:
    """What the engine knows without asking a service."""

    engine: Engine

    def agreement(self, number: int) -> str:
        """As read for its plan, else as it was when it was mapped."""
        return self.engine.workbench.named(MappingKind.AGREEMENT, number)

    def item(self, number: int) -> str:
        """Its identifier."""
        return self.engine.workbench.named(MappingKind.PRODUCT, number)

    def subscription(self, name: str) -> str:
        """As the state knows it."""
        held = self.engine.workbench.subscription(SubscriptionId(name))
        return f"{held.name} ({name})" if held and held.name else name

    def product(self, name: str, subscription: str) -> str:
        """As the catalogue names it, else as its subscription does."""
        return self.engine.workbench.product_named(ProductId(name), SubscriptionId(subscription))

    def customer_of(self, subscription: str) -> str:
        """As its tasks name it, else as the marketplace does."""
        name, number = self.engine.workbench.customer_of(SubscriptionId(subscription))
        return f"{name} ({number})" if name else number

    def customers_billed(self) -> Mapping[int, str]:
        """By the mappings of subscriptions."""
        billed: dict[int, dict[str, None]] = {}
        for row in list(self.engine.known.mappings().of_kind(MappingKind.AGREEMENT)):
            name, number = self.engine.workbench.customer_of(SubscriptionId(row.key.marketplace_id))
            if name or number:
                billed.setdefault(row.connectwise_id, {})[name or number] = None
        return {agreement: ", ".join(names) for agreement, names in billed.items()}
