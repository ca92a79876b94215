"""Problems and remedies in the command line's words: what is wrong, and the command that mends it."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

from cwtui.domain.remedies import Action, Remedy
from cwtui.wording.problems import sentence, sentence_of

if TYPE_CHECKING:
    from cwtui.domain.problems import Problem

_TARGETS = {"customer": "COMPANY_ID", "product": "CATALOG_ITEM_ID", "agreement": "AGREEMENT_ID"}
_SENTENCES = {
    Action.MAP: "Map it: cwtui map set {kind} {target} {wanted}.",
    Action.FIND_MAPPING: "Look for the right id: cwtui map suggest {kind}.",
    Action.SEE_MAPPINGS: "See `cwtui map list {kind}`.",
    Action.EXPORT_MAPPINGS: "`cwtui map export` writes such a file to start from.",
    Action.SEE_TASKS: "See `cwtui tasks list` for their ids.",
    Action.UNDO: "Take a synced task back with `cwtui tasks undo`.",
    Action.SEE_RUNS: "See `cwtui audit --runs`.",
    Action.RECONCILE: "Reconcile it: cwtui reconcile --customer {target}.",
    Action.SEE_DRIFT: "See `cwtui drift`.",
    Action.SETTLE_DRIFT: "Keep or adopt ConnectWise's (cwtui drift keep, cwtui drift adopt) or restore cwtui's"
    " (cwtui drift restore), then sync again.",
    Action.FORGET_LINK: "Forget it: cwtui drift adopt {target}.",
    Action.ADOPT: "Adopt it (cwtui adopt), or ask whoever made it in ConnectWise.",
    Action.EXPLAIN: "Adopt another addition; `cwtui why {target}` tells where this one comes from.",
    Action.DIAGNOSE: "Run `cwtui doctor`: it shows what answers and what is not permitted.",
    Action.TRY_LATER: "Try again later; `cwtui doctor` shows whether the service answers.",
    Action.CHECK_CREDENTIALS: "Check the credentials of {target}, then run `cwtui doctor`.",
    Action.RESOLVE: "If this create made it: cwtui tasks resolve {target} --adopt ADDITION. Else: cwtui tasks resolve"
    " {target} --send-again.",
    Action.SYNC_BY_NAME: "Write it again: cwtui tasks sync {target}. Or set it aside: cwtui tasks skip {target}.",
    Action.SET_UP: "Run `cwtui` for the setup screen, or fill in {target} (`cwtui config init` writes a first one);"
    " `cwtui --demo` needs no settings.",
    Action.SET_UP_VENDOR: "Run `cwtui intermedia setup --apply`.",
}


def command_for(remedy: Remedy) -> str:
    """What to type, in a sentence."""
    wanted = _TARGETS.get(remedy.kind, "ID")
    is_typed = remedy.action not in {Action.CHECK_CREDENTIALS, Action.SET_UP}
    target = quote(remedy.target) if is_typed and remedy.target else remedy.target
    if not target and remedy.action is Action.RECONCILE:
        target = "CUSTOMER_ID"
    return _SENTENCES[remedy.action].format(kind=remedy.kind, target=target, wanted=wanted)


def problem_words(problem: Problem) -> str:
    """What is wrong, and the command that mends it."""
    words = sentence(problem)
    return f"{words} {command_for(problem.remedy)}" if problem.remedy else words


def kept_problem(document: dict[str, Any]) -> dict[str, Any]:
    """A problem as JSON shows it, from its document in the state file."""
    kept = document.get("remedy")
    code, case, facts = document["code"], document["case"], document["facts"]
    message = sentence_of(code, case, facts)
    if "differences" in facts:
        from cwtui.wording.differences import difference_text  # noqa: PLC0415  # start-up: few tasks tell of any

        facts = {**facts, "differences": [difference_text(one) for one in facts["differences"]]}
    if kept:
        message = f"{message} {command_for(Remedy(Action(kept['action']), kept['target'], kept['kind']))}"
    return {"code": code, "case": case, "message": message, "target": document["target"], "facts": facts}
