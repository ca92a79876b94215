"""The paths of the PSA, as published, and the table, shape and permission behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cwtui.sandbox.errors import NotFound

_COMPANIES = ("Companies", "Company Maintenance")
_CONTACTS = ("Companies", "Contacts")
_AGREEMENTS = ("Finance", "Agreements")
_INVOICING = ("Finance", "Invoicing")
_CATALOG = ("Procurement", "Product Catalog")
_SETUP = ("System", "Table Setup")

READ = frozenset({"GET"})
LIST = frozenset({"GET", "POST"})
ITEM = frozenset({"GET", "PUT", "PATCH", "DELETE"})
NONE: frozenset[str] = frozenset()

PathForm = Literal["collection", "item", "count"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection of records, its items and its count.

    parents: The table that holds the parents of a child table, empty for none.
    unique: The fields of which no two records may have the same text.
    """

    template: str
    table: str
    shape: str
    permission: tuple[str, str]
    collection: frozenset[str] = READ
    item: frozenset[str] = NONE
    countable: bool = False
    parents: str = ""
    unique: tuple[str, ...] = ()
    created: int = 201
    deleted: int = 204


@dataclass(frozen=True, slots=True)
class Route:
    """What a path leads to; `parent` and `id` are those in the path, None where it has none."""

    resource: Resource
    form: PathForm
    template: str
    parent: int | None
    id: int | None

    @property
    def methods(self) -> frozenset[str]:
        """The verbs this path understands."""
        if self.form == "count":
            return READ
        return self.resource.collection if self.form == "collection" else self.resource.item


RESOURCES = (
    Resource(
        "/company/companies", "companies", "company", _COMPANIES, LIST, ITEM, countable=True, unique=("identifier",)
    ),
    Resource("/company/companies/statuses", "company_statuses", "companyStatus", _SETUP),
    Resource("/company/companies/types", "company_types", "companyType", _SETUP),
    Resource("/company/companies/{parentId}/sites", "sites", "companySite", _COMPANIES, parents="companies"),
    Resource(
        "/company/companies/{parentId}/managementSummaryReports",
        "summary_reports", "managementSummaryReport", _COMPANIES, LIST, ITEM, parents="companies",
    ),
    Resource("/company/contacts", "contacts", "contact", _CONTACTS, LIST, READ),
    Resource("/company/countries", "countries", "country", _SETUP),
    Resource("/company/management", "management", "management", _SETUP),
    Resource(
        "/company/managementItSolutions", "management_solutions", "managementItSolution", _SETUP, LIST, ITEM,
        unique=("name",),
    ),
    Resource(
        "/company/managementItSolutions/{parentId}/managementProducts",
        "management_products", "managementProduct", _SETUP, LIST, parents="management_solutions", created=200,
    ),
    Resource(
        "/company/managedDevicesIntegrations", "managed_devices_integrations", "managedDevicesIntegration", _SETUP,
        LIST, ITEM, unique=("name",),
    ),
    Resource(
        "/company/managedDevicesIntegrations/{parentId}/crossReferences",
        "cross_references", "crossReference", _SETUP, LIST, ITEM,
        parents="managed_devices_integrations", created=200, deleted=200,
    ),
    Resource("/finance/agreements", "agreements", "agreement", _AGREEMENTS, LIST, ITEM, countable=True),
    Resource("/finance/agreements/types", "agreement_types", "agreementType", _SETUP, LIST, unique=("name",)),
    Resource(
        "/finance/agreements/{parentId}/additions", "additions", "addition", _AGREEMENTS, LIST, ITEM,
        countable=True, parents="agreements",
    ),
    Resource("/finance/agreementrecap", "recaps", "agreementRecap", _AGREEMENTS, NONE, READ),
    Resource("/finance/billingCycles", "billing_cycles", "billingCycle", _SETUP),
    Resource("/finance/currencies", "currencies", "currency", _SETUP),
    Resource("/finance/invoices", "invoices", "invoice", _INVOICING, READ, READ, countable=True),
    Resource(
        "/procurement/catalog", "catalog", "catalogItem", _CATALOG, LIST, ITEM, countable=True, unique=("identifier",)
    ),
    Resource("/procurement/categories", "categories", "category", _SETUP, LIST, unique=("name",)),
    Resource(
        "/procurement/categories/{parentId}/subcategories/", "subcategories", "legacySubCategory", _SETUP, LIST,
        parents="categories",
    ),
    Resource("/procurement/subcategories/", "subcategories", "subCategory", _SETUP, LIST),
    Resource("/procurement/types", "product_types", "productType", _SETUP, LIST, unique=("name",)),
    Resource("/procurement/unitOfMeasures", "units", "unitOfMeasure", _SETUP, LIST, unique=("name",)),
    Resource("/system/callbacks", "callbacks", "callbackEntry", _SETUP, LIST, frozenset({"DELETE"})),
    Resource("/system/info", "info", "info", ("", "")),
    Resource("/system/securityroles", "security_roles", "securityRole", _SETUP),
    Resource("/system/securityRoles/{parentId}/settings", "role_settings", "securityRoleSetting", _SETUP,
             parents="security_roles"),
)  # fmt: skip

LEVELS = {"GET": "Inquire", "POST": "Add", "PUT": "Edit", "PATCH": "Edit", "DELETE": "Delete"}


def _index() -> dict[str, tuple[Resource, PathForm, str]]:
    index: dict[str, tuple[Resource, PathForm, str]] = {}
    for resource in RESOURCES:
        plain = resource.template.rstrip("/")
        forms: list[tuple[PathForm, str]] = []
        if resource.collection:
            forms.append(("collection", resource.template))
        if resource.item:
            forms.append(("item", plain + "/{id}"))
        if resource.countable:
            forms.append(("count", plain + "/count"))
        for form, template in forms:
            index[template.replace("{parentId}", "{}").replace("{id}", "{}")] = resource, form, template
    return index


_INDEX = _index()


def resolve(path: str) -> Route:
    """Find what a path leads to. Case counts; a slash at the end does not, as on the real server.

    Raises:
        NotFound: If there is no such path.
    """
    steps = path.split("/")
    numbers = [int(step) for step in steps if _is_number(step)]
    found = _INDEX.get("/".join("{}" if _is_number(step) else step for step in steps))
    if found is None:
        other = path.removesuffix("/") if path.endswith("/") else path + "/"
        found = _INDEX.get("/".join("{}" if _is_number(step) else step for step in other.split("/")))
    if found is None:
        raise NotFound("The requested resource cannot be found.")
    resource, form, template = found
    parent = numbers[0] if "{parentId}" in template else None
    return Route(resource, form, template, parent, numbers[-1] if form == "item" else None)


def _is_number(step: str) -> bool:
    return step.removeprefix("-").isdecimal()
