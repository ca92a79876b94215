"""Customers with a company's name: an import must not create them a second time.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cwtui.domain.ids import CompanyId
from cwtui.domain.marketplace import Customer
from cwtui.domain.psa import Company
from cwtui.engine.mapping.suggest.legal_forms import split_legal_form
from cwtui.engine.mapping.suggest.names import plain_code, plain_name


def namesakes_of(companies: Iterable[Company], customers: Iterable[Customer]) -> Mapping[CompanyId, Sequence[Customer]]:
    """The customers of a company's name, legal forms aside, or with its account number for their external id."""
    by_name: dict[str, list[Customer]] = defaultdict(list)
    by_number: dict[str, list[Customer]] = defaultdict(list)
    for customer in customers:
        by_name[_core(customer.name)].append(customer)
        by_number[plain_code(customer.external_id)].append(customer)
    found = {}
    for company in companies:
        name, number = _core(company.name), plain_code(company.account_number)
        alike = [*(by_number.get(number, ()) if number else ()), *(by_name.get(name, ()) if name else ())]
        if alike:
            found[company.id] = alike
    return found


def _core(name: str) -> str:
    return split_legal_form(plain_name(name))[0]
