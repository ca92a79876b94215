"""What a subscription holds beside what was carried over of it (check.md#what-no-order-explains)."""

from __future__ import annotations

from datetime import date

import pytest

from cwtui.domain.carried import Carried, CarriedRules, differences
from cwtui.domain.ids import AgreementId, CustomerId
from cwtui.wording.differences import difference_text
from tests.domain.planning.situations import AGREEMENT, standing, subscription

TODAY = date(2026, 12, 22)
Stands = tuple[str, date, date | None]
DECEMBER, JANUARY, JUNE = date(2026, 12, 1), date(2027, 1, 1), date(2027, 6, 30)
YEAR_END = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("stands", "held", "said"),
    [
        pytest.param([("10", DECEMBER, None)], "10", [], id="as it is"),
        pytest.param([("10", DECEMBER, YEAR_END), ("15", JANUARY, None)], "15", [], id="replaced from January on"),
        pytest.param(
            [("10", DECEMBER, YEAR_END), ("15", JANUARY, JUNE)], "15", [], id="replaced, and cancelled for June"
        ),
        pytest.param([("15", DECEMBER, JUNE)], "15", [], id="cancelled for June"),
        pytest.param([("6", DECEMBER, JUNE), ("9", DECEMBER, JUNE)], "15", [], id="two that end together"),
        pytest.param([("10", DECEMBER, JUNE)], "15", ["holds 15", "bill 10"], id="more are held"),
        pytest.param([("10", DECEMBER, date(2026, 12, 21))], "10", ["its additions ended"], id="ended yesterday"),
        pytest.param([("10", DECEMBER, TODAY)], "10", [], id="ends today"),
    ],
)
def test_what_goes_on_is_counted_once(stands: list[Stands], held: str, said: list[str]) -> None:
    links = [
        standing(quantity, begins, addition=90 + at, until=until) for at, (quantity, begins, until) in enumerate(stands)
    ]
    carried = Carried(links, is_known=True, customer_id=CustomerId("C1"), agreement_id=AGREEMENT.id)
    found = differences(subscription(held), carried, TODAY, CarriedRules())
    assert len(found) == bool(said)
    assert all(word in difference_text(found[0].fact) for word in said)


@pytest.mark.parametrize(
    ("mapped", "until", "tells"),
    [
        pytest.param(AGREEMENT.id, None, False, id="where it is mapped to"),
        pytest.param(AgreementId(8), None, True, id="in the agreement it left"),
        pytest.param(AgreementId(8), JUNE, False, id="in the agreement it left, with an end"),
        pytest.param(None, None, False, id="mapped to none"),
    ],
)
def test_what_stands_in_another_agreement_is_told(mapped: AgreementId | None, until: date | None, tells: bool) -> None:
    """Rule: reconciling.md#moved."""
    carried = Carried([standing("10", DECEMBER, until=until)], is_known=True, agreement_id=mapped)
    found = differences(subscription("10"), carried, TODAY, CarriedRules())
    assert [f"10 of Exchange Online (Plan 1) in {AGREEMENT.id}" in difference_text(one.fact) for one in found] == [
        True
    ] * tells
