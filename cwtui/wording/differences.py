"""The sentence of every difference that no order explains (check.md#what-no-order-explains)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cwtui.domain.check_records import Difference, DifferenceKind
from cwtui.wording.problems import without_words
from cwtui.wording.sentences import sentence_of_words

SENTENCES: Mapping[DifferenceKind, str] = {
    DifferenceKind.QUANTITY: "It holds [{held}|none] of {name}, its additions bill {billed}.",
    DifferenceKind.PRICE: "{name} costs {price:price} a unit, its additions bill {billed:prices}.",
    DifferenceKind.NEVER_CARRIED: "It is active[ and holds {held:units}], and no task ever carried it over.",
    DifferenceKind.GOES_ON: "It is [{state}|no longer on the marketplace], while its additions go on:"
    " {additions:units_until}.",
    DifferenceKind.ACTIVE_AGAIN: "It is active, while its additions ended.",
    DifferenceKind.CUSTOMER: "It belongs to customer {customer} now[, it was {was}'s]. Its additions stand in an"
    " agreement of another company than that customer is mapped to.",
    DifferenceKind.AGREEMENT: "It is mapped to agreement {agreement}, while additions in another one go on:"
    " {additions:units_in}.",
}


def difference_text(fact: str | Mapping[str, Any]) -> str:
    """The sentence of a difference, as its problem has it; without a wording, its kind and facts."""
    if isinstance(fact, str):  # an earlier program kept it in words
        return fact
    kind = str(fact.get("kind", ""))
    try:
        return sentence_of_words(SENTENCES[DifferenceKind(kind)])(fact)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError):  # whatever a state may hold
        return without_words(kind, fact)


def mark_in_words(difference: Difference) -> str:
    """The mark that earlier programs gave a difference: what was accepted then is known by it."""
    if difference.kind is DifferenceKind.NEVER_CARRIED:
        return difference.mark
    return difference_text(difference.fact)
