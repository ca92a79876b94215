"""Documents of version 2 whose problems were kept in words; each goes on saying them until its task is planned again.

Rule: commands.md#words-for-people.
"""

from __future__ import annotations

from typing import Any

from cwtui.domain.problems import ProblemCase
from cwtui.store.table import Document

IN_WORDS = b'"message":'
"""How a document spells the words of a problem; nothing else of a task or a plan is called so."""


def problems_as_facts(document: Document) -> Document:
    """A task or a plan whose problems hold facts."""
    return {**document, "problems": [problem_as_facts(problem) for problem in document["problems"]]}


def problem_as_facts(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem whose only fact is what it said; one that holds facts, as it is."""
    if "message" not in problem:
        return problem
    rest = {name: value for name, value in problem.items() if name != "message"}
    return {**rest, "case": ProblemCase.IN_WORDS.value, "facts": {"words": problem["message"]}}
