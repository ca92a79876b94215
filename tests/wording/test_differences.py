"""A difference that no order explains is a kind with facts, and has its words in one table.

Rules: check.md#what-no-order-explains, commands.md#words-for-people.
"""

from __future__ import annotations

from typing import Any

import pytest

from cwtui.cli.problems import kept_problem
from cwtui.domain.check_records import Difference, DifferenceFacts, DifferenceKind, TaskDifferences
from cwtui.domain.ids import TaskId
from cwtui.domain.problems import Problem, ProblemCode, ProblemFacts
from cwtui.store import schema
from cwtui.store.table import as_document
from cwtui.wording.differences import SENTENCES, difference_text, mark_in_words
from cwtui.wording.problems import sentence

K = DifferenceKind
SAID = [
    pytest.param(
        K.QUANTITY,
        {"held": "6", "name": "Exchange", "billed": "10"},
        "It holds 6 of Exchange, its additions bill 10.",
        id="another quantity",
    ),
    pytest.param(
        K.QUANTITY,
        {"held": "0", "name": "Exchange", "billed": "10"},
        "It holds 0 of Exchange, its additions bill 10.",
        id="nothing of it",
    ),
    pytest.param(
        K.QUANTITY,
        {"held": "", "name": "Exchange", "billed": "10"},
        "It holds none of Exchange, its additions bill 10.",
        id="not there at all",
    ),
    pytest.param(
        K.PRICE,
        {"name": "Exchange", "price": "5.1", "billed": ("4.5", "4.0833")},
        "Exchange costs 5.10 a unit, its additions bill 4.50, 4.0833.",
        id="price",
    ),
    pytest.param(
        K.NEVER_CARRIED,
        {"held": (("3", "Standard"), ("1", "of [a|{b}]"))},
        "It is active and holds 3 of Standard, 1 of of [a|{b}], and no task ever carried it over.",
        id="never carried",
    ),
    pytest.param(
        K.NEVER_CARRIED,
        {"held": ()},
        "It is active, and no task ever carried it over.",
        id="never carried, and holds nothing",
    ),
    pytest.param(
        K.GOES_ON,
        {"state": "terminated", "additions": (("3", "A"),)},
        "It is terminated, while its additions go on: 3 of A.",
        id="goes on",
    ),
    pytest.param(
        K.GOES_ON,
        {"state": "", "additions": (("3", "A"), ("1.5", "B", "2026-12-31"))},
        "It is no longer on the marketplace, while its additions go on: 3 of A, 1.5 of B until 2026-12-31.",
        id="not listed",
    ),
    pytest.param(K.ACTIVE_AGAIN, {}, "It is active, while its additions ended.", id="active again"),
    pytest.param(
        K.CUSTOMER,
        {"customer": "C2", "was": "C1"},
        "It belongs to customer C2 now, it was C1's. Its additions stand in an agreement of another company than that"
        " customer is mapped to.",
        id="another customer",
    ),
    pytest.param(
        K.CUSTOMER,
        {"customer": "C2", "was": ""},
        "It belongs to customer C2 now. Its additions stand in an agreement of another company than that customer is"
        " mapped to.",
        id="whose it was is not known",
    ),
    pytest.param(
        K.AGREEMENT,
        {"agreement": "8", "additions": (("10", "A", "7"), ("2", "B", "7"))},
        "It is mapped to agreement 8, while additions in another one go on: 10 of A in 7, 2 of B in 7.",
        id="in the agreement it left",
    ),
]
"""Earlier programs kept these very sentences; what they accepted is known by them (`mark_in_words`)."""


def problem(*found: Difference) -> Problem:
    facts: ProblemFacts = {"subscription": "S1", "differences": tuple(one.fact for one in found)}
    return Problem(ProblemCode.NOT_CARRIED_OVER, facts, "S1")


def test_every_kind_has_a_sentence() -> None:
    assert set(SENTENCES) == set(DifferenceKind)


@pytest.mark.parametrize(("kind", "facts", "said"), SAID)
def test_what_is_said(kind: DifferenceKind, facts: DifferenceFacts, said: str) -> None:
    one = Difference(kind, facts)
    assert difference_text(one.fact) == said
    assert mark_in_words(one) == ("never_carried" if kind is K.NEVER_CARRIED else said)
    told = sentence(problem(one, Difference(K.ACTIVE_AGAIN)))
    assert f" {said} It is active, while its additions ended. " in told
    shown = kept_problem(as_document(problem(one)))
    assert shown["facts"] == {"subscription": "S1", "differences": [said]}
    assert said in shown["message"]


@pytest.mark.parametrize(("kind", "facts", "said"), SAID)
def test_it_comes_back_as_it_was(kind: DifferenceKind, facts: DifferenceFacts, said: str) -> None:
    """Else every check would find its task changed."""
    for one in (Difference(kind, facts), Difference(kind, text=said)):
        kept = TaskDifferences(TaskId("T1"), (one,))
        again = schema.DIFFERENCES.decode(schema.DIFFERENCES.encode(kept))
        assert again == kept
        assert [found.mark for found in again.found] == [one.mark]


def test_other_facts_are_another_difference() -> None:
    facts = {"held": "6", "name": "Exchange", "billed": "10"}
    marks = [Difference(K.QUANTITY, {**facts, **more}).mark for more in ({}, {"held": "5"}, {"name": "Standard"})]
    assert len(set(marks)) == 3
    assert Difference(K.QUANTITY, dict(reversed(facts.items()))).mark == marks[0]
    held: list[DifferenceFacts] = [{"held": ()}, {"held": (("3", "Standard"),)}]
    assert len({Difference(K.NEVER_CARRIED, one).mark for one in held}) == 1


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        pytest.param("It is odd.", "It is odd.", id="kept in words"),
        pytest.param({"kind": "quantity", "held": "6"}, "quantity (kind: quantity, held: 6).", id="a fact is missing"),
        pytest.param({"kind": "colour", "of": "it"}, "colour (kind: colour, of: it).", id="a kind nobody knows"),
        pytest.param({"kind": "price", "price": "x"}, "price (kind: price, price: x).", id="no number"),
        pytest.param({}, " ().", id="nothing"),
    ],
)
def test_what_cannot_be_said_is_shown_all_the_same(fact: Any, said: str) -> None:
    assert difference_text(fact) == said
