"""Customers import: ConnectWise companies into the marketplace as customers, never one twice (SPEC 8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cwtui.domain.accounts import Account
from cwtui.domain.errors import AccessDenied, OutcomeUnknown, ServiceError
from cwtui.domain.ids import CompanyId
from cwtui.domain.mappings import Mapping as MappingRow
from cwtui.domain.mappings import MappingKey, MappingKind
from cwtui.domain.marketplace import Customer
from cwtui.domain.psa import Company, Contact
from cwtui.engine.protocols import Clock, Listener, Marketplace, Progress, Psa, Store

Row = TypeVar("Row")
_INTENT = "customers.import:"


@dataclass(frozen=True, slots=True)
class ImportCandidate:
    """An unmapped company and the account it would become; `account.lacks` says what is in the way."""

    company: Company
    account: Account


@dataclass(frozen=True, slots=True)
class Imported:
    """A company that is a customer now; `adopted` if the marketplace had it already."""

    company: Company
    customer: Customer
    adopted: bool


@dataclass(frozen=True, slots=True)
class NotImported:
    """A company that was refused, why, and what it lacks."""

    company_id: CompanyId
    name: str
    reason: str
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did."""

    imported: tuple[Imported, ...] = ()
    failures: tuple[NotImported, ...] = ()


@dataclass(slots=True)
class CustomerImport:
    """Creates customers from companies and maps them at once.

    The marketplace validates parameters of products only, so an account is checked here before it is sent.

    Attributes:
        settle_s: Seconds a create of unknown outcome is given to appear in the list.
        replan: Plans the tasks that the new mappings concern.
        is_stopping: Nothing new is begun once it says so.
    """

    store: Store
    marketplace: Marketplace
    psa: Psa
    clock: Clock
    listener: Listener
    settle_s: float
    replan: Callable[[], Awaitable[None]]
    require_writable: Callable[[], None]
    is_stopping: Callable[[], bool]
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def candidates(self, ids: Collection[CompanyId] | None = None) -> tuple[ImportCandidate, ...]:
        """Companies that are mapped to no customer, by name; with `ids`, those of them."""
        mapped = self._mapped()
        companies = [one for one in await _all(self.psa.companies(ids)) if not one.is_deleted and one.id not in mapped]
        wanted = {one.default_contact_id for one in companies if one.default_contact_id is not None}
        contacts: dict[int, Contact] = {}
        if wanted:
            contacts = {contact.id: contact for contact in await _all(self.psa.contacts(wanted))}
        found = [ImportCandidate(one, Account.of(one, contacts.get(one.default_contact_id or 0))) for one in companies]
        return tuple(sorted(found, key=lambda one: (one.company.name.casefold(), one.company.id)))

    async def import_all(self, *, language: str = "") -> ImportReport:
        """Every complete company; incomplete ones are named with what they lack."""
        self.require_writable()
        return await self._import(await self.candidates(), {}, language)

    async def import_some(
        self, ids: Sequence[CompanyId], fill: Mapping[str, str] | None = None, *, language: str = ""
    ) -> ImportReport:
        """These companies.

        Args:
            ids: Of companies.
            fill: What the operator filled in, by the names of `accounts.SETTABLE`.
            language: Of their notifications; empty is English.
        """
        self.require_writable()
        found = await self.candidates(ids)
        known = {one.company.id for one in found}
        mapped = self._mapped()
        missing = []
        for name in ids:
            if name in mapped:
                reason = f"Company {name} is mapped to customer {mapped[name]} already."
                missing.append(NotImported(name, "", reason))
            elif name not in known:
                missing.append(NotImported(name, "", f"ConnectWise has no company {name}, or it is deleted."))
        report = await self._import(found, fill or {}, language)
        return ImportReport(report.imported, (*missing, *report.failures))

    async def _import(
        self, candidates: Sequence[ImportCandidate], fill: Mapping[str, str], language: str
    ) -> ImportReport:
        chosen = {**fill, "language": language} if language else fill
        known = await self._known(candidates)
        imported: list[Imported] = []
        failures: list[NotImported] = []
        try:
            for number, candidate in enumerate(candidates, 1):
                if self.is_stopping():
                    break
                company, account = candidate.company, candidate.account.filled(chosen)
                try:
                    done = await self._one(company, account, known)
                except AccessDenied:
                    raise
                except ServiceError as error:
                    done = NotImported(company.id, company.name, str(error))
                if isinstance(done, Imported):
                    imported.append(done)
                else:
                    failures.append(done)
                self.listener.progress(Progress("Importing customers", number, len(candidates)))
        finally:
            if imported:
                await self.replan()
        return ImportReport(tuple(imported), tuple(failures))

    async def _one(self, company: Company, account: Account, known: dict[str, Customer]) -> Imported | NotImported:
        existing = known.get(account.external_id.casefold())
        if existing is not None:
            return self._map(company, existing, adopted=True)
        if account.lacks:
            lacks = ", ".join(name.replace("_", " ") for name in account.lacks)
            return NotImported(company.id, company.name, f"It lacks {lacks}.", account.lacks)
        intent = {"identifier": account.external_id, "at": self.clock.now().isoformat()}
        self.store.save_fact(f"{_INTENT}{company.id}", intent)
        try:
            created = await self.marketplace.create_customer(account.body())
        except OutcomeUnknown:
            await self.wait(self.settle_s)
            known.update(await self._customers())
            found = known.get(account.external_id.casefold())
            if found is None:
                raise
            return self._map(company, found, adopted=True)
        known[account.external_id.casefold()] = created
        return self._map(company, created, adopted=False)

    def _map(self, company: Company, customer: Customer, *, adopted: bool) -> Imported | NotImported:
        """Map at once; a customer that is mapped to another company is left alone."""
        other = self.store.mappings().company(customer.id)
        if other is not None and other != company.id:
            reason = (
                f"The marketplace has customer {customer.name} ({customer.id}) with its external id already, mapped to"
                f" company {other}."
            )
            return NotImported(company.id, company.name, reason)
        with self.store.batch():
            self.store.save_customers([customer])
            self.store.save_mapping(MappingRow(MappingKey(MappingKind.CUSTOMER, customer.id), company.id))
            self.store.save_fact(f"{_INTENT}{company.id}", {"customer": customer.id})
        return Imported(company, customer, adopted)

    async def _known(self, candidates: Sequence[ImportCandidate]) -> dict[str, Customer]:
        """Customers by external id. What a killed import may just have created is given time to appear."""
        known = await self._customers()
        if any(self._is_open(one.company) and one.company.identifier.casefold() not in known for one in candidates):
            await self.wait(self.settle_s)
            known = await self._customers()
        return known

    async def _customers(self) -> dict[str, Customer]:
        customers = await _all(self.marketplace.customers())
        return {customer.external_id.casefold(): customer for customer in customers if customer.external_id}

    def _is_open(self, company: Company) -> bool:
        """A create was begun for it and nothing says how it ended."""
        kept = self.store.fact(f"{_INTENT}{company.id}")
        return isinstance(kept, dict) and "customer" not in kept

    def _mapped(self) -> dict[CompanyId, str]:
        rows = (row for row in self.store.mappings() if row.key.kind is MappingKind.CUSTOMER)
        return {CompanyId(row.connectwise_id): row.key.marketplace_id for row in rows}


async def _all(pages: AsyncIterator[Sequence[Row]]) -> list[Row]:
    return [row async for page in pages for row in page]
