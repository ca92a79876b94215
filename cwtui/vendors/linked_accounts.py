"""Which company each of a vendor's accounts is linked to; an account id is the same in capitals.

Rule: files.md#export-accounts.
"""

from __future__ import annotations

from dataclasses import field

from cwtui.domain.ids import CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.engine.protocols import Store
from cwtui.vendors.layouts import Layout


@dataclass(slots=True)
class LinkedAccounts:
    """The links of one vendor, which are mappings `vendor:account`; as they stood when this was made."""

    store: Store
    layout: Layout
    _spellings: dict[str, str] = field(default_factory=dict)
    _companies: dict[str, CompanyId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prefix = self.layout.customer("")
        for mapping in self.store.mappings().of_kind(MappingKind.CUSTOMER):
            name = mapping.key.marketplace_id
            if name.startswith(prefix):
                self._know(name.removeprefix(prefix), CompanyId(mapping.connectwise_id))

    def _know(self, account: str, company: CompanyId) -> None:
        self._spellings[account.casefold()] = account
        self._companies[account.casefold()] = company

    def accounts(self) -> list[str]:
        """Every linked account, as it was linked."""
        return sorted(self._spellings.values())

    def company(self, account: str) -> CompanyId | None:
        """The company of an account; None if it is not linked."""
        return self._companies.get(account.casefold())

    def spelling(self, account: str) -> str:
        """The account as it was linked: its tasks queue under that name. As given if it is not linked."""
        return self._spellings.get(account.casefold(), account)

    def other(self, company: CompanyId, account: str) -> str:
        """Another account that is linked to a company; empty if there is none."""
        own = account.casefold()
        return next((self._spellings[key] for key, to in self._companies.items() if to == company and key != own), "")

    def link(self, account: str, company: CompanyId) -> None:
        """Link an account for good."""
        spelt = self.spelling(account)
        self.store.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, self.layout.customer(spelt)), company))
        self._know(spelt, company)
