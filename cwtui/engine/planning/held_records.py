"""What ConnectWise holds of what is mapped: agreements, through when they are billed, and catalog items."""

from __future__ import annotations

from dataclasses import field
from datetime import date

from cwtui.domain.ids import AgreementId, CatalogItemId
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import Agreement, CatalogItem, billed_through
from cwtui.engine.workspace import Feature


@dataclass(slots=True)
class HeldRecords(Feature):
    """Records of ConnectWise, each asked for once.

    Attributes:
        agreements, items: What is held; a missing key was not asked for yet, None is not there.
        billed: Through which day an agreement is billed.
    """

    agreements: dict[AgreementId, Agreement | None] = field(default_factory=dict)
    items: dict[CatalogItemId, CatalogItem] = field(default_factory=dict)
    billed: dict[AgreementId, date | None] = field(default_factory=dict)
    _asked_items: set[CatalogItemId] = field(default_factory=set)

    async def load_agreements(self, wanted: set[AgreementId]) -> None:
        """Read agreements, and through when they are billed, unless they are known."""
        unknown = wanted - self.agreements.keys()
        if not unknown:
            return
        self.psa.clear_unreadable()
        async for page in self.psa.agreements(unknown):
            self.agreements.update((agreement.id, agreement) for agreement in page)
        self._tell_unreadable()
        loaded = [agreement for name in unknown if (agreement := self.agreements.get(name)) is not None]
        for name in unknown:
            self.agreements.setdefault(name, None)
        undated = [agreement for agreement in loaded if agreement.next_invoice is None]

        async def ask(agreement: Agreement) -> None:
            self.billed[agreement.id] = billed_through(agreement, await self.psa.latest_invoice(agreement.id))

        await self.workspace.each(undated, ask, "Reading invoices")
        for agreement in loaded:
            if agreement.next_invoice is not None:
                self.billed[agreement.id] = billed_through(agreement, None)
        await self.load_agreements({agreement.parent_id for agreement in loaded if agreement.parent_id is not None})
        for agreement in loaded:
            own, parents = self.billed.get(agreement.id), self.billed.get(agreement.parent_id or agreement.id)
            if own is not None and parents is not None:  # invoiced with its parent (plans.md#child-agreements)
                self.billed[agreement.id] = max(own, parents)

    async def load_items(self, wanted: set[CatalogItemId]) -> None:
        """Read catalog items, unless they are known."""
        unknown = wanted - self._asked_items
        if not unknown:
            return
        self.psa.clear_unreadable()
        async for page in self.psa.catalog_items(unknown):
            self.items.update((item.id, item) for item in page)
        self._tell_unreadable()
        self._asked_items |= unknown

    def forget_held(self) -> None:
        """Ask for each record afresh from now on."""
        self.agreements.clear()
        self.items.clear()
        self.billed.clear()
        self._asked_items.clear()

    def _tell_unreadable(self) -> None:
        """A task only says that it lacks the record; why it could not be read is said here."""
        for happened in self.psa.unreadable:
            self.listener.problem(happened)
        self.psa.clear_unreadable()
