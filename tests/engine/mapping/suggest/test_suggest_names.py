from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwtui.engine.mapping.suggest.evidence import domain_of
from cwtui.engine.mapping.suggest.legal_forms import split_legal_form
from cwtui.engine.mapping.suggest.names import plain_code, plain_name
from cwtui.engine.mapping.suggest.spellings import spelt_out_company, spelt_out_product


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("ACME  Ltd.", "acme ltd", id="case, spacing, punctuation"),
        pytest.param("Café Müller", "cafe muller", id="accents"),
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("Łódź Ørsted Þór", "lodz orsted thor", id="letters that are not composed"),
        pytest.param("L.L.C.", "llc", id="initials with dots"),
        pytest.param("A/S", "as", id="initials with a slash"),
        pytest.param("S.à r.l.", "sa rl", id="initials with an accent"),
        pytest.param("O'Connor’s", "oconnors", id="apostrophes leave no gap"),
        pytest.param("Salt & Co", "salt and co", id="ampersand is and"),
        pytest.param("C++", "c plus plus", id="plus is kept"),
        pytest.param("Unit 5.4", "unit 5 4", id="digits stay apart"),
        pytest.param("Ａｃｍｅ", "acme", id="full-width letters"),
        pytest.param("Acme™ Widget®", "acme widget", id="trade marks"),
        pytest.param("Ac\u00adme\u200b", "acme", id="invisible characters"),
        pytest.param("ООО «Ёлка»", "ооо елка", id="Cyrillic"),
        pytest.param("Зайка", "зайка", id="й is not и"),
        pytest.param("が行", "が行", id="kana keep their marks"),
        pytest.param("कि", "कि", id="vowel signs are kept"),
        pytest.param("*** ---", "", id="nothing to read"),
    ],
)
def test_plain_name(text: str, plain: str) -> None:
    assert plain_name(text) == plain


@given(st.text())
def test_a_plain_name_is_plain_already(text: str) -> None:
    plain = plain_name(text)
    assert plain == " ".join(plain.split())
    assert plain_name(plain) == plain


@pytest.mark.parametrize(
    ("text", "core", "form"),
    [
        ("Acme Ltd", "acme", "ltd"), ("Acme Limited", "acme", "ltd"), ("Acme L.L.C.", "acme", "llc"),
        ("Acme GmbH", "acme", "gmbh"), ("Acme GmbH & Co. KG", "acme", "gmbh co kg"), ("Acme, Inc.", "acme", "inc"),
        ("Acme Corp", "acme", "inc"), ("Acme AG", "acme", "ag"), ("Acme S.A.", "acme", "sa"),
        ("Acme SAS", "acme", "sas"), ("Acme S.A.R.L.", "acme", "sarl"), ("Acme S.à r.l.", "acme", "sarl"),
        ("Acme B.V.", "acme", "bv"), ("Acme NV", "acme", "nv"), ("Acme Oy", "acme", "oy"), ("Acme AB", "acme", "ab"),
        ("Acme A/S", "acme", "as"), ("Acme ApS", "acme", "aps"), ("Acme S.r.l.", "acme", "srl"),
        ("Acme S.p.A.", "acme", "spa"), ("Acme Pty Ltd", "acme", "ltd"), ("Acme PLC", "acme", "plc"),
        ("Acme LLP", "acme", "llp"), ("Acme Sp. z o.o.", "acme", "sp zoo"), ("Acme s.r.o.", "acme", "sro"),
        ("Acme spol. s r.o.", "acme", "sro"), ("Acme Kft.", "acme", "kft"), ("Acme Lda.", "acme", "ltd"),
        ("Acme e.K.", "acme", "ek"), ("Acme UG (haftungsbeschränkt)", "acme", "ug"), ("Acme d.o.o.", "acme", "doo"),
        ("Acme S.A. de C.V.", "acme", "sa"), ("Acme K.K.", "acme", "kk"), ("Acme OÜ", "acme", "ou"),
        ("ООО Ромашка", "ромашка", "ooo"), ("株式会社山田", "山田", "株式会社"), ("UAB Baldai", "baldai", "uab"),
        ("Limited", "limited", ""), ("The Limited", "the", "ltd"), ("Acme", "acme", ""), ("", "", ""),
        ("Acme North Ltd", "acme north", "ltd"),
    ],
)  # fmt: skip
def test_split_legal_form(text: str, core: str, form: str) -> None:
    assert split_legal_form(plain_name(text)) == (core, form)


@given(st.text())
def test_a_name_never_vanishes_with_its_legal_form(text: str) -> None:
    plain = plain_name(text)
    assert bool(split_legal_form(plain)[0]) == bool(plain)
    assert bool(spelt_out_company(plain)) == bool(plain)
    assert bool(spelt_out_product(plain)) == bool(plain)


@pytest.mark.parametrize(
    ("text", "spelt_out"),
    [
        ("M365 Bus Prem", "microsoft 365 business premium"),
        ("O365 Ent E3 1 yr", "office 365 enterprise e3 annual"),
        ("Malwarebytes 3 Years", "malwarebytes triennial"),
        ("Entra ID P2", "entra id plan 2"),
        ("Mailbox 50GB", "mailbox 50 gb"),
        ("Reserved 36 months", "reserved 36 monthly"),
    ],
)
def test_spelt_out_product(text: str, spelt_out: str) -> None:
    assert spelt_out_product(plain_name(text)) == spelt_out


@pytest.mark.parametrize(
    ("text", "code"),
    [(" Abc-1 ", "abc-1"), ("n/a", ""), ("N/A", ""), ("-", ""), ("0", ""), ("", ""), ("none", ""), ("A0", "a0")],
)
def test_plain_code(text: str, code: str) -> None:
    assert plain_code(text) == code


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.acme.co.uk/about?x=1", "acme.co.uk"),
        ("bob@mail.acme.com", "acme.com"),
        ("acme.com", "acme.com"),
        ("http://acme.com:8080", "acme.com"),
        ("WWW.ACME.DE", "acme.de"),
        ("admin@acme.onmicrosoft.com", "acme.onmicrosoft.com"),
        ("bob@gmail.com", ""),
        ("bob@yahoo.co.uk", ""),
        ("onmicrosoft.com", ""),
        ("co.uk", ""),
        ("localhost", ""),
        ("", ""),
        ("not a domain", ""),
    ],
)
def test_domain_of(address: str, domain: str) -> None:
    assert domain_of(address) == domain
