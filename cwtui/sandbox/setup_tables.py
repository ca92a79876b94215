"""The setup tables of the simulated PSA, which exist before any customer."""

from __future__ import annotations

from cwtui.sandbox.records import Records
from cwtui.sandbox.table import Row

_CYCLES = (
    ("W", "Weekly", "Weekly"),
    ("BW", "Every two weeks", "BiWeekly"),
    ("M", "Monthly", "Monthly"),
    ("BM", "Every two months", "BiMonthly"),
    ("Q", "Quarterly", "Quarterly"),
    ("SA", "Twice a year", "SemiAnnual"),
    ("Y", "Yearly", "Yearly"),
    ("NR", "Not recurring", "NotRecurring"),
)
_CURRENCIES = (("EUR", "Euro", "€"), ("USD", "US Dollar", "$"), ("GBP", "Pound Sterling", "£"))
_COUNTRIES = (
    ("United States", "US", "USD"),
    ("United Kingdom", "GB", "GBP"),
    ("Germany", "DE", "EUR"),
    ("Ireland", "IE", "EUR"),
    ("Netherlands", "NL", "EUR"),
    ("Canada", "CA", "USD"),
)


def add_setup_tables(world: Records) -> None:
    """Fill in statuses, types, countries, currencies, cycles, categories, units and roles."""
    _add_finance(world)
    _add_company_tables(world)
    _add_procurement(world)
    for name in ("Admin", "API Integrations"):
        world.add_psa("security_roles", {"name": name, "adminFlag": name == "Admin", "inactiveFlag": False})


def _add_finance(world: Records) -> None:
    for identifier, name, option in _CYCLES:
        world.add_psa(
            "billing_cycles",
            {"identifier": identifier, "name": name, "defaultFlag": option == "Monthly", "billingOptions": option},
        )
    for code, name, symbol in _CURRENCIES:
        world.add_psa("currencies", _currency(code, name, symbol))
    for name in ("Cloud Services", "Managed Services", "Time and Materials"):
        world.add_psa("agreement_types", _agreement_type(name))


def _add_company_tables(world: Records) -> None:
    for name, code, currency in _COUNTRIES:
        world.add_psa("countries", _country(world, name, code, currency))
    for name in ("Active", "Inactive", "Credit Hold"):
        world.add_psa("company_statuses", {"name": name, "defaultFlag": name == "Active", "inactiveFlag": False})
    for name in ("Client", "Prospect", "Vendor"):
        world.add_psa("company_types", {"name": name, "defaultFlag": name == "Client", "vendorFlag": name == "Vendor"})


def _add_procurement(world: Records) -> None:
    for name in ("Unit", "Hour"):
        world.add_psa("units", {"name": name, "inactiveFlag": False, "defaultFlag": name == "Unit"})
    for name in ("Cloud Subscription", "Hardware", "Service"):
        world.add_psa("product_types", {"name": name, "inactiveFlag": False, "typeXref": "Service"})
    for category, subcategories in (("Cloud", ("Productivity", "Infrastructure")), ("Hardware", ("Laptops",))):
        kept = world.add_psa("categories", {"name": category, "inactiveFlag": False})
        for name in subcategories:
            known = {"id": kept["id"], "name": category}
            world.add_psa("subcategories", {"name": name, "inactiveFlag": False, "category": known})


def _currency(code: str, name: str, symbol: str) -> Row:
    return {
        "currencyIdentifier": code,
        "name": name,
        "symbol": symbol,
        "displayIdFlag": True,
        "displaySymbolFlag": True,
        "currencyCode": {"id": 1, "name": code},
        "thousandsSeparator": ",",
        "decimalSeparator": ".",
        "negativeParenthesesFlag": False,
        "rightAlign": False,
        "numberOfDecimals": 2,
    }


def _country(world: Records, name: str, code: str, currency: str) -> Row:
    money = world.find("currencies", "currencyIdentifier", currency) or {}
    return {
        "name": name,
        "defaultFlag": code == "US",
        "currency": {"id": money.get("id"), "currencyCode": currency, "name": money.get("name", currency)},
        "countryCode": code,
        "disabled": False,
    }


def _agreement_type(name: str) -> Row:
    return {
        "name": name,
        "defaultFlag": name == "Managed Services",
        "inactiveFlag": False,
        "employeeCompRate": "Actual",
        "employeeCompNotExceed": "Billing",
        "invoicingCycle": "ContractYear",
        "billTime": "Billable",
        "billExpenses": "Billable",
        "billProducts": "Billable",
        "billingCycle": {"id": 3, "name": "Monthly"},
    }
