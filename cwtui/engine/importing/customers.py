"""Customers import: ConnectWise companies into the marketplace as customers, never one twice.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import field
from typing import TypeVar

from cwtui.domain.accounts import Account
from cwtui.domain.errors import AccessDenied, ServiceError
from cwtui.domain.ids import CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import ImportIntent, Outcome
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind, is_account
from cwtui.domain.marketplace import Customer
from cwtui.domain.psa import Company, Contact
from cwtui.engine.mapping.suggest import exact_matches, namesakes_of, suggest_companies
from cwtui.engine.planning.open_tasks import OpenTasks
from cwtui.engine.protocols import Progress
from cwtui.engine.turns import RECORDS, turn
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.create_once import CreateOnce

Row = TypeVar("Row")


_WHAT = "the import of customers"


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
    """A company that was not imported, why, and what it lacks; `failed`: the marketplace could not do it now."""

    company_id: CompanyId
    name: str
    reason: str
    lacks: tuple[str, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did."""

    imported: tuple[Imported, ...] = ()
    failures: tuple[NotImported, ...] = ()


@dataclass(frozen=True, slots=True)
class Twins:
    """Customers that may be a company already, though they do not carry its identifier.

    Attributes:
        exact: By company: the one customer of that name, if nothing contests it (reconciling.md#customers-import).
        contested: By company: a customer of that name, where a person has to decide.
    """

    exact: Dictionary[CompanyId, Customer] = field(default_factory=dict)
    contested: Dictionary[CompanyId, Customer] = field(default_factory=dict)


@dataclass(slots=True)
class CustomerImport(Feature):
    """Creates customers from companies and maps them at once.

    The marketplace validates parameters of products only, so an account is checked here before it is sent.
    """

    open_tasks: OpenTasks
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
        self.workspace.begin_run()
        async with turn(self.workspace, RECORDS, _WHAT):
            return await self._import(await self.candidates(), {}, language)

    async def import_some(
        self,
        ids: Sequence[CompanyId],
        fill: Dictionary[str, str] | None = None,
        *,
        language: str = "",
        anew: bool = False,
    ) -> ImportReport:
        """These companies.

        Args:
            ids: Of companies.
            fill: What the operator filled in, by the names of `accounts.SETTABLE`.
            language: Of their notifications; empty is English.
            anew: Create them although the marketplace has customers of their names.
        """
        self.workspace.begin_run()
        async with turn(self.workspace, RECORDS, _WHAT):
            return await self._import_some(ids, fill or {}, language, anew=anew)

    async def _import_some(
        self, ids: Sequence[CompanyId], fill: Dictionary[str, str], language: str, *, anew: bool
    ) -> ImportReport:
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
        report = await self._import(found, fill, language, anew=anew)
        return ImportReport(report.imported, (*missing, *report.failures))

    async def _import(
        self, candidates: Sequence[ImportCandidate], fill: Dictionary[str, str], language: str, *, anew: bool = False
    ) -> ImportReport:
        chosen = {**fill, "language": language} if language else fill
        customers = await self._known(candidates)
        known = by_external_id(customers)
        twins = Twins() if anew else await self._twins(customers, candidates)
        imported: list[Imported] = []
        failures: list[NotImported] = []
        try:
            for number, candidate in enumerate(candidates, 1):
                if self.is_stopping:
                    break
                company, account = candidate.company, candidate.account.filled(chosen)
                try:
                    done = await self._one(company, account, known, twins)
                except AccessDenied:
                    raise
                except ServiceError as error:
                    is_theirs = error.status is not None and error.status < 500  # noqa: PLR2004  # 4xx: it is refused
                    done = NotImported(company.id, company.name, str(error), failed=not is_theirs)
                if isinstance(done, Imported):
                    imported.append(done)
                else:
                    failures.append(done)
                self.listener.progress(Progress("Importing customers", number, len(candidates)))
        finally:
            if imported:
                await self.open_tasks.replan_after_mapping()
        return ImportReport(tuple(imported), tuple(failures))

    async def _one(
        self, company: Company, account: Account, known: dict[str, Customer], twins: Twins
    ) -> Imported | NotImported:
        existing = known.get(account.external_id.casefold()) or twins.exact.get(company.id)
        if existing is not None:
            return self._map(company, existing, adopted=True)
        if (namesake := twins.contested.get(company.id)) is not None:
            reason = (
                f"The marketplace has customer {namesake.name} ({namesake.id}) of that name."
                f" Map customer {namesake.id} to company {company.id}, or import the company as a new customer."
            )
            return NotImported(company.id, company.name, reason)
        if account.lacks:
            lacks = ", ".join(name.replace("_", " ") for name in account.lacks)
            return NotImported(company.id, company.name, f"It lacks {lacks}.", account.lacks)
        self.store.save_import_intent(ImportIntent(company.id, account.external_id, self.clock.now()))

        async def send() -> Customer:
            return await self.marketplace.create_customer(account.body())

        async def look() -> Customer | None:
            known.update(by_external_id(await self._customers()))
            return known.get(account.external_id.casefold())

        customer, outcome = await CreateOnce(self.settle_s, self.wait).create_or_adopt(send, look, sends=1)
        known[account.external_id.casefold()] = customer
        return self._map(company, customer, adopted=outcome is Outcome.ADOPTED)

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
            self.store.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, customer.id), company.id))
            self.store.save_import_intent(ImportIntent(company.id, company.identifier, self.clock.now(), customer.id))
        return Imported(company, customer, adopted)

    async def _known(self, candidates: Sequence[ImportCandidate]) -> Sequence[Customer]:
        """All customers, after a wait for those that a killed import may just have created."""
        customers = await self._customers()
        known = by_external_id(customers)
        if any(self._is_open(one.company) and one.company.identifier.casefold() not in known for one in candidates):
            await self.wait(self.settle_s)
            customers = await self._customers()
        return customers

    async def _customers(self) -> Sequence[Customer]:
        return await _all(self.marketplace.customers())

    async def _twins(self, customers: Sequence[Customer], candidates: Sequence[ImportCandidate]) -> Twins:
        """Unmapped customers with the name of a candidate."""
        mapped = {row.key.marketplace_id for row in self.store.mappings().of_kind(MappingKind.CUSTOMER)}
        free = [customer for customer in customers if customer.id not in mapped]
        namesakes = namesakes_of([one.company for one in candidates], free)
        if not namesakes:
            return Twins()
        everybody = [company for company in await _all(self.psa.companies()) if not company.is_deleted]
        named = {customer.id: customer for found in namesakes.values() for customer in found}
        proposed = suggest_companies(list(named.values()), everybody, taken=self._mapped())
        exact = {CompanyId(company): named[customer] for customer, company in exact_matches(proposed).items()}
        return Twins(exact, {company: found[0] for company, found in namesakes.items() if company not in exact})

    def _is_open(self, company: Company) -> bool:
        """A create was begun for it and nothing says how it ended."""
        begun = self.store.import_intent(company.id)
        return begun is not None and begun.customer_id is None

    def _mapped(self) -> dict[CompanyId, str]:
        """A company that is linked to a vendor's account only is no customer of the marketplace yet."""
        rows = (row for row in self.store.mappings().of_kind(MappingKind.CUSTOMER) if not is_account(row.key))
        return {CompanyId(row.connectwise_id): row.key.marketplace_id for row in rows}


def by_external_id(customers: Iterable[Customer]) -> dict[str, Customer]:
    """Customers by the id that an import gives them."""
    return {customer.external_id.casefold(): customer for customer in customers if customer.external_id}


async def _all(pages: AsyncIterator[Sequence[Row]]) -> list[Row]:
    return [row async for page in pages for row in page]
