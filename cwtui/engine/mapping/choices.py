"""The choices for mapping a customer, product or subscription: suggestions first, the rest by searching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import date

from cwtui.domain.ids import CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MappingKey
from cwtui.domain.marketplace import Subscription
from cwtui.domain.psa import Agreement, CatalogItem, Company
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest import SearchEntries, why_not

_FOUND_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """One ConnectWise entry.

    Attributes:
        detail: Distinguishes it from others of the same name.
        why_not: Why it cannot be chosen; empty if it can.
    """

    connectwise_id: int
    name: str
    detail: str = ""
    why_not: str = ""


@dataclass(slots=True)
class Choices:
    """Everything that one entry of the marketplace can be mapped to.

    Attributes:
        name: Of what is to be mapped.
        suggestions: Best first; each is among the entries.
        current: The ConnectWise id it is mapped to now.
    """

    key: MappingKey
    name: str
    entries: Sequence[Choice]
    suggestions: Sequence[Suggestion] = ()
    current: int | None = None
    _prepared: SearchEntries | None = field(default=None, repr=False)

    def search(self, query: str) -> list[int]:
        """Places of the entries that fit what was typed, best first."""
        if self._prepared is None:
            self._prepared = SearchEntries([f"{entry.name} {entry.detail}" for entry in self.entries])
        return self._prepared.search(query, _FOUND_AT_MOST)

    def place_of(self, connectwise_id: int) -> int | None:
        """Where an entry stands."""
        found = (place for place, entry in enumerate(self.entries) if entry.connectwise_id == connectwise_id)
        return next(found, None)


def company_choices(companies: Iterable[Company]) -> list[Choice]:
    """Companies, by name."""
    ordered = sorted(companies, key=lambda company: company.name.casefold())
    return [
        Choice(
            company.id,
            company.name,
            " · ".join(part for part in (company.identifier, company.address.city) if part),
            "It is in ConnectWise's recycle bin." if company.is_deleted else "",
        )
        for company in ordered
    ]


def item_choices(items: Iterable[CatalogItem]) -> list[Choice]:
    """Catalog items, by identifier; one that ConnectWise bills on no agreement cannot be chosen."""
    ordered = sorted(items, key=lambda item: item.identifier.casefold())
    return [Choice(item.id, item.identifier, item.description, _why_not_item(item)) for item in ordered]


def _why_not_item(item: CatalogItem) -> str:
    if item.is_inactive:
        return "It is inactive in ConnectWise."
    return "A bundle cannot be an addition." if item.product_class == "Bundle" else ""


def agreement_choices(
    agreements: Iterable[Agreement],
    subscription: Subscription | None,
    company: CompanyId | None,
    currency: str,
    today: date,
    named: Callable[[int], str] = str,
) -> list[Choice]:
    """Agreements: those of the company first, and of these the ones that fit; `named` says a company's name and id."""
    choices = [_agreement_choice(one, subscription, company, currency, today, named) for one in agreements]
    ordered = sorted(choices, key=lambda found: (found[0], bool(found[1].why_not), found[1].name.casefold()))
    return [choice for _, choice in ordered]


def _agreement_choice(
    agreement: Agreement,
    subscription: Subscription | None,
    company: CompanyId | None,
    currency: str,
    today: date,
    named: Callable[[int], str],
) -> tuple[bool, Choice]:
    parts = (agreement.type_name, agreement.cycle or "", agreement.currency)
    detail = " · ".join(part for part in parts if part)
    is_foreign = agreement.company_id != company
    if subscription is None:
        reason = ""
    elif is_foreign and company is not None:
        reason = f"It belongs to company {named(agreement.company_id)}, the customer is mapped to {named(company)}."
    else:
        reason = " ".join(why_not(agreement, subscription, company_id=company, currency=currency, today=today))
    return is_foreign, Choice(agreement.id, agreement.name, detail, reason)
