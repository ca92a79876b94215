"""Only a shell names its own commands or keys (commands.md#words-for-people)."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

import cwtui
from cwtui.cli.documents import problem_document
from cwtui.cli.problems import command_for, kept_problem, problem_words
from cwtui.cli.root import COMMANDS
from cwtui.domain.errors import InputError
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.remedies import Action, Remedy
from cwtui.tui.problems import error_words, key_for, place_for

PACKAGE = Path(cwtui.__file__).parent
COMMAND = re.compile(rf"\bcwtui ({'|'.join(COMMANDS)})\b")


def texts(folder: str) -> list[tuple[str, str]]:
    """Every text of a folder that may be shown, with the file it stands in; docstrings are not shown."""
    found = []
    for file in sorted((PACKAGE / folder).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            (file.name, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]
    return found


@pytest.mark.parametrize("folder", ["domain", "wording", "engine", "services", "vendors", "tui"])
def test_only_the_command_line_names_commands(folder: str) -> None:
    assert [(file, text) for file, text in texts(folder) if COMMAND.search(text)] == []


@pytest.mark.parametrize("action", Action)
def test_both_shells_word_every_remedy(action: Action) -> None:
    remedy = Remedy(action, "C1", "customer")
    assert COMMAND.search(command_for(remedy))
    assert "cwtui " not in place_for(remedy)
    assert "cwtui " not in remedy.words


@pytest.mark.parametrize(
    ("remedy", "typed"),
    [
        pytest.param(Remedy(Action.MAP, "C1", "customer"), "map set customer C1 COMPANY_ID.", id="an id"),
        pytest.param(
            Remedy(Action.MAP, "u:Green Lane LLC", "customer"),
            "map set customer 'u:Green Lane LLC' COMPANY_ID.",
            id="an account by its name",
        ),
        pytest.param(Remedy(Action.SYNC_BY_NAME, "7.u:=cmd();x"), "tasks sync '7.u:=cmd();x'.", id="what a shell runs"),
        pytest.param(Remedy(Action.RECONCILE), "reconcile --customer CUSTOMER_ID.", id="nobody in particular"),
        pytest.param(Remedy(Action.CHECK_CREDENTIALS, "the marketplace"), "of the marketplace,", id="prose"),
    ],
)
def test_a_command_may_be_typed_as_it_is_shown(remedy: Remedy, typed: str) -> None:
    assert typed in command_for(remedy)


@pytest.mark.parametrize("code", ProblemCode)
def test_the_screen_has_a_key_for_every_problem(code: ProblemCode) -> None:
    assert re.match(r"[a-z0-9] ", key_for(Problem(code, {"words": ""}, case=ProblemCase.IN_WORDS)))


FACTS = {"name": "Green Lane", "customer": "C1"}
WORDS = "Customer Green Lane (C1) is not mapped to a company."
PROBLEM = Problem(ProblemCode.CUSTOMER_UNMAPPED, FACTS, "C1", case=ProblemCase.CUSTOMER)
MAP = Remedy(Action.MAP, "C1", "customer")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (PROBLEM, WORDS),
        (
            replace(PROBLEM, remedy=MAP),
            f"{WORDS} Map it: cwtui map set customer C1 COMPANY_ID.",
        ),
    ],
    ids=["nothing to type", "a mapping"],
)
def test_a_problem_ends_with_the_command_that_mends_it(problem: Problem, message: str) -> None:
    remedy = problem.remedy
    kept = {"action": remedy.action.value, "target": remedy.target, "kind": remedy.kind} if remedy else None
    document = {"code": "customer_unmapped", "case": "customer", "facts": FACTS, "target": "C1", "remedy": kept}
    assert problem_words(problem) == message
    shown = {"code": "customer_unmapped", "case": "customer", "message": message, "target": "C1", "facts": FACTS}
    assert kept_problem(document) == shown
    assert problem_document(problem) == shown


def test_an_error_says_the_next_step_in_the_words_of_the_shell() -> None:
    error = InputError("There is no task 7.", next_step=Remedy(Action.SEE_TASKS))
    assert str(error) == "There is no task 7. Nothing was changed. The list of tasks shows what there is."
    assert error_words(error).endswith("Key 1 lists the tasks.")
