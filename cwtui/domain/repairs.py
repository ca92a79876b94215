"""Repairs: from the differences of a comparison to the changes that even them out, without proration.

Rule: reconciling.md#repairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, CatalogItemId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.money import line_total, plain, price_text
from cwtui.domain.periods import ONE_DAY, BillingPeriod, day_text
from cwtui.domain.plain_text import stored_text
from cwtui.domain.planning.by_hand import billed_by_hand, doubles
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.ground import exact, item_problem
from cwtui.domain.plans import Change
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import Addition, AdditionValues, CatalogItem
from cwtui.domain.reconciliation import Holding, ReconcileFacts, ReconciliationRow, RowStatus, compared_days, is_live
from cwtui.domain.repair_values import Extra, Repair, Target, WantedProduct
from cwtui.domain.tasks import ByHand, HandMade

REPAIR_PREFIX = "reconcile-"
"""How the order id of a repair that follows no marketplace order begins."""

_RULE = "reconciliation: the agreement bills from here on what the subscription holds"
_EXTRA_RULE = "reconciliation: nothing the customer holds asks for this addition"


def repair_start(dates: AgreementDates, today: date, day: date) -> date:
    """The first day ConnectWise accepts a standing addition from, and not before `day` (plans.md#standing-start)."""
    return dates.standing_start(max(dates.initial_effective(today), day))


def assign(facts: ReconcileFacts, rows: Iterable[ReconciliationRow], start: date) -> tuple[Repair, ...]:
    """Say which additions bill what so far, and which nothing asks for: one repair per subscription.

    Linked additions belong to their subscription and product. What nobody linked is no part of a repair: a person
    adopts it first (reconciling.md#adoption).
    """
    repairs: dict[SubscriptionId, list[Target]] = defaultdict(list)
    extras: dict[SubscriptionId, list[Extra]] = defaultdict(list)
    days = compared_days(facts, facts.calendar.period_of(start))
    for row in rows:
        if row.status in {RowStatus.MATCH, RowStatus.UNMAPPED}:
            continue
        holds, left = _assigned(facts, row, start, days)
        beside = tuple(held for held in row.additions + row.others if facts.link_of(held) is None)
        for wanted in row.wanted:
            repairs[wanted.subscription_id].append(Target(wanted, tuple(holds[wanted]), beside))
        for addition, link in left:
            extras[link.subscription_id].append(Extra(addition, link.product_id))
    return tuple(
        Repair(
            facts.agreement.id,
            name,
            _after_elsewhere(facts, name, _after_days(name, repairs.get(name, ()), extras.get(name, ()), days, start)),
            tuple(repairs.get(name, ())),
            tuple(extras.get(name, ())),
        )
        for name in dict.fromkeys((*repairs, *extras))
    )


def _after_days(
    name: SubscriptionId, targets: Iterable[Target], extras: Iterable[Extra], days: Mapping[Holding, date], start: date
) -> date:
    """No day is billed twice: not before what an order billed by days (reconciling.md#billed-by-days)."""
    products = {target.wanted.product_id for target in targets} | {extra.product_id for extra in extras}
    return max((days.get((name, product), start) for product in products), default=start)


def _after_elsewhere(facts: ReconcileFacts, subscription: SubscriptionId, start: date) -> date:
    """No day is billed twice: not before what stands in another agreement has ended (reconciling.md#moved)."""
    last = facts.billed_elsewhere.get(subscription)
    return start if last is None else max(start, last + ONE_DAY)


def _assigned(
    facts: ReconcileFacts, row: ReconciliationRow, start: date, days: Mapping[Holding, date]
) -> tuple[Mapping[WantedProduct, list[Addition]], list[tuple[Addition, Link]]]:
    """The linked additions of each wanted product, and those of what nothing asks for any more with their links."""
    holds: dict[WantedProduct, list[Addition]] = {wanted: [] for wanted in row.wanted}
    by_name = {(wanted.subscription_id, wanted.product_id): wanted for wanted in row.wanted}
    left: list[tuple[Addition, Link]] = []
    for addition in row.additions + row.others:
        link = facts.link_of(addition)
        if link is None:
            continue
        wanted = by_name.get((link.subscription_id, link.product_id))
        if wanted is None:
            left += [(addition, link)] if addition in row.additions else []
        elif _goes_on(addition.values, days.get(facts.holding_of(addition), start)):
            holds[wanted].append(addition)
    return holds, left


def _goes_on(values: AdditionValues, start: date) -> bool:
    """It bills on the first day of the repair, or later."""
    return values.cancelled is None or values.cancelled >= start


def left_alone(facts: ReconcileFacts, rows: Iterable[ReconciliationRow], start: date) -> Iterator[str]:
    """A sentence for each addition made by hand that makes a row differ and that no product could adopt.

    A product without an addition asks about it in its own plan. Rule: reconciling.md#adoption.
    """
    days = compared_days(facts, facts.calendar.period_of(start))
    for row in rows:
        is_right = row.status in {RowStatus.MATCH, RowStatus.UNMAPPED}
        if is_right or not all(_assigned(facts, row, start, days)[0].values()):
            continue
        for held in row.additions:
            if facts.link_of(held) is None:
                yield (
                    f"Addition {held.id} ({plain(held.values.quantity)} × {price_text(held.values.unit_price)} of"
                    f" {row.identifier or held.catalog_item}) was made by hand and is left as it is. Adopt it for the"
                    " subscription it bills, then reconcile again, or end it in ConnectWise."
                )


@dataclass(slots=True)
class RepairDraft:
    """The changes of one repair in the making.

    Attributes:
        additions: The agreement's additions as just read; None where they were not read.
        items: The catalog items of the targets.
        links: Of the additions concerned.
        by_hand: What persons decided about additions that nobody linked.
    """

    repair: Repair
    dates: AgreementDates
    start: date
    additions: Mapping[AdditionId, Addition] | None
    items: Mapping[CatalogItemId, CatalogItem]
    links: Mapping[AdditionId, Link] = field(default_factory=dict)
    by_hand: Sequence[HandMade] = ()
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def make(self) -> None:
        """Collect the changes: ends and deletions first, so that no moment bills the same thing twice."""
        self._check_ground()
        for target in self.repair.targets:
            if target.wanted.blocked:
                self.warnings.append(f"{target.wanted.name} is not repaired: {target.wanted.blocked}")
            else:
                self._target(target.wanted, self._linked_to(target))
        for extra in self.repair.extras:
            if extra.addition.id in self.links:
                self._end(extra.addition, extra.product_id, _EXTRA_RULE)
        self.changes.sort(key=lambda change: change.operation is Operation.CREATE)

    @property
    def period(self) -> BillingPeriod:
        """The first period the repair bills."""
        return self.dates.calendar.period_of(self.start)

    def _check_ground(self) -> None:
        """What the comparison found must still be so; else it has to be made again.

        Rule: synchronising.md#read-before-writing.
        """
        for link in self._links_since():
            facts: ProblemFacts = {"addition": link.addition_id, "product": link.product_id}
            case = ProblemCase.WRITTEN_SINCE
            self.problems.append(Problem(ProblemCode.LINK_CHANGED, facts, str(link.addition_id), case=case))
        if self.additions is None:
            return
        for addition in self.repair.additions:
            held = self.additions.get(addition.id)
            differences = addition.values.billing_differences(held.values) if held else {}
            if held is None or differences:
                facts = {"addition": addition.id, "edited": exact(differences)}
                case = ProblemCase.EDITED_SINCE if held else ProblemCase.REMOVED_SINCE
                self.problems.append(Problem(ProblemCode.LINK_CHANGED, facts, str(addition.id), case=case))

    def _links_since(self) -> Iterable[Link]:
        """Standing additions of the targets that some other task wrote meanwhile."""
        known = {addition.id for addition in self.repair.additions}
        names = {(target.wanted.subscription_id, target.wanted.product_id) for target in self.repair.targets}
        for link in self.links.values():
            is_written = link.is_standing and not link.adopted  # what was adopted since is what the plan goes by
            is_new = is_written and link.addition_id not in known and _goes_on(link.values, self.start)
            if is_new and (link.subscription_id, link.product_id) in names:
                yield link

    def _linked_to(self, target: Target) -> tuple[Addition, ...]:
        """The additions that may be changed: linked when compared, or adopted since (reconciling.md#adoption)."""
        held = {one.id: one for one in target.holds if one.id in self.links}
        its = target.wanted.subscription_id, target.wanted.product_id
        for link in self.links.values():
            if (link.subscription_id, link.product_id) != its or not link.adopted or not link.is_standing:
                continue
            found = (self.additions or {}).get(link.addition_id)
            if found is not None and _goes_on(found.values, self.start):
                held.setdefault(found.id, found)
        return tuple(held.values())

    @property
    def _seen(self) -> Mapping[AdditionId, Addition]:
        """The agreement's additions as just read; else those that the comparison saw."""
        if self.additions is not None:
            return self.additions
        return {held.id: held for target in self.repair.targets for held in (*target.holds, *target.beside)}

    def _target(self, wanted: WantedProduct, holds: Sequence[Addition]) -> None:
        mapped = wanted.catalog_item_id
        item = self.items.get(mapped) if mapped is not None else None
        if problem := item_problem(item, mapped, wanted.name):
            self.problems.append(problem)
        if item is None or problem is not None:
            return
        fitting = [held for held in holds if wanted.is_billed_by(held.values)]
        stays = next((held for held in fitting if is_live(held.values, self.period.end)), next(iter(fitting), None))
        if stays is not None:
            self._rest(holds, stays, wanted)
            self._prolong(stays, wanted)
            return
        unbilled = [held for held in holds if held.values.effective >= self.start]
        moved = unbilled[0] if unbilled else None
        self._rest(holds, moved, wanted)
        if wanted.price is None:
            facts = {"name": wanted.name, "product": wanted.product_id}
            case = ProblemCase.NO_PRICE_TO_REPAIR
            self.problems.append(Problem(ProblemCode.UNKNOWN_CHARGE_TYPE, facts, wanted.product_id, case=case))
        elif moved is not None:
            self._update(moved, self._wanted_values(wanted, item, moved.values), wanted)
        else:
            self._create(wanted, item, holds)

    def _rest(self, holds: Sequence[Addition], kept: Addition | None, wanted: WantedProduct) -> None:
        for held in holds:
            if held is not kept:
                self._end(held, wanted.product_id, _RULE)

    def _prolong(self, held: Addition, wanted: WantedProduct) -> None:
        """Move an addition that bills the right thing in another period into this one."""
        if is_live(held.values, self.period.end):
            return
        after = replace(held.values, cancelled=None)
        if held.values.effective > self.period.end:
            after = replace(after, effective=self.start)
        self._update(held, after, wanted)

    def _wanted_values(self, wanted: WantedProduct, item: CatalogItem, held: AdditionValues | None) -> AdditionValues:
        price, cost = wanted.price or item.price * 0, wanted.cost
        made = AdditionValues(
            catalog_item_id=item.id,
            quantity=wanted.quantity,
            unit_price=price,
            unit_cost=price if cost is None else cost,
            effective=self.start,
            taxable=item.taxable,
            description=stored_text(wanted.name),
        )
        if held is None:
            return made
        begins = held.effective if held.effective in self.period else self.start
        kept = replace(held, quantity=made.quantity, unit_price=made.unit_price, unit_cost=made.unit_cost)
        return replace(kept, effective=begins, cancelled=None)

    def _create(self, wanted: WantedProduct, item: CatalogItem, holds: Sequence[Addition]) -> None:
        after = self._wanted_values(wanted, item, None)
        if holds:  # what the operator set on the addition it replaces stays set
            before = holds[-1].values
            after = replace(after, bill=before.bill, taxable=before.taxable)
        self._ask_by_hand(wanted, after, is_first=not holds)
        was = " + ".join(plain(held.values.quantity) for held in holds) or "0"
        self.changes.append(
            Change(
                key=f"standing:{wanted.product_id}",
                operation=Operation.CREATE,
                agreement_id=self.repair.agreement_id,
                product_id=wanted.product_id,
                charge=Charge.RECURRING,
                after=after,
                arithmetic=(f"quantity {was} → {plain(after.quantity)} from {day_text(after.effective)}", _sum(after)),
                source=_source(wanted),
                rule=_RULE,
                is_standing=True,
            )
        )

    def _ask_by_hand(self, wanted: WantedProduct, after: AdditionValues, *, is_first: bool) -> None:
        """Stop before something is billed twice: by hand, and by this repair (plans.md#billed-by-hand)."""
        decided = {made.addition_id: made for made in self.by_hand}
        for held in self._seen.values():
            if held.id in self.links or not doubles(after, held, is_first=is_first):
                continue
            made = decided.get(held.id)
            if made is None or made.values.billing_differences(held.values):
                self.problems.append(billed_by_hand(held, wanted.name))
            elif made.decision is ByHand.END and not any(change.addition_id == held.id for change in self.changes):
                self._end(held, wanted.product_id, _RULE)

    def _update(self, held: Addition, after: AdditionValues, wanted: WantedProduct) -> None:
        moved = after.differences(held.values)
        shown = [
            f"{name.replace('_', ' ')} {_shown(theirs)} → {_shown(ours)}" for name, (ours, theirs) in moved.items()
        ]
        self._change(held, Operation.UPDATE, after, wanted.product_id, (*shown, _sum(after)), _RULE, _source(wanted))

    def _end(self, held: Addition, product: ProductId, rule: str) -> None:
        """Delete what was never billed; end what was, on the last day before the repair begins."""
        last = self.start - ONE_DAY
        if held.id not in self.links:
            self.warnings.append(f"Addition {held.id} was made by hand: this plan ends it.")
        if held.values.effective >= self.start:
            shown = (f"would only begin on {held.values.effective}",)
            self._change(held, Operation.DELETE, None, product, shown, rule)
        elif held.values.cancelled is None or held.values.cancelled > last:
            shown = (f"addition {held.id} ends on {last}",)
            self._change(held, Operation.UPDATE, held.values.ending(last), product, shown, rule)

    def _change(
        self,
        held: Addition,
        operation: Operation,
        after: AdditionValues | None,
        product: ProductId,
        arithmetic: Sequence[str],
        rule: str,
        source: str = "",
    ) -> None:
        self.changes.append(
            Change(
                key=f"{operation}:{held.id}",
                operation=operation,
                agreement_id=held.agreement_id,
                product_id=product,
                charge=Charge.RECURRING,
                before=held,
                after=after,
                arithmetic=tuple(arithmetic),
                source=source,
                rule=rule,
                is_standing=True,
            )
        )


def _source(wanted: WantedProduct) -> str:
    return f"subscription {wanted.subscription_id} holds {plain(wanted.quantity)} of product {wanted.product_id} now"


def _sum(values: AdditionValues) -> str:
    total = price_text(line_total(values.quantity, values.unit_price))
    return f"{plain(values.quantity)} × {price_text(values.unit_price)} = {total}"


def _shown(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else "none" if value is None else str(value)
