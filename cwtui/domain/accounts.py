"""A ConnectWise company as a marketplace account: what it has, and what it still lacks.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace

from cwtui.domain.calling_codes import e164
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import Company, Contact

REQUIRED = (
    "name",
    "street",
    "postal_code",
    "city",
    "country_code",
    "first_name",
    "last_name",
    "email",
    "phone",
)
"""What a marketplace account must have, in the words of forms and of `--set`."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ANY_COUNTRY = "US"
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Account:
    """A marketplace account in the making; empty texts where ConnectWise says nothing.

    Attributes:
        country_code: ISO 3166-1 alpha-2.
        phone: As somebody wrote it; it is sent in ITU-T E.164.
        language: Of notifications, ISO 639-1.
    """

    external_id: str
    name: str = ""
    street: str = ""
    extension: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country_code: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "en"

    @classmethod
    def of(cls, company: Company, contact: Contact | None) -> Account:
        """What ConnectWise holds of a company and its default contact."""
        at = company.address
        made = cls(
            external_id=company.identifier,
            name=company.name,
            street=at.street,
            extension=at.extension,
            postal_code=at.postal_code,
            city=at.city,
            state=at.state,
            country_code=at.country_code.upper(),
        )
        if contact is not None:
            made = replace(
                made,
                first_name=contact.first_name,
                last_name=contact.last_name,
                email=contact.email,
                phone=contact.phone,
            )
        return made.filled({name: getattr(made, name).strip() for name in SETTABLE})

    def filled(self, values: Mapping[str, str]) -> Account:
        """The same with these values; names are those of `SETTABLE`."""
        known = {name: value.strip() for name, value in values.items()}
        if "country_code" in known:
            known["country_code"] = known["country_code"].upper()
        return replace(self, **known)

    @property
    def lacks(self) -> tuple[str, ...]:
        """Required values that are missing or cannot be what they should be, in the order of `REQUIRED`."""
        has_country = bool(_COUNTRY.fullmatch(self.country_code))
        good = {
            "country_code": has_country,
            "email": bool(_EMAIL.fullmatch(self.email)),
            # A national number is complete once its country is known, which then is the only gap.
            "phone": bool(e164(self.phone, self.country_code if has_country else _ANY_COUNTRY)),
        }
        return tuple(name for name in REQUIRED if not good.get(name, bool(getattr(self, name))))

    def body(self) -> dict[str, object]:
        """The account in the shape of the marketplace's contract (`Customer`)."""
        address = {
            "streetAddress": self.street,
            "addressExtension": self.extension,
            "postalCode": self.postal_code,
            "city": self.city,
            "state": self.state,
            "countryCode": self.country_code,
        }
        contact = {
            "type": "admin",
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "phoneNumber": e164(self.phone, self.country_code),
        }
        return {
            "externalId": self.external_id,
            "name": self.name,
            "address": {name: value for name, value in address.items() if value},
            "contactPersons": [contact],
            "language": self.language,
        }


SETTABLE = tuple(field.name for field in fields(Account) if field.name != "external_id")
"""What an operator may fill in."""
