"""What keeps a task waiting for a person: a code with its facts; `wording/problems.py` has the words.

Rule: commands.md#words-for-people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from cwtui.domain.lazily import dataclass
from cwtui.domain.remedies import Remedy

InnerValue = str | tuple[str | tuple[str, ...], ...]
"""What a fact within a fact may be: a text as below, several of them, or rows of them."""
PlainValue = str | int | tuple[str | Mapping[str, InnerValue], ...] | Mapping[str, tuple[str, ...]]
"""What a fact may be: a name or an id, a number or a day as exact text, several of them, or old and new by field.

Differences that no order explains are facts with facts of their own (`Difference`).
"""
ProblemFacts = Mapping[str, PlainValue]


class ProblemCode(StrEnum):
    """What keeps a task from `ready` (plans.md#problems)."""

    CUSTOMER_UNMAPPED = "customer_unmapped"
    PRODUCT_UNMAPPED = "product_unmapped"
    AGREEMENT_UNMAPPED = "agreement_unmapped"
    AGREEMENT_WRONG_COMPANY = "agreement_wrong_company"
    AGREEMENT_INACTIVE = "agreement_inactive"
    AGREEMENT_ENDED = "agreement_ended"
    AGREEMENT_NOT_BILLING = "agreement_not_billing"
    BILLING_CYCLE_MISMATCH = "billing_cycle_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    STATEMENT_BILLING_UNSUPPORTED = "statement_billing_unsupported"
    CATALOG_ITEM_INACTIVE = "catalog_item_inactive"
    UNKNOWN_ORDER_TYPE = "unknown_order_type"
    UNKNOWN_CHARGE_TYPE = "unknown_charge_type"
    LINK_MISSING = "link_missing"
    LINK_CHANGED = "link_changed"
    SUBSCRIPTION_MISSING = "subscription_missing"
    RECORD_UNREADABLE = "record_unreadable"
    NOT_CARRIED_OVER = "not_carried_over"
    OUTCOME_DOUBTFUL = "outcome_doubtful"
    TAKEN_BACK = "taken_back"
    GUARD = "guard"
    ROW_REFUSED = "row_refused"
    PROFILE_MISSING = "profile_missing"
    COMPANY_DELETED = "company_deleted"
    BILLED_BY_HAND = "billed_by_hand"


class ProblemCase(StrEnum):
    """Which of several things a code says; a code that says one thing only has the case `ONLY`."""

    ONLY = ""
    IN_WORDS = "in_words"
    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    ACCOUNT = "account"
    NOT_SHOWN = "not_shown"
    CANCELLED = "cancelled"
    NOT_ACTIVE = "not_active"
    NO_STATUS = "no_status"
    NOT_RECURRING = "not_recurring"
    NO_CYCLE = "no_cycle"
    NO_FIRST_DAY = "no_first_day"
    BUNDLE = "bundle"
    INACTIVE = "inactive"
    NOT_PRICED = "not_priced"
    NO_RULE = "no_rule"
    NOT_KNOWN_ANY_MORE = "not_known_any_more"
    LINE_TYPE = "line_type"
    LINE_WITHOUT_QUANTITY = "line_without_quantity"
    LINE_OF_NOTHING = "line_of_nothing"
    LINE_OF_OTHER_ORDERS = "line_of_other_orders"
    NO_QUANTITY = "no_quantity"
    NO_PRICE = "no_price"
    NO_PRICE_TO_REPAIR = "no_price_to_repair"
    ROUNDED_TO_NOTHING = "rounded_to_nothing"
    NO_ADDITION = "no_addition"
    TAKES_UNKNOWN = "takes_unknown"
    MIGRATED = "migrated"
    COUNTED_OTHERWISE = "counted_otherwise"
    PRICED_OTHERWISE = "priced_otherwise"
    SEVERAL_ADDITIONS = "several_additions"
    BILLED_FOR_ANOTHER = "billed_for_another"
    OTHER_AGREEMENT = "other_agreement"
    REMOVED = "removed"
    EDITED = "edited"
    WRITTEN_SINCE = "written_since"
    REMOVED_SINCE = "removed_since"
    EDITED_SINCE = "edited_since"
    REMOVED_MEANWHILE = "removed_meanwhile"
    EDITED_MEANWHILE = "edited_meanwhile"
    NOT_ITS_ADDITION = "not_its_addition"
    STRAY_LINE = "stray_line"
    ORDER_GONE = "order_gone"
    REPORT_GONE = "report_gone"
    NOT_GIVEN_OUT = "not_given_out"
    RECORD_LOST = "record_lost"
    ONE_NEW = "one_new"
    SEVERAL_NEW = "several_new"
    ORDER = "order"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a task waits for a person.

    Attributes:
        facts: What is wrong, by name: ids, names, exact amounts and days; its sentence has a place for them.
        target: The id concerned (customer, product, agreement, addition …), as text.
        remedy: What mends it, where a shell has a command or a key for it.
        case: Which of the code's sentences it is.
    """

    code: ProblemCode
    facts: ProblemFacts = field(default_factory=dict)
    target: str = ""
    remedy: Remedy | None = None
    case: ProblemCase = ProblemCase.ONLY
