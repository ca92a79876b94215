"""The contact person of an account, created with its company: an agreement needs one (files.md#export-accounts)."""

from __future__ import annotations

from cwtui.domain.errors import ServiceError
from cwtui.domain.ids import CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import Company, Contact, NewContact
from cwtui.engine.protocols import Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.vendors.layouts import Layout
from cwtui.vendors.protocols import IntermediaPsa
from cwtui.vendors.rows import Refusal, Row


@dataclass(slots=True)
class AccountContacts:
    """Creates the contacts of companies that were created here; those of other companies are left alone.

    A due contact is noted before its company is created, so that it is made even if the run is killed in between.
    """

    psa: IntermediaPsa
    store: Store
    layout: Layout
    once: CreateOnce

    def note_due(self, row: Row) -> None:
        """Note that the company of this row is about to be created."""
        if _contact(row, CompanyId(0)) is not None:
            self.store.save_contact_due(self._account(row))

    async def make(self, row: Row, company: Company) -> Refusal | None:
        """Create the contact if it is due; returns why it could not be created, and the next export tries again."""
        contact = _contact(row, company.id)
        if contact is None or not self.store.is_contact_due(self._account(row)):
            return None

        async def send() -> Contact:
            return await self.psa.create_contact(contact)

        async def look() -> Contact | None:
            held = await self.psa.contacts_of(company.id)
            return next((one for one in held if _is_same(one, contact)), None)

        try:
            if not await self.psa.contacts_of(company.id):  # else a killed run made it, or somebody was quicker
                await self.once.create(send, look)
        except ServiceError as error:  # the company is created and linked, even if its contact fails
            return row.refused(f"its contact was not created: {error.happened.rstrip('.')}", "account_id")
        self.store.drop_contact_due(self._account(row))
        return None

    def _account(self, row: Row) -> str:
        return self.layout.customer(row["account_id"]).casefold()


def _contact(row: Row, company: CompanyId) -> NewContact | None:
    """The contact that a row names; None if it names nobody."""
    first, last, email = row["contact_first_name"], row["contact_last_name"], row["contact_email"]
    if not (first or last or email):
        return None
    # ConnectWise lists people by their first name, so somebody without one gets another known name in its place.
    return NewContact(company, first or last or email, last if first else "", email, row["phone"])


def _is_same(held: Contact, wanted: NewContact) -> bool:
    if held.email and wanted.email:
        return held.email.casefold() == wanted.email.casefold()
    names = (held.first_name.casefold(), held.last_name.casefold())
    return names == (wanted.first_name.casefold(), wanted.last_name.casefold())
