from __future__ import annotations

from dataclasses import replace

import pytest

from cwtui.domain.ids import CatalogItemId, Mpn, ProductId
from cwtui.domain.marketplace import Product, SubscriptionProduct
from cwtui.domain.psa import CatalogItem
from cwtui.engine.mapping.suggest import exact_matches, suggest_catalog_items

BASIC = Product(ProductId("p-1"), "Microsoft 365 Business Basic", Mpn("CFQ7TTC0LH18:0001"))


def item(number: int, description: str = "", **fields: object) -> CatalogItem:
    return replace(CatalogItem(CatalogItemId(number), f"ITEM-{number}", description), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "reason", "is_exact"),
    [
        pytest.param(item(7, manufacturer_part_number="cfq7ttc0lh18:0001"), "same MPN", True, id="part number"),
        pytest.param(item(7, vendor_sku="CFQ7TTC0LH18:0001"), "same MPN as the vendor SKU", True, id="vendor SKU"),
        pytest.param(
            item(7, identifier=" CFQ7TTC0LH18:0001"), "same MPN as the identifier", True, id="identifier"
        ),
        pytest.param(
            item(7, manufacturer_part_number="CFQ7TTC0LH18-0001"),
            "same MPN apart from punctuation",
            False,
            id="punctuation",
        ),
        pytest.param(item(7, "Microsoft 365 Business Basic"), "same name", False, id="description"),
        pytest.param(
            item(7, customer_description="Microsoft 365 Business Basic"), "same name", False, id="customer description"
        ),
        pytest.param(
            item(7, "Microsoft 365 Business Basic", manufacturer_part_number="OTHER-1"),
            "same name, another MPN",
            False,
            id="another MPN",
        ),
        pytest.param(
            item(7, "M365 Bus. Basic"), "same name apart from spaces or abbreviations", False, id="abbreviations"
        ),
        pytest.param(item(7, "Business Basic Microsoft 365"), "same words in another order", False, id="swapped"),
        pytest.param(item(7, "Mircosoft 365 Busines Basic"), "similar name", False, id="typos"),
    ],
)  # fmt: skip
def test_reasons(known: CatalogItem, reason: str, *, is_exact: bool) -> None:
    found = suggest_catalog_items([BASIC], [known, item(8, "Forklift rental")])[BASIC.id]
    assert [(one.connectwise_id, one.reason, one.is_exact) for one in found] == [(7, reason, is_exact)]


def test_an_inactive_item_is_never_proposed_and_contests_nothing() -> None:
    same = {"manufacturer_part_number": BASIC.mpn}
    found = suggest_catalog_items([BASIC], [item(7, is_inactive=True, **same), item(8, **same)])
    assert exact_matches(found) == {BASIC.id: 8}
    assert [one.connectwise_id for one in found[BASIC.id]] == [8]


def test_two_active_items_of_one_mpn_are_for_a_person() -> None:
    found = suggest_catalog_items([BASIC], [item(7, vendor_sku=BASIC.mpn), item(8, manufacturer_part_number=BASIC.mpn)])
    assert [one.connectwise_id for one in found[BASIC.id]] == [8, 7]
    assert exact_matches(found) == {}


def test_products_may_share_a_catalog_item() -> None:
    yearly = SubscriptionProduct(ProductId("p-2"), "The same, yearly", BASIC.mpn)
    found = suggest_catalog_items([BASIC, yearly], [item(7, manufacturer_part_number=BASIC.mpn)])
    assert exact_matches(found) == {"p-1": 7, "p-2": 7}


@pytest.mark.parametrize("nothing", ["", "n/a", "-", "none", "0"])
def test_no_mpn_equals_no_mpn(nothing: str) -> None:
    product = replace(BASIC, mpn=Mpn(nothing))
    assert suggest_catalog_items([product], [item(7, "Labour", manufacturer_part_number=nothing)])[BASIC.id] == ()


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("Exchange Online (Plan 1)", "Exchange Online (Plan 2)"),
        ("Microsoft 365 E3", "Microsoft 365 E5"),
        ("Microsoft 365 Copilot Monthly", "Microsoft 365 Copilot Annual"),
        ("Reserved VM 1 Year", "Reserved VM 3 Years"),
        ("Google Workspace Business Starter", "Google Workspace Business Plus"),
        ("Creative Cloud for education", "Creative Cloud for government"),
        ("Mailbox 50GB", "Mailbox 100 GB"),
        ("Plan A hosting", "Plan B hosting"),
    ],
)
def test_numbers_plan_letters_terms_and_editions_are_decisive(name: str, twin: str) -> None:
    product = Product(ProductId("p-9"), name)
    assert suggest_catalog_items([product], [item(7, twin)])[product.id] == ()
    found = suggest_catalog_items([product], [item(7, twin), item(8, name)])[product.id]
    assert [one.connectwise_id for one in found] == [8]


def test_a_catalogue_of_few_words_is_searched_too() -> None:
    kinds = [f"{first} {second} {third}" for first in WORDS for second in WORDS for third in WORDS]
    items = [item(number, kind) for number, kind in enumerate(kinds, 1)]
    product = Product(ProductId("p-3"), "Backup Clud Server")
    found = suggest_catalog_items([product], items)[product.id]
    assert found[0].name == "Backup Cloud Server"


WORDS = ("Backup", "Cloud", "Server", "Storage", "Voice", "Mail", "Power", "Teams", "Project", "Office",
         "Archive", "Defender", "Endpoint", "Copilot")  # fmt: skip
