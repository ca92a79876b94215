"""From a report's rows to accounts: their companies, items, agreements and additions, or why they cannot be counted.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from cwtui.domain.counts import CountedItem, CountRecord
from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.money import plain
from cwtui.domain.psa import Addition, Agreement, Company
from cwtui.engine.concurrently import each
from cwtui.engine.protocols import Listener, Progress, Store
from cwtui.vendors.billing_report import BillingReport, digest_of
from cwtui.vendors.count_lines import CountLine
from cwtui.vendors.items import exported_items
from cwtui.vendors.layouts import Layout
from cwtui.vendors.linked_accounts import LinkedAccounts
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal

_NOBODY = CompanyId(0)
"""Stands for the company of an account that nobody mapped yet."""


@dataclass(frozen=True, slots=True)
class AccountCounts:
    """One linked account of a report, with everything its task needs."""

    account: str
    company: Company
    record: CountRecord


@dataclass(slots=True)
class CountedAccounts:
    """Finds the accounts of a report.

    Attributes:
        links: The companies that accounts are linked to.
    """

    psa: IntermediaPsa
    store: Store
    listener: Listener
    layout: Layout
    at_once: int = 16
    links: LinkedAccounts = field(init=False)
    _refused: list[Refusal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links = LinkedAccounts(self.store, self.layout)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Every row refused so far, by line."""
        return tuple(sorted(self._refused, key=lambda one: one.line))

    async def resolve(self, report: BillingReport) -> list[AccountCounts]:
        """The linked accounts of a report, their items and agreements; the rows of others are refused."""
        self._refused = list(report.refused)
        links = self.links = LinkedAccounts(self.store, self.layout)
        report = report.spelt(links.spelling)
        names = await self._item_ids(report)
        companies = await self._companies(report, links)
        agreements: dict[CompanyId, list[Agreement]] = defaultdict(list)
        async for page in self.psa.agreements():
            for agreement in page:
                agreements[agreement.company_id].append(agreement)
        found = []
        for account, lines in self._accounts(report):
            company = companies.get(account)
            if company is None and self.layout.by_name and links.company(account) is None:
                company = Company(_NOBODY, "", account)
            if company is None:
                self._refuse(report, account, self._unlinked(account, links))
                continue
            items, doubts = self._items(lines, names, account)
            doubts |= report.doubts.by_account.get(account.casefold(), {})
            if items or doubts:
                bills = self._agreement(account, company, agreements[company.id])
                found.append(self._counts(report, account, company, bills, items, doubts))
        return await self._with_additions(self._alone(report, found))

    def _counts(
        self,
        report: BillingReport,
        account: str,
        company: Company,
        bills: tuple[AgreementId | None, str],
        items: tuple[CountedItem, ...],
        doubts: dict[str, tuple[int, ...]],
    ) -> AccountCounts:
        agreement_id, lacking = bills
        if company.id == _NOBODY:
            lacking = f"No company is mapped to {account}."
        record = CountRecord(
            self.layout.name,
            account,
            report.name,
            report.moment.date() if report.is_dated else None,
            digest_of((self._told_by(item), item.quantity) for item in items),
            agreement_id,
            lacking,
            items,
            doubts,
            anywhere=report.doubts.by_account.get("", {}),
            known=self.known(account),
        )
        return AccountCounts(account, company, record)

    def _accounts(self, report: BillingReport) -> Iterator[tuple[str, Sequence[CountLine]]]:
        """The accounts of a report with their lines; those of which every row was refused too."""
        yield from report.counts.items()
        named = {account.casefold() for account in report.counts}
        for account in report.doubts.by_account:
            if account and account not in named and self.links.company(account) is not None:
                yield self.links.spelling(account), ()

    def _told_by(self, item: CountedItem) -> str:
        """The key that identifies an account's line."""
        if self.layout.priced_names:
            return item.name
        amounts = (item.unit_cost, item.price)
        return " ".join([item.name, *(plain(amount) for amount in amounts if amount is not None)])

    def known(self, account: str) -> dict[CatalogItemId, str]:
        """The catalog items that earlier reports named for an account."""
        known: dict[CatalogItemId, str] = {}
        for task in self.store.tasks_of(self.layout.subscription(account)):
            if record := self.store.counts(task.id):
                known |= record.known
                known |= {item.catalog_item_id: item.name for item in record.items}
        return known

    async def _item_ids(self, report: BillingReport) -> Mapping[str, CatalogItemId]:
        """Catalog items by name: the exported ones, else those that ConnectWise has under that name."""
        found = {name.casefold(): item for name, item in exported_items(self.store, self.layout)}
        wanted = {line.item.casefold() for lines in report.counts.values() for line in lines}
        if wanted - found.keys():
            async for page in self.psa.catalog_items():
                for item in page:
                    found.setdefault(item.identifier.casefold(), item.id)
        return found

    async def _companies(self, report: BillingReport, links: LinkedAccounts) -> dict[str, Company]:
        """The company of each account, by its link; where the layout allows, by an identifier of its own."""
        named = [account for account, _ in self._accounts(report)]
        linked = {company for account in named if (company := links.company(account)) is not None}
        companies: dict[CompanyId, Company] = {}
        async for page in self.psa.companies(None if self.layout.links_by_identifier else linked):
            companies.update((company.id, company) for company in page)
        if self.layout.links_by_identifier:
            named_by_refused = {account.casefold(): account for one in report.refused for account, _ in one.could_be}
            unlinked = {**named_by_refused, **{account.casefold(): account for account in report.counts}}
            self._link([one for one in unlinked.values() if one and links.company(one) is None], companies, links)
            named = [account for account, _ in self._accounts(report)]
        return {
            account: companies[company]
            for account in named
            if (company := links.company(account)) is not None and company in companies
        }

    def _link(self, accounts: Sequence[str], companies: Mapping[CompanyId, Company], links: LinkedAccounts) -> None:
        """Link accounts without a link to the one company that carries their id and no other account's, for good."""
        by_text: dict[str, set[CompanyId]] = defaultdict(set)
        for company in companies.values():
            for text in (company.identifier, company.account_number):
                if text:
                    by_text[text.casefold()].add(company.id)
        with self.store.batch():
            for account in accounts:
                found = by_text[account.casefold()]
                taken = "" if self.layout.adds_up_company else links.other(next(iter(found), _NOBODY), account)
                if len(found) == 1 and not taken:
                    links.link(account, next(iter(found)))

    def _unlinked(self, account: str, links: LinkedAccounts) -> str:
        if links.company(account) is not None:
            return "its company is no longer in ConnectWise, or in the recycle bin"
        if self.layout.links_by_identifier:
            link = f"map customer {self.layout.customer(account)} to its company"
            return f"no company carries its id and no other account's; {link}"
        return "the account is not linked to a company; export the accounts first"

    def _refuse(self, report: BillingReport, account: str, reason: str) -> None:
        self._refused += [Refusal(number, account, reason) for number in report.rows_of(account)]

    def _items(
        self, lines: Sequence[CountLine], names: Mapping[str, CatalogItemId], account: str
    ) -> tuple[tuple[CountedItem, ...], dict[str, tuple[int, ...]]]:
        items: list[CountedItem] = []
        doubts: dict[str, tuple[int, ...]] = {}
        for line in lines:
            found = names.get(line.item.casefold())
            if found is not None:
                items.append(
                    CountedItem(
                        line.name,
                        line.sku,
                        line.unit_cost,
                        line.quantity,
                        found,
                        line.lines,
                        line.price,
                        is_apart=line.is_apart,
                    )
                )
                continue
            sku = line.sku.casefold()
            doubts[sku] = (*doubts.get(sku, ()), *line.lines)
            how = "export it with the current SKU sheet" if self.layout.priced_names else "create or map it"
            reason = f"there is no catalog item {line.item}; {how}, then give the report again"
            self._refused += [Refusal(number, f"{account}, {line.sku}", reason) for number in line.lines]
        return tuple(items), doubts

    def _agreement(
        self, account: str, company: Company, agreements: Sequence[Agreement]
    ) -> tuple[AgreementId | None, str]:
        """The company's one active agreement of the configured type, else why there is none."""
        chosen = self.store.mappings().agreement(self.layout.subscription(account))
        if chosen is not None:
            return chosen, ""
        kind = self.layout.agreement_type
        of_kind = [one for one in agreements if one.type_name.casefold() == kind.casefold()]
        active = [one for one in of_kind if not one.is_inactive]
        if len(active) == 1:
            return active[0].id, ""
        if active:
            ids = ", ".join(f"{one.name} ({one.id})" for one in active)
            return None, f"Company {company.name} has several active agreements of type {kind}: {ids}. End all but one."
        if of_kind:
            return None, f"No agreement of type {kind} of company {company.name} is active. Activate it in ConnectWise."
        return None, f"Company {company.name} has no agreement of type {kind}. Add one in ConnectWise."

    def _alone(self, report: BillingReport, found: Sequence[AccountCounts]) -> list[AccountCounts]:
        """Refuse accounts that share an agreement, or add them up: they would undo each other's counts."""
        sharing: dict[AgreementId, list[str]] = defaultdict(list)
        for one in found:
            if one.record.agreement_id is not None:
                sharing[one.record.agreement_id].append(one.account)
        if self.layout.adds_up_company:
            return [self._together(list(group)) for group in self._by_agreement(found)]
        alone = []
        for one in found:
            others = sharing[one.record.agreement_id] if one.record.agreement_id is not None else [one.account]
            if len(others) == 1:
                alone.append(one)
            else:
                names = ", ".join(others)
                reason = f"accounts {names} share agreement {one.record.agreement_id}; give each its own"
                self._refuse(report, one.account, reason)
        return alone

    def _by_agreement(self, found: Sequence[AccountCounts]) -> Iterable[Sequence[AccountCounts]]:
        groups: dict[object, list[AccountCounts]] = defaultdict(list)
        for one in found:
            groups[one.record.agreement_id or one.account].append(one)
        return groups.values()

    def _together(self, group: Sequence[AccountCounts]) -> AccountCounts:
        """One company's accounts as one, under the name linked first, so that it is the same every month."""
        if len(group) == 1 and not self.links.other(group[0].company.id, group[0].account):
            return group[0]
        company = group[0].company
        names = [name for name in self.links.accounts() if self.links.company(name) == company.id]
        main = (names or [group[0].account])[0]
        items: dict[str, CountedItem] = {}
        doubts: dict[str, tuple[int, ...]] = {}
        known: dict[CatalogItemId, str] = {}
        for one in group:
            known |= one.record.known
            for sku, lines in one.record.doubts.items():
                doubts[sku] = (*doubts.get(sku, ()), *lines)
            for item in one.record.items:
                held = items.get(item.name)
                if held is not None and (held.unit_cost, held.price) != (item.unit_cost, item.price):
                    reason = f"the accounts of {company.name} have it at different prices"
                    self._refused += [Refusal(line, f"{one.account}, {item.sku}", reason) for line in item.lines]
                    key = item.sku.casefold()
                    doubts[key] = (*doubts.get(key, ()), *held.lines, *item.lines)
                elif held is not None:
                    lines = (*held.lines, *item.lines)
                    items[item.name] = replace(held, quantity=held.quantity + item.quantity, lines=lines)
                else:
                    items[item.name] = item
        added = tuple(items.values())
        digest = digest_of((self._told_by(item), item.quantity) for item in added)
        known |= self.known(main)
        record = replace(group[0].record, account=main, items=added, doubts=doubts, digest=digest, known=known)
        return replace(group[0], account=main, record=record)

    async def _with_additions(self, found: Sequence[AccountCounts]) -> list[AccountCounts]:
        agreements = [one.record.agreement_id for one in found if one.record.agreement_id is not None]

        async def ask(agreement: AgreementId) -> tuple[AgreementId, Sequence[Addition]]:
            return agreement, await self.psa.additions(agreement)

        def done(count: int) -> None:
            self.listener.progress(Progress("Reading agreements", count, len(agreements)))

        held = dict(await each(agreements, ask, at_once=self.at_once, done=done))
        return [
            replace(one, record=replace(one.record, seen=tuple(held.get(one.record.agreement_id, ()))))
            if one.record.agreement_id is not None
            else one
            for one in found
        ]
