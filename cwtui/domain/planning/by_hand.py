"""Additions of the agreement that cwtui does not know (plans.md#billed-by-hand)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId
from cwtui.domain.ledger import Operation
from cwtui.domain.money import plain, round_price
from cwtui.domain.periods import ONE_DAY
from cwtui.domain.planning.draft import Draft, ended
from cwtui.domain.plans import Change
from cwtui.domain.problems import Problem, ProblemCode, ProblemFacts
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.tasks import ByHand, HandMade, TaskKind

_FEWEST_DECIMALS = 2
_MOST_DECIMALS = 6
_END_RULE = "billed by hand: the addition that somebody made ends where this one begins"


def check_by_hand(draft: Draft) -> None:
    """Stop before something is billed twice: by an addition made by hand, or by a cwtui with another state.

    A decision holds for the addition as it was seen; one that was changed since is asked about again.
    """
    is_first = not any(link.is_standing for link in draft.facts.links)
    decided = {made.addition_id: made for made in draft.facts.task.by_hand}
    for change in tuple(draft.changes):
        for held in _doubles(draft, change, is_first=is_first):
            made = decided.get(held.id)
            if made is None or made.values.billing_differences(held.values):
                _ask(draft, change, held)
    for made in decided.values():
        if made.decision is ByHand.END:
            _end(draft, made)
    _warn_of_days(draft, [(made.addition_id, made.values) for made in decided.values() if made.decision is ByHand.END])


def _doubles(draft: Draft, change: Change, *, is_first: bool) -> Iterator[Addition]:
    after = change.after
    if change.operation is not Operation.CREATE or after is None:
        return
    places = draft.facts.rules.price_decimals
    for held in draft.facts.unlinked.get(after.catalog_item_id, ()):
        if doubles(after, held, is_first=is_first and change.is_standing, price_decimals=places):
            yield held


def doubles(planned: AdditionValues, held: Addition, *, is_first: bool, price_decimals: int = _MOST_DECIMALS) -> bool:
    """An addition that nobody linked may bill what a create would bill.

    Args:
        planned: What would be created.
        held: An addition without a link.
        is_first: Nothing of the product is linked yet: then every live one of the item counts, not only an equal one.
        price_decimals: The most decimals that ConnectWise may have kept of a price.
    """
    values = held.values
    if not held.is_whole or values.catalog_item_id != planned.catalog_item_id:
        return False
    lives = values.effective <= planned.effective and (
        values.cancelled is None or values.cancelled >= planned.effective
    )
    return (is_first and lives) or _is_same(planned, values, price_decimals)


def _is_same(planned: AdditionValues, held: AdditionValues, price_decimals: int) -> bool:
    """It bills the same, as far as what ConnectWise rounds can tell."""
    places = range(_FEWEST_DECIMALS, max(price_decimals, _FEWEST_DECIMALS) + 1)
    return (
        planned.quantity == held.quantity
        and planned.effective == held.effective
        and planned.cancelled == held.cancelled
        and any(round_price(planned.unit_price, count) == held.unit_price for count in places)
    )


def _ask(draft: Draft, change: Change, held: Addition) -> None:
    draft.add_problem(billed_by_hand(held, draft.name_of(change.product_id)))


def billed_by_hand(held: Addition, name: str) -> Problem:
    """The question to a person about an unlinked addition, before the same is billed again."""
    values = held.values
    facts: ProblemFacts = {
        "addition": held.id,
        "quantity": plain(values.quantity),
        "price": plain(values.unit_price),
        "effective": f"{values.effective}",
        "cancelled": f"{values.cancelled or ''}",
        "name": name,
    }
    return Problem(ProblemCode.BILLED_BY_HAND, facts, str(held.id))


def _end(draft: Draft, made: HandMade) -> None:
    """End a hand-made addition the day before the new one begins; delete it if nothing of it lies before."""
    item = made.values.catalog_item_id
    news = [change for change in draft.changes if change.operation is Operation.CREATE and change.after]
    starts = [change for change in news if change.after and change.after.catalog_item_id == item]
    if draft.agreement is None or not starts:
        return
    begins = min(change.after.effective for change in starts if change.after)
    held = Addition(made.addition_id, draft.agreement.id, made.values)
    if any(change.addition_id == held.id for change in draft.changes):
        return
    after = made.values.ending(begins - ONE_DAY) if made.values.effective < begins else None
    draft.changes.append(ended(held, after, starts[0], rule=_END_RULE))


def _warn_of_days(draft: Draft, ending: Iterable[tuple[AdditionId, AdditionValues]]) -> None:
    """What was made by hand may have billed the days that a sale charges before its standing addition."""
    dates = draft.dates
    if dates is None or draft.facts.task.kind is not TaskKind.SALES_ORDER:
        return
    adopted = [link for link in draft.facts.links if link.adopted and link.is_standing]
    for change in draft.changes:
        if change.operation is not Operation.CREATE or change.charge is not Charge.PRORATED or change.after is None:
            continue
        item, product = change.after.catalog_item_id, change.product_id
        stands = [(name, values) for name, values in ending if values.catalog_item_id == item]
        stands += [(link.addition_id, link.values) for link in adopted if link.product_id == product]
        for name, values in stands:
            if values.effective < dates.start and (values.cancelled is None or values.cancelled >= dates.effective):
                draft.warnings.append(
                    f"{change.after.description}: addition {name}, made by hand, bills {plain(values.quantity)} until"
                    " the new one begins. Leave these days out if it billed them."
                )
