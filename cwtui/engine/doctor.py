"""Doctor: do both services answer, and may this API member do what cwtui needs (reconciling.md#doctor)."""

from __future__ import annotations

from cwtui.domain.errors import ConfigError, ServiceError
from cwtui.domain.lazily import dataclass
from cwtui.engine.protocols import Marketplace, Psa
from cwtui.engine.reports import DoctorReport, Permission, ServiceHealth

_FORBIDDEN = 403
_UNAUTHORIZED = 401
_IMPOSSIBLE_ID = 2147483647
_ADDITIONS = f"/finance/agreements/{_IMPOSSIBLE_ID}/additions"


@dataclass(frozen=True, slots=True)
class _Probe:
    """A request that changes nothing, whatever it is answered: 403 is missing, 200 / 400 / 404 is there.

    Rule: reconciling.md#doctor.
    """

    module: str
    permission: str
    level: str
    method: str
    path: str
    body: object | None = None


PROBES = (
    _Probe("Companies", "Company Maintenance", "Inquire", "GET", "/company/companies?pageSize=1&fields=id"),
    _Probe("Companies", "Contacts", "Inquire", "GET", "/company/contacts?pageSize=1&fields=id"),
    _Probe("Finance", "Agreements", "Inquire", "GET", "/finance/agreements?pageSize=1&fields=id"),
    _Probe("Finance", "Agreements", "Add", "POST", _ADDITIONS, {}),
    _Probe("Finance", "Agreements", "Edit", "PATCH", f"{_ADDITIONS}/{_IMPOSSIBLE_ID}", []),
    _Probe("Finance", "Agreements", "Delete", "DELETE", f"{_ADDITIONS}/{_IMPOSSIBLE_ID}"),
    _Probe("Finance", "Invoicing", "Inquire", "GET", "/finance/invoices?pageSize=1&fields=id"),
    _Probe("Procurement", "Product Catalog", "Inquire", "GET", "/procurement/catalog?pageSize=1&fields=id"),
    _Probe("Procurement", "Product Catalog", "Add", "POST", "/procurement/catalog", {}),
    _Probe("System", "Table Setup", "Inquire", "GET", "/procurement/types?pageSize=1&fields=id"),
)


_REPORTS = f"/company/companies/{_IMPOSSIBLE_ID}/managementSummaryReports"
FILE_PROBES = (
    _Probe("Companies", "Company Maintenance", "Add", "POST", "/company/companies", {}),
    _Probe("Companies", "Company Maintenance", "Edit", "PATCH", f"{_REPORTS}/{_IMPOSSIBLE_ID}", []),
    # A contact has no required field: only what is no contact at all is surely refused.
    _Probe("Companies", "Contacts", "Add", "POST", "/company/contacts", []),
    _Probe("Procurement", "Product Catalog", "Edit", "PATCH", f"/procurement/catalog/{_IMPOSSIBLE_ID}", []),
    _Probe("System", "Table Setup", "Add", "POST", "/procurement/types", {}),
)
"""The permissions that vendors' files need beside those of the table (reconciling.md#permissions)."""


async def examine(marketplace: Marketplace, psa: Psa, *, files: bool = False) -> DoctorReport:
    """Probe both services and every permission of reconciling.md#permissions; nothing is changed anywhere.

    Args:
        marketplace: Asked for a number of customers.
        psa: Asked for everything else.
        files: Probe what vendors' files need, too.
    """
    services = (await _marketplace_health(marketplace, files=files), await _psa_health(psa))
    permissions = [
        Permission(probe.module, probe.permission, probe.level, await _granted(psa, probe) if services[1].ok else None)
        for probe in (*PROBES, *(FILE_PROBES if files else ()))
    ]
    return DoctorReport(services, tuple(permissions))


async def _marketplace_health(marketplace: Marketplace, *, files: bool) -> ServiceHealth:
    try:
        customers = await marketplace.total("customers")
    except ConfigError:
        if not files:
            raise
        return ServiceHealth("marketplace", ok=True, version="", message="Not set up; vendors' files do not need it.")
    except ServiceError as error:
        return ServiceHealth("marketplace", ok=False, version="", message=str(error))
    return ServiceHealth("marketplace", ok=True, version="1.15", message=f"Answers; it has {customers} customers.")


async def _psa_health(psa: Psa) -> ServiceHealth:
    """Whether `/system/info` wants credentials is not known, so a list that does is asked as well."""
    located = await psa.located()
    try:
        version = await psa.version()
        status = await psa.probe("GET", PROBES[2].path)
    except ServiceError as error:
        return ServiceHealth("PSA", ok=False, version="", message=_together(str(error), psa.offers, located))
    if status in {_UNAUTHORIZED, 404}:
        hint = "On ConnectWise cloud wrong credentials also show as 404." if status != _UNAUTHORIZED else ""
        refused = f"ConnectWise refuses the credentials (status {status})."
        message = _together(refused, hint, "Check company id, keys and client id.", psa.offers, located)
        return ServiceHealth("PSA", ok=False, version=version, message=message)
    message = _together("Answers, and takes the credentials.", psa.offers, located)
    return ServiceHealth("PSA", ok=True, version=version, message=message)


def _together(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


async def _granted(psa: Psa, probe: _Probe) -> bool | None:
    try:
        status = await psa.probe(probe.method, probe.path, probe.body)
    except ServiceError:
        return None
    return status != _FORBIDDEN if status < 500 else None  # noqa: PLR2004  # a broken answer says nothing of permissions
