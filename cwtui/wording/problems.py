"""The sentence of every problem (plans.md#problems).

A place such as `{name}` takes a fact, and `{price:price}` also names its format: see `wording/sentences.py`. A part in
`[…]` is left out, or replaced by the part after `|`, if one of its facts is missing or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.wording.sentences import Sentence, sentence_of_words

_BY_HAND = "Bill it by hand, then skip this task."
_OTHER_AGREEMENT = "Map the subscription to an agreement of that company."
_DELETED = "was deleted in ConnectWise. Restore it there, or map the customer to another one."
_ACTIVATE = "Activate it in ConnectWise, or map another one."
_SET_UP = "Set it up in ConnectWise, or map another one."
_SET_ITEM_RIGHT = "Set it right in ConnectWise, or map the product to another one."
_OF_PRODUCT = "(product [{product}|of the plan])"
_NOT_LINKED = "is billed by addition {addition} ({quantity} × {price:price}), which nobody linked to this account"
_ADOPT_COUNTED = (
    "Adopt it for subscription {subscription}, product {product}, or end it in ConnectWise and give the report again."
)
_COMPARE_AGAIN = "Reconcile again, then sync the new plan."
_GOES_ON = "The task goes on by itself once it can be read."
_LOOK_FIRST = "Nothing more is sent until somebody looked at it in ConnectWise."
_CREATE = "the create[ of {quantity} × {price:price} from {effective}]"
_CONFIRM = "Confirm it by syncing this task by name, or skip it."

SENTENCES: Mapping[ProblemCode, Mapping[ProblemCase, str]] = {
    ProblemCode.CUSTOMER_UNMAPPED: {
        ProblemCase.CUSTOMER: "Customer {name} ({customer}) is not mapped to a company.",
        ProblemCase.ACCOUNT: "Account {account} is not linked to a company.",
    },
    ProblemCode.PRODUCT_UNMAPPED: {
        ProblemCase.ONLY: "Product {name} ({product}) is not mapped to a catalog item for its {charge} charge.",
    },
    ProblemCode.AGREEMENT_UNMAPPED: {
        ProblemCase.SUBSCRIPTION: "Subscription {name} ({subscription}) is not mapped to an agreement.",
        ProblemCase.ACCOUNT: "{reason} Then give the report again, or choose an agreement.",
    },
    ProblemCode.AGREEMENT_WRONG_COMPANY: {
        ProblemCase.CUSTOMER: "Agreement {name} belongs to company {owner}, the customer is mapped to {company}."
        f" {_OTHER_AGREEMENT}",
        ProblemCase.ACCOUNT: "Agreement {name} belongs to company {owner}, the account is mapped to {company}."
        f" {_OTHER_AGREEMENT}",
    },
    ProblemCode.AGREEMENT_INACTIVE: {
        ProblemCase.NOT_SHOWN: "Agreement {agreement} does not exist in ConnectWise, or cannot be read."
        " Map the subscription to another one.",
        ProblemCase.CANCELLED: f"Agreement {{name}} is cancelled. {_ACTIVATE}",
        ProblemCase.NOT_ACTIVE: f"Agreement {{name}} is {{status}}. {_ACTIVATE}",
        ProblemCase.NO_STATUS: f"Agreement {{name}} is without a status. {_ACTIVATE}",
    },
    ProblemCode.AGREEMENT_ENDED: {
        ProblemCase.ONLY: "Agreement {name} ends on {end}, {needed} is needed."
        " Extend it in ConnectWise, or map the subscription to another one.",
    },
    ProblemCode.AGREEMENT_NOT_BILLING: {
        ProblemCase.NOT_RECURRING: f"Agreement {{name}} does not recur. {_SET_UP}",
        ProblemCase.NO_CYCLE: f"Agreement {{name}} names no billing cycle. {_SET_UP}",
        ProblemCase.NO_FIRST_DAY: f"Agreement {{name}} names no date from which it bills. {_SET_UP}",
    },
    ProblemCode.BILLING_CYCLE_MISMATCH: {
        ProblemCase.ONLY: "The subscription bills every [{length} {unit}|unknown period], agreement {name} {cycle}."
        " Map the subscription to an agreement with its cycle.",
    },
    ProblemCode.CURRENCY_MISMATCH: {
        ProblemCase.ONLY: "The order is in {order_currency}, agreement {name} in {agreement_currency}."
        " Map the subscription to an agreement in the order's currency.",
    },
    ProblemCode.STATEMENT_BILLING_UNSUPPORTED: {
        ProblemCase.ONLY: "Subscription {name} is billed on statement days, which no agreement's cycle matches."
        f" {_BY_HAND}",
    },
    ProblemCode.CATALOG_ITEM_INACTIVE: {
        ProblemCase.NOT_SHOWN: "Catalog item[ {catalog_item}] of product {product} no longer exists, or cannot be read."
        f" {_SET_ITEM_RIGHT}",
        ProblemCase.BUNDLE: "Catalog item {identifier} of product {product} is a bundle, which ConnectWise takes no"
        f" addition of. {_SET_ITEM_RIGHT}",
        ProblemCase.INACTIVE: f"Catalog item {{identifier}} of product {{product}} is inactive. {_SET_ITEM_RIGHT}",
        ProblemCase.NOT_PRICED: "Catalog item {identifier} has no price or no cost in ConnectWise."
        " Give it both there, or use the marketplace price source.",
    },
    ProblemCode.UNKNOWN_ORDER_TYPE: {
        ProblemCase.NO_RULE: f"Order {{number}} is of type {{type}}, and its lines do not say what it is. {_BY_HAND}",
        ProblemCase.NOT_KNOWN_ANY_MORE: "Order {number} is not known any more, so nothing says what it bills."
        " Check changes again; if it stays so, bill it by hand and skip this task.",
    },
    ProblemCode.UNKNOWN_CHARGE_TYPE: {
        ProblemCase.LINE_TYPE: f"Line type '{{type}}' with an amount has no rule {_OF_PRODUCT}. {_BY_HAND}",
        ProblemCase.LINE_WITHOUT_QUANTITY: f"A {{type}} line names no quantity {_OF_PRODUCT}. {_BY_HAND}",
        ProblemCase.LINE_OF_NOTHING: f"A {{type}} line charges an amount for a quantity of 0 {_OF_PRODUCT}. {_BY_HAND}",
        ProblemCase.LINE_OF_OTHER_ORDERS: f"A {{type}} line of {{name}} has no rule in a {{order}}. {_BY_HAND}",
        ProblemCase.NO_QUANTITY: "The marketplace named no quantity for {name}."
        " Look at the subscription there, bill it by hand, then skip this task.",
        ProblemCase.NO_PRICE: "The marketplace names no price for the {charge} charge of {name}."
        " Set the price in the plan's editor, or use the ConnectWise price source.",
        ProblemCase.NO_PRICE_TO_REPAIR: "The marketplace names no price of {name}."
        " Use the ConnectWise price source, then reconcile.",
        ProblemCase.ROUNDED_TO_NOTHING: "A unit of {name} costs {price}, which {decimals} decimals round to 0."
        " Bill it by hand and skip this task, or have prices rounded to more decimals.",
    },
    ProblemCode.LINK_MISSING: {
        ProblemCase.NO_ADDITION: "The standing addition of {name} is not known."
        " Adopt one of the agreement's additions, or bill it by hand and skip this task.",
        ProblemCase.TAKES_UNKNOWN: "The order takes {quantity} of {name} away that no known addition bills."
        " Adopt the agreement's addition, or bill it by hand and skip this task.",
        ProblemCase.MIGRATED: "Subscription {name} was migrated: its additions may exist already."
        " Reconcile its customer, then skip this task.",
        ProblemCase.COUNTED_OTHERWISE: f"{{name}} {_NOT_LINKED}: the report counts {{counted}}. {_ADOPT_COUNTED}",
        ProblemCase.PRICED_OTHERWISE: f"{{name}} {_NOT_LINKED}: its SKU is reported at another price. {_ADOPT_COUNTED}",
        ProblemCase.SEVERAL_ADDITIONS: "{name} is billed by several additions ({additions:list}), so which of them"
        " carries the report's count of {counted} is not known. End all but one of them in ConnectWise, then give the"
        " report again.",
        ProblemCase.BILLED_FOR_ANOTHER: "{name} is billed by addition {addition} ({quantity} × {price:price}) for the"
        " marketplace's subscription {subscription}, and the report counts {counted} of it. Let the column profile"
        " leave such rows out, or map that subscription's product to another catalog item, and give the report again.",
    },
    ProblemCode.LINK_CHANGED: {
        ProblemCase.OTHER_AGREEMENT: "Addition {addition} of {name} belongs to agreement {theirs}, the subscription is"
        " mapped to {ours} now. Map it back; or skip this task and reconcile the customer, which ends it there and"
        " bills what is held in the new agreement.",
        ProblemCase.ACCOUNT: "Addition {addition} of {name} goes on in agreement {theirs}, which billed the account"
        " before; this count is for agreement {ours}, and both would be billed. End it there in ConnectWise and keep"
        " that end; or choose agreement {theirs} for the account.",
        ProblemCase.REMOVED: "Addition {addition} of {name} was removed in ConnectWise.",
        ProblemCase.EDITED: "Addition {addition} of {name} was edited in ConnectWise ({edited:changes}).",
        ProblemCase.WRITTEN_SINCE: "Addition {addition} of product {product} was written since the comparison."
        f" {_COMPARE_AGAIN}",
        ProblemCase.REMOVED_SINCE: f"Addition {{addition}} was removed in ConnectWise since it was compared."
        f" {_COMPARE_AGAIN}",
        ProblemCase.EDITED_SINCE: "Addition {addition} was edited in ConnectWise ({edited:changes}) since it was"
        f" compared. {_COMPARE_AGAIN}",
        ProblemCase.REMOVED_MEANWHILE: "Addition {addition} was removed in ConnectWise.",
        ProblemCase.EDITED_MEANWHILE: "Addition {addition} was edited in ConnectWise ({edited:changes}).",
        ProblemCase.NOT_ITS_ADDITION: "Addition {addition} was not made by that create, or removed since, in"
        " ConnectWise.",
    },
    ProblemCode.SUBSCRIPTION_MISSING: {
        ProblemCase.NOT_SHOWN: "The marketplace does not know subscription [{subscription}|(none named)] of order"
        " {number}. Bill the order by hand, then skip this task.",
        ProblemCase.STRAY_LINE: "A {type} line of order {number} names no subscription, and the order has several."
        f" {_BY_HAND}",
        ProblemCase.ORDER_GONE: "The marketplace no longer shows order {number}, so it cannot be planned."
        f" {_BY_HAND}",
        ProblemCase.REPORT_GONE: "The lines of {report} are no longer kept. Give that report again, or skip this task.",
        ProblemCase.NOT_GIVEN_OUT: "The marketplace lists {record}, or an order names it, but does not give it out."
        f" {{said}} {_GOES_ON}",
    },
    ProblemCode.RECORD_UNREADABLE: {
        ProblemCase.ONLY: f"The marketplace's {{record}} cannot be read. {{said}} {_GOES_ON}",
    },
    ProblemCode.NOT_CARRIED_OVER: {
        ProblemCase.ONLY: "Subscription {subscription} differs from what was carried over, and no order says why."
        " {differences:differences} Reconcile the customer; or skip this task, if it is right as it is.",
    },
    ProblemCode.OUTCOME_DOUBTFUL: {
        ProblemCase.RECORD_LOST: f"A record of the journal that may tell of {_CREATE} cannot be read, or ConnectWise"
        " did not answer it, and addition {additions:list} in agreement {agreement} may be what it made."
        f" {_LOOK_FIRST}",
        ProblemCase.ONE_NEW: f"ConnectWise did not answer {_CREATE}, and addition {{additions:list}} is new in"
        f" agreement {{agreement}}, but not quite what was asked for. {_LOOK_FIRST}",
        ProblemCase.SEVERAL_NEW: f"ConnectWise did not answer {_CREATE}, and additions {{additions:list}} are new in"
        f" agreement {{agreement}}, but not quite what was asked for. {_LOOK_FIRST}",
    },
    ProblemCode.TAKEN_BACK: {
        ProblemCase.ONLY: "It was taken back, so it is written again only if a person says so.",
    },
    ProblemCode.GUARD: {
        ProblemCase.ORDER: "{name} would change from {before} to {after} ({percent:price} %, the guard is {limit} %)."
        f" {_CONFIRM}",
        ProblemCase.COUNT: "{name} would change from {before} to {after} ({percent} %, the guard is {limit} %)."
        f" {_CONFIRM}",
    },
    ProblemCode.ROW_REFUSED: {
        ProblemCase.ONLY: "[{sku}|Everything of this account] is left as it is: [{lines:lines}|a row] of {report} could"
        " belong to it and could not be read. Correct the file and give it again, or let the column profile leave such"
        " rows out.",
    },
    ProblemCode.PROFILE_MISSING: {
        ProblemCase.ONLY: "The column profile {profile} of {report} is not in the settings in force, so how it is"
        " billed is not known. Put it back under that name, or skip this task and give the report again by another"
        " profile.",
    },
    ProblemCode.COMPANY_DELETED: {
        ProblemCase.CUSTOMER: f"Company {{company}}, which customer {{name}} is mapped to, {_DELETED}",
        ProblemCase.ACCOUNT: f"Company {{company}}, which account {{name}} is mapped to, {_DELETED}",
    },
    ProblemCode.BILLED_BY_HAND: {
        ProblemCase.ONLY: "Addition {addition} bills {quantity} × {price:price} of the same item from {effective}"
        "[ to {cancelled}], and cwtui knows nothing of it: {name} would be billed twice. Adopt it, end it, or bill"
        " both.",
    },
}
REASONS: Mapping[str, str] = {
    ProblemCode.CUSTOMER_UNMAPPED: "customer not mapped",
    ProblemCode.PRODUCT_UNMAPPED: "product not mapped",
    ProblemCode.AGREEMENT_UNMAPPED: "agreement not mapped",
    ProblemCode.AGREEMENT_WRONG_COMPANY: "other company",
    ProblemCode.AGREEMENT_INACTIVE: "agreement inactive",
    ProblemCode.AGREEMENT_ENDED: "agreement ended",
    ProblemCode.AGREEMENT_NOT_BILLING: "does not recur",
    ProblemCode.BILLING_CYCLE_MISMATCH: "other cycle",
    ProblemCode.CURRENCY_MISMATCH: "other currency",
    ProblemCode.STATEMENT_BILLING_UNSUPPORTED: "statement billing",
    ProblemCode.CATALOG_ITEM_INACTIVE: "item inactive",
    ProblemCode.UNKNOWN_ORDER_TYPE: "unknown order",
    ProblemCode.UNKNOWN_CHARGE_TYPE: "unknown charge",
    ProblemCode.LINK_MISSING: "addition not linked",
    ProblemCode.LINK_CHANGED: "addition changed",
    ProblemCode.SUBSCRIPTION_MISSING: "subscription gone",
    ProblemCode.GUARD: "large change",
    ProblemCode.COMPANY_DELETED: "company deleted",
    ProblemCode.BILLED_BY_HAND: "billed by hand",
    ProblemCode.OUTCOME_DOUBTFUL: "outcome unknown",
    ProblemCode.TAKEN_BACK: "taken back",
    ProblemCode.NOT_CARRIED_OVER: "not carried over",
    ProblemCode.RECORD_UNREADABLE: "not readable",
    ProblemCode.ROW_REFUSED: "row refused",
    ProblemCode.PROFILE_MISSING: "profile missing",
}
"""Why a task waits, in a word or two, for lists."""
_IN_WORDS = "{words}"
_ready: dict[tuple[str, str], Sentence] = {}


def sentence(problem: Problem) -> str:
    """The sentence of a problem, without a command or a key."""
    return sentence_of(problem.code, problem.case, problem.facts)


def sentence_of(code: str, case: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a stored problem; without a wording, its code and facts."""
    try:
        return prepared(code, case)(facts)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):  # whatever a state may hold
        return without_words(code, facts)


def reason_of(code: str) -> str:
    """Why a task waits, in a word or two; of a code that has none yet, the code."""
    return REASONS.get(code, code.replace("_", " "))


def prepared(code: str, case: str) -> Sentence:
    """The sentence of a code and case.

    Raises:
        KeyError: There is none.
    """
    known = _ready.get((code, case))
    if known is None:
        words = _IN_WORDS if case == ProblemCase.IN_WORDS else SENTENCES[ProblemCode(code)][ProblemCase(case)]
        known = _ready[code, case] = sentence_of_words(words)
    return known


def without_words(code: str, facts: Mapping[str, Any]) -> str:
    """The text of a problem without a wording, or without one of its facts: odd, but better than none."""
    return f"{code} ({', '.join(f'{name}: {value}' for name, value in facts.items())})."
