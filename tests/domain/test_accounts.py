"""What a company lacks for a marketplace account, and how its telephone number is sent.

Rule: reconciling.md#customers-import.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.domain.accounts import REQUIRED, Account
from cwtui.domain.calling_codes import CALLING_CODES, e164
from cwtui.domain.ids import CompanyId
from cwtui.domain.marketplace import Address
from cwtui.domain.psa import Company, Contact

WHOLE = Account(
    "GreenLane", "Green Lane LLC", "12 Market Street", "", "33602", "Tampa", "FL", "US", "Jane", "Doe",
    "j@green.example", "(813) 555-0101",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        pytest.param("+1 (813) 555-0101", "", "+18135550101", id="international already"),
        pytest.param("(813) 555-0101", "US", "+18135550101", id="as the United States write it"),
        pytest.param("1-813-555-0101", "US", "+18135550101", id="with the long-distance 1"),
        pytest.param("0049 30 123456", "US", "+4930123456", id="with 00 in front"),
        pytest.param("030/123456", "DE", "+4930123456", id="the trunk zero falls away"),
        pytest.param("+44 (0)20 7946 0000", "GB", "+442079460000", id="a zero in brackets"),
        pytest.param("06 1234567", "IT", "+39061234567", id="Italy keeps its zero"),
        pytest.param("813.555.0101 ext. 12", "US", "+18135550101#12", id="an extension"),
        pytest.param("030 123456", "", "", id="no country to complete it"),
        pytest.param("030 123456", "ZZ", "", id="a country nobody knows"),
        pytest.param("call me", "US", "", id="no number"),
        pytest.param("", "US", "", id="nothing"),
        pytest.param("+123", "", "", id="too short"),
        pytest.param("+1234567890123456", "", "", id="too long"),
        pytest.param("٠٣٠ ١٢٣٤٥٦", "DE", "", id="digits of another script"),
    ],
)
def test_e164(text: str, country: str, expected: str) -> None:
    assert e164(text, country) == expected


@given(text=st.text(max_size=40), country=st.sampled_from(sorted(CALLING_CODES)))
def test_whatever_somebody_wrote_is_a_number_or_nothing(text: str, country: str) -> None:
    assert re.fullmatch(r"(\+[0-9]{7,15}(#[0-9]{1,6})?)?", e164(text, country))


@given(st.sampled_from(sorted(CALLING_CODES)), st.integers(2_000_000, 9_999_999))
def test_what_was_sent_stays_as_it_is(country: str, number: int) -> None:
    once = e164(str(number), country)
    assert e164(once, "US") == once


def test_nothing_is_lacking() -> None:
    assert WHOLE.lacks == ()
    assert WHOLE.body() == {
        "externalId": "GreenLane",
        "name": "Green Lane LLC",
        "address": {
            "streetAddress": "12 Market Street",
            "postalCode": "33602",
            "city": "Tampa",
            "state": "FL",
            "countryCode": "US",
        },
        "contactPersons": [
            {
                "type": "admin",
                "firstName": "Jane",
                "lastName": "Doe",
                "email": "j@green.example",
                "phoneNumber": "+18135550101",
            }
        ],
        "language": "en",
    }


@pytest.mark.parametrize("name", REQUIRED)
def test_each_gap_is_named(name: str) -> None:
    assert WHOLE.filled({name: " "}).lacks == (name,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("email", "jane at green", id="no e-mail address"),
        pytest.param("country_code", "USA", id="three letters"),
        pytest.param("phone", "ask Jane", id="no telephone number"),
    ],
)
def test_what_cannot_be_right_is_a_gap(name: str, value: str) -> None:
    assert WHOLE.filled({name: value}).lacks == (name,)


def test_of_a_company_and_its_contact() -> None:
    company = Company(CompanyId(1), "GreenLane", "Green Lane LLC", Address("12 Market Street", "", "33602", "Tampa"))
    account = Account.of(company, Contact(7, CompanyId(1), "Jane", "", "j@green.example", "5550101"))
    assert account.lacks == ("country_code", "last_name")
    assert Account.of(company, None).lacks == ("country_code", "first_name", "last_name", "email", "phone")
