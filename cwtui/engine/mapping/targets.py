"""Checks that the target of a mapping exists and may be chosen (mapping.md#targets-exist)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cwtui.domain.errors import ConfigError, ServiceError
from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId, CustomerId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKind
from cwtui.domain.psa import Agreement
from cwtui.engine.mapping.choices import Choice, company_choices, item_choices

if TYPE_CHECKING:
    from cwtui.engine.mapping.mapping import MappingEditor

_NAMES = {
    MappingKind.CUSTOMER: "company",
    MappingKind.PRODUCT: "catalog item",
    MappingKind.AGREEMENT: "agreement",
}


@dataclass(slots=True)
class TargetCheck:
    """Asks ConnectWise for the targets of some mappings: one list for each kind, whatever their number."""

    editor: MappingEditor

    async def why_not(self, mappings: Sequence[Mapping]) -> dict[Mapping, str]:
        """Why some of the mappings cannot be set, one sentence each. Names of the others are remembered.

        Where ConnectWise cannot be asked there is no reason: planning says if a target is missing.
        """
        found: dict[Mapping, str] = {}
        for kind in MappingKind:
            mine = [mapping for mapping in mappings if mapping.key.kind is kind]
            try:
                entries = await self._entries(kind, {mapping.connectwise_id for mapping in mine}) if mine else {}
            except (ServiceError, ConfigError):
                continue
            for mapping in mine:
                if reason := self._reason(mapping, entries.get(mapping.connectwise_id), mappings):
                    found[mapping] = reason
            named = [(entry.connectwise_id, entry.name) for entry, _ in entries.values()]
            self.editor.known_names.remember(kind, named)
        return found

    def _reason(
        self, mapping: Mapping, entry: tuple[Choice, Agreement | None] | None, mappings: Sequence[Mapping]
    ) -> str:
        if entry is None:
            return f"ConnectWise has no {_NAMES[mapping.key.kind]} {mapping.connectwise_id}."
        choice, agreement = entry
        why = choice.why_not or (self._foreign(mapping, agreement, mappings) if agreement is not None else "")
        return f"{_NAMES[mapping.key.kind].capitalize()} {choice.name} ({mapping.connectwise_id}): {why}" if why else ""

    def _foreign(self, mapping: Mapping, agreement: Agreement, mappings: Sequence[Mapping]) -> str:
        """The agreement is another company's than the subscription's customer is mapped to, or will be."""
        subscription = self.editor.store.subscription(SubscriptionId(mapping.key.marketplace_id))
        if subscription is None:
            return ""
        customer: CustomerId = subscription.customer_id
        planned = (
            one.connectwise_id
            for one in mappings
            if one.key.kind is MappingKind.CUSTOMER and one.key.marketplace_id == customer
        )
        company = next(planned, self.editor.store.mappings().company(customer))
        if company is None or agreement.company_id == company:
            return ""
        return f"It belongs to company {agreement.company_id}, the customer is mapped to {company}."

    async def _entries(self, kind: MappingKind, ids: Collection[int]) -> dict[int, tuple[Choice, Agreement | None]]:
        psa, choices = self.editor.psa, list[tuple[Choice, Agreement | None]]()
        match kind:
            case MappingKind.CUSTOMER:
                async for companies in psa.companies({CompanyId(one) for one in ids}):
                    choices += [(choice, None) for choice in company_choices(companies)]
            case MappingKind.PRODUCT:
                async for items in psa.catalog_items({CatalogItemId(one) for one in ids}):
                    choices += [(choice, None) for choice in item_choices(items)]
            case MappingKind.AGREEMENT:
                async for agreements in psa.agreements({AgreementId(one) for one in ids}):
                    choices += [(Choice(one.id, one.name, "", _why_not(one)), one) for one in agreements]
        return {choice.connectwise_id: (choice, agreement) for choice, agreement in choices}


def _why_not(agreement: Agreement) -> str:
    if not agreement.is_inactive:
        return ""
    return "It is cancelled." if agreement.is_cancelled else "It is not active."
