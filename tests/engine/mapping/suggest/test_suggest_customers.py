"""Rules: mapping.md#suggestions, mapping.md#automatic-mapping."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.ids import CompanyId, CustomerId
from cwtui.domain.marketplace import Address, Customer
from cwtui.domain.psa import Company
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest import exact_matches, suggest_companies

ACME = Customer(CustomerId("100001"), "Acme Ltd")


def company(number: int, name: str, **fields: object) -> Company:
    return replace(Company(CompanyId(number), f"ID-{number}", name), **fields)  # type: ignore[arg-type]


def best(customer: Customer, *companies: Company, taken: tuple[int, ...] = ()) -> tuple[Suggestion, ...]:
    return suggest_companies([customer], companies, taken=[CompanyId(one) for one in taken])[customer.id]


@pytest.mark.parametrize(
    ("customer", "known", "reason", "is_exact"),
    [
        pytest.param(
            replace(ACME, external_id="acme-1"),
            company(7, "Something Else", identifier="ACME-1"),
            "external id is the company's identifier",
            True,
            id="same identifier",
        ),
        pytest.param(
            replace(ACME, external_id="55"),
            company(7, "Something Else", account_number="55"),
            "external id is the company's account number",
            True,
            id="same account number",
        ),
        pytest.param(
            ACME,
            company(7, "Something Else", account_number="100001"),
            "customer id is the company's identifier or account number",
            False,
            id="an equal number of another series may be chance",
        ),
        pytest.param(ACME, company(7, "ACME  Ltd."), "same name", True, id="same name"),
        pytest.param(
            ACME, company(7, "Acme Limited"), "same name, legal form written differently", False, id="Ltd, Limited"
        ),
        pytest.param(ACME, company(7, "Acme"), "same name without legal form", False, id="no legal form"),
        pytest.param(ACME, company(7, "Acme GmbH"), "same name with another legal form", False, id="another form"),
        pytest.param(
            replace(ACME, name="Hans Müller Bau"),
            company(7, "Müller Hans Bau"),
            "same words in another order",
            False,
            id="swapped words",
        ),
        pytest.param(
            replace(ACME, name="Data Works"),
            company(7, "DataWorks Inc"),
            "same name apart from spaces, abbreviations or spelling",
            False,
            id="spaces",
        ),
        pytest.param(
            replace(ACME, name="Contoso Electronics"),
            company(7, "Contoso Electroncis"),
            "similar name",
            False,
            id="typo",
        ),
        pytest.param(
            replace(ACME, name="BFTC"),
            company(7, "Bright Future Training Centre"),
            "initials of the name",
            False,
            id="initials",
        ),
        pytest.param(
            replace(ACME, name="HQ", emails=("it@mail.nordhafen.example",)),
            company(7, "Nordhafen AG", website="https://www.nordhafen.example"),
            "another name, same web domain",
            False,
            id="web domain",
        ),
        pytest.param(
            replace(ACME, name="Studio 54"),
            company(7, "Studio 45"),
            "similar name, other numbers",
            False,
            id="other numbers",
        ),
    ],
)
def test_reasons(customer: Customer, known: Company, reason: str, *, is_exact: bool) -> None:
    found = best(customer, known, company(8, "Zebra Crossing Painters"))
    assert [suggestion.reason for suggestion in found] == ([reason])
    assert [suggestion.is_exact for suggestion in found] == ([is_exact])
    assert all(suggestion.connectwise_id == 7 and 0 < suggestion.score <= 1 for suggestion in found)


def test_spec_5_order_same_id_then_same_name_then_similar_name() -> None:
    found = best(
        replace(ACME, external_id="X9"),
        company(1, "Acme Lt"),
        company(2, "Acme"),
        company(3, "Acme Ltd"),
        company(4, "Zebra", identifier="x9"),
    )
    assert [suggestion.connectwise_id for suggestion in found] == [4, 3, 2]


def test_a_deleted_company_is_never_proposed() -> None:
    assert best(ACME, company(7, "Acme Ltd", is_deleted=True)) == ()


def test_a_taken_company_comes_last_and_is_not_exact() -> None:
    found = best(ACME, company(7, "Acme Ltd"), company(8, "Acme Inc"), taken=(7,))
    assert [(suggestion.connectwise_id, suggestion.is_exact) for suggestion in found] == [(8, False), (7, False)]
    assert found[1].reason == "same name, already used by another mapping"


@pytest.mark.parametrize(
    ("mine", "theirs", "evidence"),
    [
        pytest.param({"emails": ("x@acme.example",)}, {"website": "acme.example"}, "same web domain", id="domain"),
        pytest.param(
            {"address": Address(postal_code="SW1A 1AA")},
            {"address": Address(postal_code="sw1a1aa")},
            "same postal code",
            id="postal code",
        ),
        pytest.param(
            {"address": Address(city="Köln")}, {"address": Address(city="KOLN")}, "same city", id="city"
        ),
    ],
)  # fmt: skip
def test_domain_and_address_break_a_tie(mine: dict[str, object], theirs: dict[str, object], evidence: str) -> None:
    customer = replace(ACME, **mine)  # type: ignore[arg-type]
    found = best(customer, company(1, "Acme Ltd"), company(2, "Acme Ltd", **theirs))
    assert [suggestion.connectwise_id for suggestion in found] == [2, 1]
    assert found[0].reason == f"same name, {evidence}"
    assert not any(suggestion.is_exact for suggestion in found)  # two of the same name: a person decides


def test_the_same_name_in_another_country_is_for_a_person() -> None:
    customer = replace(ACME, address=Address(country_code="GB"))
    found = best(customer, company(7, "Acme Ltd", address=Address(country_code="IE")))
    assert found[0].reason == "same name, another country"
    assert not found[0].is_exact


def test_two_customers_of_one_name_are_not_mapped_without_asking() -> None:
    twins = [ACME, replace(ACME, id=CustomerId("100002"), name="ACME LTD")]
    found = suggest_companies(twins, [company(7, "Acme Ltd")])
    assert [suggestions[0].connectwise_id for suggestions in found.values()] == [7, 7]
    assert exact_matches(found) == {}


def test_a_rival_that_is_itself_in_doubt_still_counts() -> None:
    by_id = replace(ACME, id=CustomerId("by-id"), name="Other", external_id="ID-7")
    found = suggest_companies([by_id, ACME], [company(7, "Acme Ltd"), company(8, "Acme Ltd")])
    assert exact_matches(found) == {}


def test_external_id_and_name_that_point_to_different_companies_are_for_a_person() -> None:
    found = best(replace(ACME, external_id="ID-8"), company(7, "Acme Ltd"), company(8, "Zebra"))
    assert [suggestion.connectwise_id for suggestion in found] == [8, 7]
    assert not any(suggestion.is_exact for suggestion in found)


def test_exact_matches_takes_what_is_beyond_doubt() -> None:
    others = [Customer(CustomerId("c-2"), "Zebra"), Customer(CustomerId("c-3"), "Nobody Known")]
    found = suggest_companies([ACME, *others], [company(7, "Acme Ltd"), company(9, "Zebra Inc")])
    assert exact_matches(found) == {ACME.id: 7}


@pytest.mark.parametrize("limit", [0, 1, 2, 3])
def test_limit(limit: int) -> None:
    companies = [company(number, "Acme Ltd") for number in range(1, 6)]
    found = suggest_companies([ACME], companies, limit=limit)[ACME.id]
    assert [suggestion.connectwise_id for suggestion in found] == list(range(1, limit + 1))


names = st.text(st.sampled_from("acme ltd GmbHé&.54"), max_size=20)


@given(st.lists(names, max_size=5), st.lists(names, max_size=8))
def test_without_asking_never_two_customers_on_one_company(customers: list[str], companies: list[str]) -> None:
    found = suggest_companies(
        [Customer(CustomerId(f"c{at}"), name) for at, name in enumerate(customers)],
        [company(at, name) for at, name in enumerate(companies, 1)],
    )
    accepted = exact_matches(found)
    assert len(set(accepted.values())) == len(accepted)
    assert all(0 <= suggestion.score <= 1 for proposed in found.values() for suggestion in proposed)
    assert all(list(proposed) == sorted(proposed, key=lambda one: -one.score) for proposed in found.values())
