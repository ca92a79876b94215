"""Accounts of the vendor ↔ companies: found and linked for good, or created (files.md#export-accounts)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path

from cwtui.domain.errors import AccessDenied, InputError, ServiceError
from cwtui.domain.ids import CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.management import ManageId
from cwtui.domain.marketplace import Address
from cwtui.domain.psa import Company
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.concurrently import each
from cwtui.engine.csv_cells import damage, is_total
from cwtui.engine.protocols import Listener, Progress, Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.vendors.account_contacts import AccountContacts
from cwtui.vendors.layouts import ACCOUNT_COLUMNS, Layout
from cwtui.vendors.linked_accounts import LinkedAccounts
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal, Row
from cwtui.vendors.setup_tables import SOLUTION, solution_named
from cwtui.vendors.vendor_file import FileShape, VendorFile, read_vendor_file

LONGEST_IDENTIFIER = 30
"""Characters of a company's identifier that the oldest known server takes; newer ones take more."""
_OTHER_NAMES = {"usa": "US", "u.s.a.": "US", "united states of america": "US", "uk": "GB", "great britain": "GB"}


class LinkedBy(StrEnum):
    """How an account came to its company."""

    LINK = "linked before"
    IDENTIFIER = "identifier"
    ACCOUNT_NUMBER = "account number"
    MANAGE_ID = "Manage ID"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class AccountLink:
    """One account with its company; `manage_id_written` says that the company was given its Manage ID now."""

    line: int
    account: str
    company: Company
    by: LinkedBy
    manage_id_written: bool = False


@dataclass(frozen=True, slots=True)
class AccountsReport:
    """What one export of accounts did.

    Attributes:
        namesakes: Rows whose company was created although another has the same name, and that company.
        failures: Rows that could not be carried out now, to be tried again.
        without_contact: Rows whose company was created and linked, but whose contact was not, and why.
    """

    links: tuple[AccountLink, ...] = ()
    namesakes: tuple[Refusal, ...] = ()
    refused: tuple[Refusal, ...] = ()
    failures: tuple[Refusal, ...] = ()
    without_contact: tuple[Refusal, ...] = ()

    @property
    def created(self) -> tuple[AccountLink, ...]:
        """Those whose company was created."""
        return tuple(link for link in self.links if link.by is LinkedBy.CREATED)


@dataclass(slots=True)
class _DoneSoFar:
    """What an `AccountsReport` is made of, as it comes."""

    refused: list[Refusal]
    links: list[AccountLink] = field(default_factory=list)
    namesakes: list[Refusal] = field(default_factory=list)
    failures: list[Refusal] = field(default_factory=list)
    without_contact: list[Refusal] = field(default_factory=list)

    def report(self) -> AccountsReport:
        return AccountsReport(
            links=tuple(self.links),
            namesakes=tuple(self.namesakes),
            refused=tuple(sorted(self.refused, key=lambda one: one.line)),
            failures=tuple(self.failures),
            without_contact=tuple(self.without_contact),
        )


def read_accounts(path: Path, layout: Layout) -> VendorFile:
    """The accounts file; rows without an account id, a name or a country, or that come twice, are refused.

    Raises:
        InputError: It is no such file.
    """
    file = read_vendor_file(
        path,
        "accounts",
        needed=("account_id", "name"),
        optional=ACCOUNT_COLUMNS[2:],
        columns=layout.columns,
        shape=FileShape(sheet=layout.sheet),
    )
    refused = list(file.refused)
    kept: dict[str, Row] = {}
    for row in file.rows:
        account = _key(row["account_id"])
        if reason := _row_refusal(row):
            refused.append(row.refused(reason, "account_id"))
        elif account in kept:
            refused.append(row.refused(f"the account is on line {kept[account].line} already", "account_id"))
        else:
            kept[account] = row
    return replace(file, rows=tuple(kept.values()), refused=tuple(refused))


def _row_refusal(row: Row) -> str:
    if not row["account_id"]:
        return "it has no account id"
    if reason := damage(row["account_id"]):
        return f"its account id {row['account_id']!r} {reason}"
    if is_total(row["account_id"]):
        return "it is a line of totals"
    if len(row["account_id"]) > LONGEST_IDENTIFIER:
        return f"its account id is longer than the {LONGEST_IDENTIFIER} characters of a Company ID"
    if not row["name"]:
        return "it has no name"
    return "" if row["country"] else "it has no country, and ConnectWise needs one; add it in the partner portal"


@dataclass(slots=True)
class AccountExport:
    """Links the accounts of a file to companies."""

    psa: IntermediaPsa
    store: Store
    listener: Listener
    layout: Layout
    once: CreateOnce
    at_once: int = 16
    _links: LinkedAccounts = field(init=False)
    _contacts: AccountContacts = field(init=False)
    _companies: dict[CompanyId, Company] = field(default_factory=dict)
    _by_name: dict[str, Company] = field(default_factory=dict)
    _by_text: dict[str, list[tuple[Company, LinkedBy]]] = field(default_factory=lambda: defaultdict(list))
    _codes: dict[str, str] = field(default_factory=dict)
    _solution: int | None = None
    _manage_ids: dict[CompanyId, Sequence[ManageId]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._links = LinkedAccounts(self.store, self.layout)
        self._contacts = AccountContacts(self.psa, self.store, self.layout, self.once)

    async def run(self, file: VendorFile, *, manage_id: bool = False, dry_run: bool = False) -> AccountsReport:
        """Link or create the company of every row; with `manage_id`, by Manage ID too, and write it.

        A dry run reports what would be done, and writes nothing.

        Raises:
            InputError: `manage_id` without the Management IT solution.
            ServiceError: ConnectWise could not be read, or refuses the credentials. Rows done by then are linked.
        """
        if manage_id:
            self._solution = await self._needed_solution()
        await self._read()
        unknown = [
            row for row in file.rows if not self._candidates(row) and self._links.company(row["account_id"]) is None
        ]
        if manage_id and unknown:
            await self._read_manage_ids()
        done = _DoneSoFar(refused=list(file.refused))
        for number, row in enumerate(file.rows):
            self.listener.progress(Progress("Exporting accounts", number, len(file.rows)))
            try:
                found = self._previewed(row) if dry_run else await self._row(row)
            except AccessDenied:
                raise
            except ServiceError as error:
                reason = error.happened.rstrip(".")
                is_theirs = error.status is not None and error.status < 500  # noqa: PLR2004  # 4xx: the row is refused
                (done.refused if is_theirs else done.failures).append(row.refused(reason, "account_id"))
                continue
            if isinstance(found, Refusal):
                done.refused.append(found)
                continue
            done.links.append(found)
            if found.by is LinkedBy.CREATED and (same := self._by_name.get(_key(row["name"]))) is not None:
                reason = f"a company named {same.name} exists already ({same.id})"
                done.namesakes.append(row.refused(reason, "account_id"))
            if not dry_run and (lacking := await self._contacts.make(row, found.company)):
                done.without_contact.append(lacking)
        return done.report()

    async def _needed_solution(self) -> int:
        solution = solution_named(await self.psa.management_solutions(), SOLUTION)
        if solution is None:
            raise InputError(
                f"ConnectWise has no Management IT solution {SOLUTION}, so there are no Manage IDs of it.",
                next_step=Remedy(Action.SET_UP_VENDOR),
            )
        return solution.id

    async def _read(self) -> None:
        async for page in self.psa.companies(with_deleted=True):
            for company in page:
                self._know(company)
        self._by_name = {_key(one.name): one for one in self._companies.values() if not one.is_deleted}
        codes = await self.psa.country_codes()
        self._codes = {name: code for name, code in _OTHER_NAMES.items() if code in codes.values()}
        self._codes |= {code.casefold(): code for code in codes.values()}
        for entry in await self.psa.table("countries"):
            if entry.id in codes:
                self._codes[entry.name.strip().casefold()] = codes[entry.id]

    def _know(self, company: Company) -> None:
        self._companies[company.id] = company
        self._by_text[_key(company.identifier)].append((company, LinkedBy.IDENTIFIER))
        if company.account_number:
            self._by_text[_key(company.account_number)].append((company, LinkedBy.ACCOUNT_NUMBER))

    async def _read_manage_ids(self) -> None:
        living = [company for company in self._companies.values() if not company.is_deleted]

        async def ask(company: Company) -> None:
            self._manage_ids[company.id] = await self.psa.manage_ids(company.id)

        def done(count: int) -> None:
            self.listener.progress(Progress("Reading Manage IDs", count, len(living)))

        await each(living, ask, at_once=self.at_once, done=done)
        for company in living:
            for held in self._manage_ids[company.id]:
                if held.solution_id == self._solution:
                    self._by_text[_key(held.group_identifier)].append((company, LinkedBy.MANAGE_ID))

    def _candidates(self, row: Row) -> dict[CompanyId, tuple[Company, LinkedBy]]:
        found: dict[CompanyId, tuple[Company, LinkedBy]] = {}
        for company, by in self._by_text.get(_key(row["account_id"]), ()):
            found.setdefault(company.id, (company, by))
        return found

    def _previewed(self, row: Row) -> AccountLink | Refusal:
        """The link that a row would get."""
        found = self._found(row)
        if isinstance(found, Refusal):
            return found
        if found is None and self._codes.get(row["country"].casefold()) is None:
            return row.refused(f"ConnectWise has no country {row['country']!r}", "account_id")
        company, by = found or (Company(CompanyId(0), row["account_id"], row["name"]), LinkedBy.CREATED)
        return AccountLink(row.line, row["account_id"], company, by)

    async def _row(self, row: Row) -> AccountLink | Refusal:
        found = self._found(row)
        if isinstance(found, Refusal):
            return found
        company, by = found or (await self._create(row), LinkedBy.CREATED)
        if isinstance(company, Refusal):
            return company
        if by is not LinkedBy.LINK:
            self._links.link(row["account_id"], company.id)
        written = self._solution is not None and await self._write_manage_id(row, company, self._solution)
        return AccountLink(row.line, row["account_id"], company, by, manage_id_written=written)

    def _found(self, row: Row) -> tuple[Company, LinkedBy] | Refusal | None:
        """The company of an account: its link, else the one that carries its id; None if there is none yet."""
        account = row["account_id"]
        linked = self._links.company(account)
        if linked is not None:
            return self._still_there(row, linked)
        candidates = list(self._candidates(row).values())
        living = [(company, by) for company, by in candidates if not company.is_deleted]
        if len(living) > 1:
            names = ", ".join(f"{company.name} ({company.id}, by {by})" for company, by in living)
            reason = f"several companies carry its id: {names}"
            return row.refused(f"{reason}; map customer {self.layout.customer(account)} to one of them", "account_id")
        if living:
            if other := self._links.other(living[0][0].id, account):
                reason = f"company {living[0][0].name} is linked to account {other} already"
                return row.refused(reason, "account_id")
            return living[0]
        if candidates:
            company = candidates[0][0]
            reason = f"company {company.name} ({company.id}) with its id is in the recycle bin; restore it or purge it"
            return row.refused(f"{reason} in ConnectWise, then export the account again", "account_id")
        return None

    def _still_there(self, row: Row, linked: CompanyId) -> tuple[Company, LinkedBy] | Refusal:
        company = self._companies.get(linked)
        if company is not None and not company.is_deleted:
            return company, LinkedBy.LINK
        state = "in the recycle bin; restore it in ConnectWise" if company else "no longer in ConnectWise"
        name = f"{company.name} ({linked})" if company else str(linked)
        forget = f"unmap customer {self.layout.customer(self._links.spelling(row['account_id']))}"
        return row.refused(f"its company {name} is {state}, or let it go: {forget}", "account_id")

    async def _create(self, row: Row) -> Company | Refusal:
        code = self._codes.get(row["country"].casefold())
        if code is None:
            return row.refused(f"ConnectWise has no country {row['country']!r}", "account_id")
        account = row["account_id"]
        address = Address(row["address1"], row["address2"], row["zip"], row["city"], row["state"], code)
        company = Company(CompanyId(0), account, row["name"], address, phone=row["phone"])
        self._contacts.note_due(row)

        async def send() -> Company:
            return await self.psa.create_company(company)

        async def look() -> Company | None:
            async for page in self.psa.companies_where("identifier", account):
                for held in page:
                    if _key(held.identifier) == _key(account) and not held.is_deleted:
                        return held
            return None

        made = await self.once.create(send, look)
        self._know(made)
        self._manage_ids[made.id] = ()
        return made

    async def _write_manage_id(self, row: Row, company: Company, solution: int) -> bool:
        """Give a company its Manage ID, unless it has it; True if it was written."""
        account = row["account_id"]
        held = self._manage_ids.get(company.id)
        if held is None:
            held = await self.psa.manage_ids(company.id)
        own = next((one for one in held if one.solution_id == solution), None)
        if own is not None and own.group_identifier == account:
            return False
        if own is not None:
            await self.psa.update_manage_id(company.id, own.id, account)
            return True

        async def send() -> ManageId:
            return await self.psa.create_manage_id(company.id, solution, account)

        async def look() -> ManageId | None:
            rows = await self.psa.manage_ids(company.id)
            return next((one for one in rows if one.solution_id == solution and one.group_identifier == account), None)

        await self.once.create(send, look)
        return True


def _key(text: str) -> str:
    return text.strip().casefold()
