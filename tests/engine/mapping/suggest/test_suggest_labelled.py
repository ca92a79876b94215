"""The labelled pairs: how often what is accepted without asking is right, and how often the right one is proposed.

`matches` in the files: yes = the pair is one; ask = it is, but only a person can know; no = no counterpart exists.
All pairs of a file are matched at once, among further names made of the same words, so that each has rivals.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from itertools import product as every
from pathlib import Path

import pytest

from cwtui.domain.ids import CatalogItemId, CompanyId, CustomerId, Mpn, ProductId
from cwtui.domain.marketplace import Address, Customer, Product
from cwtui.domain.psa import CatalogItem, Company
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest import exact_matches, suggest_catalog_items, suggest_companies

Labelled = Sequence[Mapping[str, str]]
Proposals = Mapping[int, Sequence[Suggestion]]
HERE = Path(__file__).parent


def rows(name: str) -> Labelled:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CUSTOMERS, PRODUCTS = rows("labelled_customers.csv"), rows("labelled_products.csv")
RIVAL_COMPANIES = [
    " ".join(words)
    for words in every(
        ("Contoso", "Summit", "Delta", "Keystone", "Riverside", "Alpine", "Harbor", "Müller", "Blue", "Green"),
        ("", "Valley", "City", "Hotel", "Dental", "Tech", "First"),
        ("Group", "Services", "Consulting", "Engineering", "Farms", "Media", "Travel"),
        ("Ltd", "GmbH", "Inc"),
    )
]
RIVAL_ITEMS = [
    " ".join(words)
    for words in every(
        ("Contoso", "Fabrikam", "Hosted", "Managed"),
        ("365", "Cloud", "Exchange", "Backup", "Security", "Mailbox"),
        ("Basic", "Premium", "Plan 3", "Plan 4", "E7", "F9"),
        ("Monthly", "Annual", ""),
    )
]


@pytest.fixture(scope="module")
def companies() -> Proposals:
    customers, known = [], []
    for number, row in enumerate(CUSTOMERS, 1):
        if row["customer"]:
            emails = (row["email"],) if row["email"] else ()
            address = Address(city=row["city"])
            identity = CustomerId(f"c-{number}")
            customers.append(Customer(identity, row["customer"], row["external_id"], address=address, emails=emails))
        if row["company"]:
            known.append(
                Company(
                    CompanyId(number),
                    row["identifier"],
                    row["company"],
                    Address(city=row["company_city"]),
                    website=row["website"],
                    account_number=row["account_number"],
                )
            )
    known += [Company(CompanyId(at), f"R{at}", name) for at, name in enumerate(RIVAL_COMPANIES, 10_000)]
    found = suggest_companies(customers, known)
    return {int(customer.removeprefix("c-")): proposed for customer, proposed in found.items()}


@pytest.fixture(scope="module")
def catalog_items() -> Proposals:
    products, items = [], []
    for number, row in enumerate(PRODUCTS, 1):
        if row["product"]:
            products.append(Product(ProductId(f"p-{number}"), row["product"], Mpn(row["mpn"])))
        if row["identifier"]:
            items.append(
                CatalogItem(
                    CatalogItemId(number),
                    row["identifier"],
                    row["description"],
                    row["customer_description"],
                    is_inactive=bool(row["is_inactive"]),
                    manufacturer_part_number=row["manufacturer_part_number"],
                    vendor_sku=row["vendor_sku"],
                )
            )
    items += [CatalogItem(CatalogItemId(at), f"R{at}", name) for at, name in enumerate(RIVAL_ITEMS, 10_000)]
    found = suggest_catalog_items(products, items)
    return {int(product.removeprefix("p-")): proposed for product, proposed in found.items()}


def recall(labelled: Labelled, proposals: Proposals) -> float:
    wanted = [number for number, row in enumerate(labelled, 1) if row["matches"] in {"yes", "ask"}]
    right = [number for number in wanted if number in {found.connectwise_id for found in proposals[number]}]
    return len(right) / len(wanted)


def precision(labelled: Labelled, proposals: Proposals) -> float:
    accepted = exact_matches(proposals)
    right = [at for at, target in accepted.items() if at == target and labelled[at - 1]["matches"] == "yes"]
    return len(right) / len(accepted)


def test_there_are_at_least_300_labelled_pairs() -> None:
    assert sum(bool(row["matches"]) for row in (*CUSTOMERS, *PRODUCTS)) >= 300


def test_accepted_without_asking_is_right_99_times_in_100(companies: Proposals, catalog_items: Proposals) -> None:
    assert len(exact_matches(companies)) >= 35
    assert len(exact_matches(catalog_items)) >= 10
    assert precision(CUSTOMERS, companies) >= 0.99
    assert precision(PRODUCTS, catalog_items) >= 0.99


def test_the_right_company_is_among_the_first_three(companies: Proposals) -> None:
    assert recall(CUSTOMERS, companies) >= 0.95


def test_the_right_catalog_item_is_among_the_first_three(catalog_items: Proposals) -> None:
    assert recall(PRODUCTS, catalog_items) >= 0.95


@pytest.mark.parametrize("number", [at for at, row in enumerate(CUSTOMERS, 1) if row["matches"] == "no"])
def test_a_customer_without_counterpart_is_never_mapped_without_asking(companies: Proposals, number: int) -> None:
    assert not any(found.is_exact for found in companies[number])


@pytest.mark.parametrize("number", [at for at, row in enumerate(PRODUCTS, 1) if row["matches"] == "no"])
def test_a_product_is_never_proposed_its_near_twin(catalog_items: Proposals, number: int) -> None:
    assert number not in {found.connectwise_id for found in catalog_items[number]}


def test_who_resembles_nobody_is_proposed_nobody(companies: Proposals, catalog_items: Proposals) -> None:
    unlike = [companies[at] for at, row in enumerate(CUSTOMERS, 1) if row["kind"] == "none"]
    unlike += [catalog_items[at] for at, row in enumerate(PRODUCTS, 1) if row["kind"] == "none"]
    assert sum(map(bool, unlike)) <= 1
