"""A problem is a code with its facts, and has its words in one table (commands.md#words-for-people).

That the makers of problems give every fact their sentence asks for is seen to in all tests: see `tests/conftest.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import cwtui
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.store.table import as_document
from cwtui.wording.problems import SENTENCES, prepared, sentence, sentence_of

C = ProblemCode
K = ProblemCase
PACKAGE = Path(cwtui.__file__).parent
EVERY = [(code, case) for code, cases in SENTENCES.items() for case in cases]
ANY: Mapping[str, Any] = defaultdict(
    lambda: "Seven",
    price="4.5",
    percent="33.3",
    additions=("8150", "8151"),
    lines=("3", "4"),
    differences=({"kind": "active_again"},),
    edited={"unit_price": ("4.5", "5")},
)


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(ProblemCode)
    assert all(SENTENCES.values())


def test_every_case_is_said_and_made() -> None:
    known = set(ProblemCase) - {K.IN_WORDS}
    files = [file for file in PACKAGE.rglob("*.py") if file.parent.name != "wording"]
    made = {name for file in files for name in re.findall(r"ProblemCase\.([A-Z_]+)", file.read_text(encoding="utf-8"))}
    assert {case for _, case in EVERY} == known
    assert {case.name for case in known} <= made


@pytest.mark.parametrize("code", ProblemCode)
def test_a_code_with_several_sentences_names_each(code: ProblemCode) -> None:
    assert len(SENTENCES[code]) == 1 or K.ONLY not in SENTENCES[code]


@pytest.mark.parametrize(("code", "case"), EVERY)
def test_a_sentence_holds_no_mark_of_the_table(code: ProblemCode, case: ProblemCase) -> None:
    words = prepared(code, case)(ANY)
    assert words.endswith(".")
    assert words[0].isupper()
    assert not set(words) & set("{}[]|")


@pytest.mark.parametrize(
    ("code", "case", "facts", "said"),
    [
        pytest.param(
            C.BILLED_BY_HAND,
            K.ONLY,
            {
                "addition": 8150,
                "quantity": "3",
                "price": "4.5",
                "effective": "2026-11-01",
                "cancelled": "",
                "name": "X",
            },
            "Addition 8150 bills 3 × 4.50 of the same item from 2026-11-01, and cwtui knows nothing of it",
            id="what is empty is left out",
        ),
        pytest.param(
            C.BILLED_BY_HAND,
            K.ONLY,
            {"addition": 1, "quantity": "3", "price": "0", "effective": "1", "cancelled": "2026-12-31", "name": "X"},
            "from 1 to 2026-12-31, and",
            id="what is there is said",
        ),
        pytest.param(
            C.UNKNOWN_CHARGE_TYPE,
            K.LINE_TYPE,
            {"type": "gift", "product": ""},
            "Line type 'gift' with an amount has no rule (product of the plan).",
            id="other words stand for what is missing",
        ),
        pytest.param(
            C.UNKNOWN_CHARGE_TYPE,
            K.LINE_TYPE,
            {"type": "gift", "product": "[PRD1|{x}]"},
            "has no rule (product [PRD1|{x}]).",
            id="a name from outside is no mark",
        ),
        pytest.param(
            C.LINK_CHANGED,
            K.EDITED,
            {"addition": 1, "name": "X", "edited": {"quantity": ("3.5", "4"), "unit_price": ("4.5", "0.0833")}},
            "(quantity 3.5 → 4, unit price 4.50 → 0.0833)",
            id="a price has two decimals, a quantity what it needs",
        ),
        pytest.param(
            C.LINK_CHANGED,
            K.EDITED_MEANWHILE,
            {"addition": 1, "edited": {"unit_price": ("4.5", "5")}},
            "Addition 1 was edited in ConnectWise (unit price 4.50 → 5.00).",
            id="fields in words, with both values",
        ),
        pytest.param(
            C.ROW_REFUSED,
            K.ONLY,
            {"sku": "", "lines": (), "report": "r.csv"},
            "Everything of this account is left as it is: a row of r.csv could",
            id="no line",
        ),
        pytest.param(
            C.ROW_REFUSED,
            K.ONLY,
            {"sku": "exo", "lines": ("3",), "report": "r.csv"},
            "exo is left as it is: line 3 of r.csv could",
            id="one line",
        ),
        pytest.param(
            C.ROW_REFUSED,
            K.ONLY,
            {"sku": "exo", "lines": ("3", "7"), "report": "r.csv"},
            "lines 3, 7 of r.csv",
            id="several lines",
        ),
        pytest.param(
            C.LINK_MISSING,
            K.SEVERAL_ADDITIONS,
            {"name": "X", "additions": ("1", "2"), "counted": "5"},
            "several additions (1, 2), so",
            id="ids",
        ),
    ],
)
def test_what_is_said(code: ProblemCode, case: ProblemCase, facts: ProblemFacts, said: str) -> None:
    problem = Problem(code, facts, case=case)
    assert said in sentence(problem)
    kept = as_document(problem)
    assert sentence_of(kept["code"], kept["case"], kept["facts"]) == sentence(problem)


@pytest.mark.parametrize(
    ("code", "case", "facts"),
    [
        pytest.param("guard", "order", {"name": "X"}, id="facts are missing"),
        pytest.param("guard", "order", {"name": "X", "percent": "much"}, id="no number"),
        pytest.param("guard", "round", {"name": "X"}, id="a case nobody knows"),
        pytest.param("planet", "", {"name": "X"}, id="a code nobody knows"),
        pytest.param(
            "link_changed", "edited", {"name": "X", "addition": 1, "edited": ["unit_price"]}, id="another kind"
        ),
        pytest.param("outcome_doubtful", "one_new", {"name": "X", "agreement": 1, "additions": [1]}, id="no texts"),
    ],
)
def test_what_cannot_be_said_is_shown_all_the_same(code: str, case: str, facts: dict[str, object]) -> None:
    shown = sentence_of(code, case, facts)
    assert shown.startswith(f"{code} (name: X")
