"""The bodies that the marketplace accepts: allowed and required fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cwtui.sandbox.errors import MarketplaceRefusal
from cwtui.sandbox.table import Row

_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class BodyForm:
    """An object of a body.

    fields: What each may be: `str`, `int`, `dict` (any object), a set of choices, another form; `[x]` is a list of x.
    required: The fields that may be neither missing nor empty.
    others: What every other field is; None where it may be anything.
    """

    fields: dict[str, Any]
    required: tuple[str, ...] = ()
    others: Any = None

    def missing(self, sent: Row, at: str = "") -> Iterator[str]:
        """The paths of required fields that are missing, at any depth."""
        yield from (at + name for name in self.required if sent.get(name) in (None, "", [], {}))
        for name, kind in self.fields.items():
            inner, value = (kind[0], sent.get(name)) if isinstance(kind, list) else (kind, [sent.get(name)])
            if isinstance(inner, BodyForm) and isinstance(value, list):
                for entry in value:
                    yield from inner.missing(entry, f"{at}{name}.") if isinstance(entry, dict) and entry else ()

    def wrong(self, sent: Row, at: str = "") -> Iterator[str]:
        """The paths of fields with a value that is not allowed, at any depth."""
        for name, value in sent.items():
            kind = self.fields.get(name, self.others)
            if kind is not None:
                yield from _wrong(kind, value, at + name)


def _wrong(kind: Any, value: Any, path: str) -> Iterator[str]:
    if isinstance(kind, list):
        if not isinstance(value, list):
            yield f"{path} (a list)"
            return
        for entry in value:
            yield from _wrong(kind[0], entry, path)
    elif isinstance(kind, BodyForm):
        if isinstance(value, dict):
            yield from kind.wrong(value, f"{path}.")
        else:
            yield f"{path} (an object)"
    elif isinstance(kind, frozenset):
        if not isinstance(value, str) or value not in kind:
            yield f"{path} (one of {', '.join(sorted(kind))})"
    elif not isinstance(value, kind) or isinstance(value, bool) or (kind is int and not -_INT32 <= value < _INT32):
        yield f"{path} ({_NAMES[kind]})"


_NAMES = {str: "a text", int: "a whole number", dict: "an object"}

_ADDRESS = BodyForm(
    dict.fromkeys(("streetAddress", "addressExtension", "postalCode", "city", "state", "countryCode"), str),
    required=("streetAddress", "postalCode", "city", "countryCode"),
)
_PERSON = BodyForm(
    {
        "type": frozenset({"admin", "billing", "technical"}),
        **dict.fromkeys(("firstName", "lastName", "email", "phoneNumber", "login", "password"), str),
    },
    required=("type", "firstName", "lastName", "email", "phoneNumber"),
)
_CUSTOMER_FIELDS = {
    **dict.fromkeys(("id", "externalId", "name", "language", "taxRegId", "resellerId"), str),
    "status": frozenset({"pending", "active", "creditHold", "adminHold", "cancelled", "error"}),
    "attributes": BodyForm({}, others=str),
    "address": _ADDRESS,
    "contactPersons": [_PERSON],
}
NEW_CUSTOMER = BodyForm(_CUSTOMER_FIELDS, required=("address", "contactPersons", "language", "name"))
CHANGED_CUSTOMER = BodyForm(_CUSTOMER_FIELDS)

_PERIOD = BodyForm(
    {"type": frozenset({"day", "month", "year", "statement_day", "unknown"}), "duration": int},
    required=("type", "duration"),
)
_PRODUCT = BodyForm(
    {
        **dict.fromkeys(("id", "mpn", "vendor", "draftRequestId"), str),
        "billingPeriod": _PERIOD,
        "subscriptionPeriod": _PERIOD,
        "quantity": int,
        "parameters": [BodyForm({"name": str, "value": dict, "structured_value": dict}, required=("name",))],
    },
    required=("parameters",),
)
VALIDATION = BodyForm(
    {
        "customerId": str,
        "type": frozenset({"sales", "change", "renewal", "cancellation", "migration", "unknown"}),
        "products": [_PRODUCT],
    },
    required=("customerId", "products"),
)


def judge(form: BodyForm, body: Row) -> None:
    """Refuse a body that is not of this form.

    Raises:
        MarketplaceRefusal: Naming what is missing, else what is wrong.
    """
    for words, found in (("Required and missing", form.missing(body)), ("Not what it must be", form.wrong(body))):
        if paths := list(dict.fromkeys(found)):
            raise MarketplaceRefusal(400, "invalidBody", f"{words}: {', '.join(paths)}.")
    country = body.get("address", {}).get("countryCode", "XX")
    if len(country) != 2:  # noqa: PLR2004  # ISO 3166-1 alpha-2
        raise MarketplaceRefusal(400, "invalidBody", "Not what it must be: address.countryCode (two letters).")
