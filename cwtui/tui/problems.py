"""Problems and remedies in the screen's words: what is wrong, and the key that mends it."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import NamedTuple

from cwtui.domain.errors import CwtuiError
from cwtui.domain.problems import Problem, ProblemCode
from cwtui.domain.remedies import Action, Remedy


class Way(StrEnum):
    """Where a problem is mended."""

    MAP = auto()
    DECIDE = auto()
    DRIFT = auto()
    RECONCILE = auto()
    SYNC = auto()
    CHECK = auto()
    SKIP = auto()


class Mending(NamedTuple):
    """How a problem is mended: where, and what its key does."""

    way: Way
    key: str


_CHOOSE_AGREEMENT = Mending(Way.MAP, "m chooses another agreement")
_MENDINGS = {
    ProblemCode.CUSTOMER_UNMAPPED: Mending(Way.MAP, "m maps it"),
    ProblemCode.PRODUCT_UNMAPPED: Mending(Way.MAP, "m maps it, or adds it to ConnectWise"),
    ProblemCode.AGREEMENT_UNMAPPED: Mending(Way.MAP, "m maps it"),
    ProblemCode.AGREEMENT_WRONG_COMPANY: _CHOOSE_AGREEMENT,
    ProblemCode.AGREEMENT_INACTIVE: _CHOOSE_AGREEMENT,
    ProblemCode.AGREEMENT_ENDED: _CHOOSE_AGREEMENT,
    ProblemCode.AGREEMENT_NOT_BILLING: _CHOOSE_AGREEMENT,
    ProblemCode.BILLING_CYCLE_MISMATCH: _CHOOSE_AGREEMENT,
    ProblemCode.CURRENCY_MISMATCH: _CHOOSE_AGREEMENT,
    ProblemCode.CATALOG_ITEM_INACTIVE: Mending(Way.MAP, "m chooses another catalog item"),
    ProblemCode.GUARD: Mending(Way.SYNC, "s confirms it and syncs"),
    ProblemCode.UNKNOWN_CHARGE_TYPE: Mending(Way.SKIP, "x skips it"),
    ProblemCode.UNKNOWN_ORDER_TYPE: Mending(Way.SKIP, "x skips it"),
    ProblemCode.SUBSCRIPTION_MISSING: Mending(Way.SKIP, "x skips it"),
    ProblemCode.STATEMENT_BILLING_UNSUPPORTED: Mending(Way.SKIP, "x skips it"),
    ProblemCode.LINK_MISSING: Mending(Way.DECIDE, "m adopts the addition that bills it"),
    ProblemCode.LINK_CHANGED: Mending(Way.DRIFT, "m shows it: keep, adopt or restore"),
    ProblemCode.COMPANY_DELETED: Mending(Way.MAP, "m maps the customer to another company"),
    ProblemCode.BILLED_BY_HAND: Mending(Way.DECIDE, "m adopts it, ends it, or bills both"),
    ProblemCode.OUTCOME_DOUBTFUL: Mending(Way.DECIDE, "m adopts it, or sends it again"),
    ProblemCode.TAKEN_BACK: Mending(Way.SYNC, "s syncs it again"),
    ProblemCode.NOT_CARRIED_OVER: Mending(Way.RECONCILE, "m compares both sides"),
    ProblemCode.RECORD_UNREADABLE: Mending(Way.CHECK, "m checks again"),
    ProblemCode.ROW_REFUSED: Mending(Way.SKIP, "x skips it"),
    ProblemCode.PROFILE_MISSING: Mending(Way.SKIP, "x skips it"),
}
_PLACES = {
    Action.MAP: "Map it: key 2.",
    Action.FIND_MAPPING: "Key 2 suggests the right one.",
    Action.SEE_MAPPINGS: "Key 2 lists the mappings.",
    Action.EXPORT_MAPPINGS: "Key 2, then E, writes such a file to start from.",
    Action.SEE_TASKS: "Key 1 lists the tasks.",
    Action.UNDO: "Key u takes a synced task back.",
    Action.SEE_RUNS: "Key 3 lists what ran.",
    Action.RECONCILE: "Key 4 reconciles the customer.",
    Action.SEE_DRIFT: "Key 6 looks for drift again.",
    Action.SETTLE_DRIFT: "Key 6 shows it: keep or adopt ConnectWise's values or restore cwtui's, then sync again.",
    Action.FORGET_LINK: "Key 6, then A on it, forgets it.",
    Action.ADOPT: "Key 4 adopts it; or ask whoever made it in ConnectWise.",
    Action.EXPLAIN: "Adopt another addition; w shows where this one comes from.",
    Action.DIAGNOSE: "Key 9, then Ctrl+T, shows what answers and what is not permitted.",
    Action.TRY_LATER: "Try again later; key 9, then Ctrl+T, shows whether it answers.",
    Action.CHECK_CREDENTIALS: "Check them: key 9, then Ctrl+T.",
    Action.RESOLVE: "Adopt the addition if this create made it, else let the create be sent again.",
    Action.SYNC_BY_NAME: "s writes it again, x skips it.",
    Action.SET_UP: "Key 9 has a field for each.",
    Action.SET_UP_VENDOR: "Key 8 creates the vendor's setup entries.",
}


def mending_of(problem: Problem) -> Mending:
    """How a problem is mended, where its task is shown."""
    return _MENDINGS[problem.code]


def key_for(problem: Problem) -> str:
    """The key that mends a problem, and what it does."""
    return mending_of(problem).key


def place_for(remedy: Remedy) -> str:
    """Where on the screen a remedy is, in a sentence."""
    return _PLACES[remedy.action]


def error_words(error: CwtuiError) -> str:
    """What happened, what was and was not changed, and where to go next."""
    next_step = place_for(error.remedy) if error.remedy else error.next_step
    return f"{error.happened} {error.changed} {next_step}"
