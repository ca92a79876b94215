"""Problems and remedies in the screen's words: what is wrong, and the key that mends it."""

from __future__ import annotations

from cwtui.domain.errors import CwtuiError
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Problem

_CHOOSE_AGREEMENT = "m chooses another agreement"
_KEYS = {
    "customer_unmapped": "m maps it",
    "product_unmapped": "m maps it, or adds it to ConnectWise",
    "agreement_unmapped": "m maps it",
    "agreement_wrong_company": _CHOOSE_AGREEMENT,
    "agreement_inactive": _CHOOSE_AGREEMENT,
    "agreement_ended": _CHOOSE_AGREEMENT,
    "agreement_not_billing": _CHOOSE_AGREEMENT,
    "billing_cycle_mismatch": _CHOOSE_AGREEMENT,
    "currency_mismatch": _CHOOSE_AGREEMENT,
    "catalog_item_inactive": "m chooses another catalog item",
    "guard": "s confirms it and syncs",
    "unknown_charge_type": "x skips it",
    "unknown_order_type": "x skips it",
    "subscription_missing": "x skips it",
    "statement_billing_unsupported": "x skips it",
    "link_missing": "m adopts the addition that bills it",
    "link_changed": "m shows it: keep, adopt or restore",
    "company_deleted": "m maps the customer to another company",
    "billed_by_hand": "m adopts it, ends it, or bills both",
    "outcome_doubtful": "m adopts it, or sends it again",
    "taken_back": "s syncs it again",
    "not_carried_over": "m compares both sides",
    "record_unreadable": "m checks again",
    "row_refused": "x skips it",
    "profile_missing": "x skips it",
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
    Action.SYNC_BY_NAME: "s writes it again, k skips it.",
    Action.SET_UP_VENDOR: "Key 8 creates the vendor's setup entries.",
}


def key_for(problem: Problem) -> str:
    """The key that mends a problem, where its task is shown."""
    return _KEYS.get(problem.code, "Enter opens it")


def place_for(remedy: Remedy) -> str:
    """Where on the screen a remedy is, in a sentence."""
    return _PLACES[remedy.action]


def error_words(error: CwtuiError) -> str:
    """What happened, what was and was not changed, and where to go next."""
    next_step = place_for(error.remedy) if error.remedy else error.next_step
    return f"{error.happened} {error.changed} {next_step}"
