"""Why a task waits, in a word or two: what the list shows first."""

from __future__ import annotations

_REASONS = {
    "customer_unmapped": "customer not mapped",
    "product_unmapped": "product not mapped",
    "agreement_unmapped": "agreement not mapped",
    "agreement_wrong_company": "other company",
    "agreement_inactive": "agreement inactive",
    "agreement_ended": "agreement ended",
    "agreement_not_billing": "does not recur",
    "billing_cycle_mismatch": "other cycle",
    "currency_mismatch": "other currency",
    "statement_billing_unsupported": "statement billing",
    "catalog_item_inactive": "item inactive",
    "unknown_order_type": "unknown order",
    "unknown_charge_type": "unknown charge",
    "link_missing": "addition not linked",
    "link_changed": "addition changed",
    "subscription_missing": "subscription gone",
    "guard": "large change",
    "company_deleted": "company deleted",
    "billed_by_hand": "billed by hand",
    "outcome_doubtful": "outcome unknown",
    "taken_back": "taken back",
    "not_carried_over": "not carried over",
    "record_unreadable": "not readable",
    "row_refused": "row refused",
    "profile_missing": "profile missing",
}


def reason_words(code: str) -> str:
    """The reason of a problem, in words; a code that has none yet, as it is."""
    return _REASONS.get(code, code.replace("_", " "))
