"""One account's counts as a plan: create, update, leave, and one line for a SKU whose price changed.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ids import ProductId
from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.money import ZERO, line_total, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, day_text
from cwtui.domain.plain_text import stored_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change, Plan, PriceSource
from cwtui.domain.psa import Addition, AdditionValues, CatalogItem
from cwtui.domain.tasks import Problem, ProblemCode
from cwtui.vendors.agreement_checks import agreement_faults, end_faults
from cwtui.vendors.count_facts import CountedItem, CountFacts, Vanished
from cwtui.vendors.layouts import sku_of

_SET_RULE = "the report's count is the addition's quantity"
_START_RULE = "a SKU without an addition starts on the first date ConnectWise accepts"
_ONCE_RULE = "a one-time SKU is billed once, on the next invoice"
_END_RULE = "its SKU is reported at another price: one line, so the old price ends where the new one starts"


def plan_counts(facts: CountFacts) -> Plan:
    """Make the plan of one account's counts. The same facts give the same plan."""
    draft = _Draft(facts)
    draft.problems += agreement_faults(facts)
    if draft.dates is not None and facts.agreement is not None:
        for item in facts.items:
            draft.count(item)
        draft.end_old_prices()
        draft.notes += [str(one) for one in vanished(facts)]
        draft.problems += end_faults(facts.agreement, draft.changes)
    return Plan(
        task_id=facts.task.id,
        subscription_id=facts.task.subscription_id,
        agreement_id=facts.agreement_id,
        changes=tuple(sorted(draft.changes, key=lambda change: change.operation is Operation.CREATE)),
        warnings=tuple(draft.warnings),
        notes=tuple(draft.notes),
        problems=tuple(draft.problems),
        effective=draft.dates.first_open_day if draft.dates else None,
        standing_from=draft.dates.first_open_day if draft.dates else None,
        currency=facts.agreement.currency if facts.agreement else "",
    )


def vanished(facts: CountFacts) -> list[Vanished]:
    """The account's standing additions that the report no longer names, and that no new price replaces."""
    if facts.dates is None:
        return []
    draft = _Draft(facts)
    replaced = {held.id for held, _ in draft.replaced()}
    account = facts.task.customer_id.removeprefix(facts.layout.customer(""))
    return [
        Vanished(account, name, held)
        for held, name in draft.standing()
        if not draft.is_reported(held) and held.id not in replaced
    ]


@dataclass(slots=True)
class _Draft:
    """The plan being made."""

    facts: CountFacts
    dates: AgreementDates | None = field(init=False)
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _replaced: list[tuple[Addition, Sequence[CountedItem]]] | None = None

    def __post_init__(self) -> None:
        self.dates = self.facts.dates

    def problem(self, code: ProblemCode, target: object, message: str) -> None:
        self.problems.append(Problem(code, message, str(target)))

    # what there is

    def live(self) -> list[Addition]:
        """Additions that still bill on or after the first day that is open."""
        if self.dates is None:
            return []
        first = self.dates.first_open_day
        return [
            held for held in self.facts.additions if held.values.cancelled is None or held.values.cancelled >= first
        ]

    def standing(self) -> list[tuple[Addition, str]]:
        """The vendor's live standing additions, with the name their item was exported under."""
        prefix = self.facts.layout.product("")
        linked = {link.addition_id: link.product_id.removeprefix(prefix) for link in self.facts.links}
        found = []
        for held in self.live():
            name = linked.get(held.id, held.catalog_item)
            is_ours = held.id in linked or self.is_reported(held) or sku_of(name) != name
            if held.values.cancelled is None and is_ours:
                found.append((held, name))
        return found

    def is_reported(self, held: Addition) -> bool:
        return any(item.catalog_item_id == held.values.catalog_item_id for item in self.facts.items)

    def held_for(self, item: CountedItem) -> list[Addition]:
        """The live additions of an item: endless ones, else those that end later."""
        found = [held for held in self.live() if held.values.catalog_item_id == item.catalog_item_id]
        if self.facts.layout.is_one_time(item.sku) and self.dates is not None:
            period = self.dates.one_time_period(self.dates.first_open_day)
            return [held for held in found if held.values.effective <= period.end]
        return [held for held in found if held.values.cancelled is None] or found

    def replaced(self) -> list[tuple[Addition, Sequence[CountedItem]]]:
        """Additions of an old price whose SKU starts or grows at another one, with what replaces them.

        Where the other price's count neither starts nor grows, the units of the old one just vanished.
        """
        if self._replaced is None:
            self._replaced = self._find_replaced()
        return self._replaced

    def _find_replaced(self) -> list[tuple[Addition, Sequence[CountedItem]]]:
        taking_over: dict[str, list[CountedItem]] = {}
        for item in self.facts.items:
            has = self.held_for(item)
            if not self.facts.layout.is_one_time(item.sku) and (not has or _units(has) < item.quantity):
                taking_over.setdefault(item.sku.casefold(), []).append(item)
        unsure = {sku.casefold() for sku in self.facts.unsure}
        found: list[tuple[Addition, Sequence[CountedItem]]] = []
        for held, name in self.standing():
            sku = sku_of(name).casefold()
            if sku in taking_over and sku not in unsure and not self.is_reported(held):
                found.append((held, taking_over[sku]))
        return found

    def moves(self, sku: str) -> bool:
        """Some of the SKU's units go from one price to another."""
        return any(items[0].sku.casefold() == sku.casefold() for _, items in self.replaced())

    # problems

    def check_guard(self, name: str, held: Decimal, counted: Decimal) -> None:
        limit = self.facts.max_quantity_change
        if limit is None or self.facts.task.confirmed_guard or held == ZERO:
            return
        percent = abs(counted - held) * 100 / held
        if percent > limit:
            self.problem(
                ProblemCode.GUARD,
                name,
                f"{name} would change from {plain(held)} to {plain(counted)}"
                f" ({plain(round_price(percent, 1))} %, the guard is {plain(limit)} %)."
                " Confirm it by syncing this task by name, or skip it.",
            )

    # changes

    def count(self, item: CountedItem) -> None:
        """Bring one line of the report to the agreement."""
        if len(item.lines) > 1:
            self.notes.append(f"{item.name}: {_lines(item)} of the report were added up.")
        held = self.held_for(item)
        if len(held) > 1 and _units(held) != item.quantity:
            ids = ", ".join(str(one.id) for one in held)
            self.problem(
                ProblemCode.LINK_MISSING,
                item.name,
                f"{item.name} is billed by several additions ({ids}), so which of them carries the report's count of"
                f" {plain(item.quantity)} is not known. End all but one of them in ConnectWise, then give the report"
                " again.",
            )
        elif len(held) == 1:
            self.set_quantity(item, held[0])
        elif not held and item.quantity:
            self.start(item)

    def set_quantity(self, item: CountedItem, held: Addition) -> None:
        values = held.values
        if values.cancelled is not None and not self.facts.layout.is_one_time(item.sku):
            self.warnings.append(f"{item.name}: addition {held.id} ends on {values.cancelled}; nothing follows it yet.")
        if values.quantity == item.quantity:
            return
        if not self.moves(item.sku):  # else its units at all prices together are looked at
            self.check_guard(item.name, values.quantity, item.quantity)
        self.add(
            item,
            Operation.UPDATE,
            replace(values, quantity=item.quantity),
            before=held,
            rule=_SET_RULE,
            arithmetic=(f"quantity {plain(values.quantity)} → {plain(item.quantity)}",),
        )

    def start(self, item: CountedItem) -> None:
        found = self.facts.catalog.get(item.catalog_item_id)
        if found is None or found.is_inactive:
            state = "no longer exists" if found is None else "is inactive"
            self.problem(
                ProblemCode.CATALOG_ITEM_INACTIVE,
                item.catalog_item_id,
                f"Catalog item {found.identifier if found else item.name} {state}. Activate it in ConnectWise, or"
                " export the items again, then give the report again.",
            )
            return
        if self.dates is None:
            return
        is_one_time = self.facts.layout.is_one_time(item.sku)
        period = self.dates.one_time_period(self.dates.first_open_day) if is_one_time else None
        price = round_price(self.price_of(item, found), self.facts.price_decimals)
        cost = found.cost if item.unit_cost is None else item.unit_cost
        values = AdditionValues(
            catalog_item_id=found.id,
            quantity=item.quantity,
            unit_price=price,
            unit_cost=round_price(cost, self.facts.price_decimals),
            effective=period.start if period else self.dates.first_open_day,
            cancelled=period.end if period else None,
            taxable=found.taxable,
            description=stored_text(found.customer_description or found.description or item.name)
            + (" - setup fee" if is_one_time else ""),
        )
        total = price_text(line_total(values.quantity, values.unit_price))
        shown = f"{plain(values.quantity)} × {price_text(values.unit_price)} = {total}"
        rule = _ONCE_RULE if is_one_time else _START_RULE
        self.add(item, Operation.CREATE, values, rule=rule, arithmetic=(shown,))

    def end_old_prices(self) -> None:
        """End what a new price of the same SKU replaces (issue: lineage of a SKU)."""
        if self.dates is None:
            return
        start = self.dates.first_open_day
        olds: dict[str, list[Addition]] = {}
        for held, items in self.replaced():
            olds.setdefault(items[0].sku.casefold(), []).append(held)
            names = " and ".join(item.name for item in items)
            begins_later = held.values.effective >= start
            after = None if begins_later else held.values.ending(start - ONE_DAY)
            why = "would only begin then" if begins_later else f"ends on {day_text(start - ONE_DAY)}"
            self.changes.append(
                Change(
                    key=f"end:{held.id}",
                    operation=Operation.DELETE if begins_later else Operation.UPDATE,
                    agreement_id=held.agreement_id,
                    product_id=self.product_of(held),
                    charge=Charge.RECURRING,
                    before=held,
                    after=after,
                    arithmetic=(f"{names} takes its place from {day_text(start)}; addition {held.id} {why}",),
                    source=f"report {self.facts.report}",
                    rule=_END_RULE,
                    price_source=PriceSource.CONNECTWISE,
                    is_standing=True,
                    purpose=Purpose.COUNT,
                )
            )
        for sku, ended in olds.items():
            items = [item for item in self.facts.items if item.sku.casefold() == sku]
            before = [*ended, *(one for item in items for one in self.held_for(item))]
            self.check_guard(items[0].sku, _units(before), sum((item.quantity for item in items), start=ZERO))

    def price_of(self, item: CountedItem, found: CatalogItem) -> Decimal:
        """The catalog item's price; where it names none, the agreement's own price of the line it replaces."""
        olds = {held.values.unit_price for held, items in self.replaced() if item in items}
        if found.price == ZERO and len(olds) == 1:
            (price,) = olds
            if price != ZERO:
                self.warnings.append(
                    f"{item.name} has no price in the catalog: it goes on at the price of the line it replaces,"
                    f" {price_text(price)}."
                )
                return price
        if found.price == ZERO:
            self.warnings.append(f"{item.name} starts at a price of 0: set its price in the agreement or in this plan.")
        for old in sorted(olds - {found.price}):
            self.warnings.append(
                f"{item.name} starts at its catalog item's price {price_text(found.price)};"
                f" the line it replaces was billed at {price_text(old)}."
            )
        return found.price

    def product_of(self, held: Addition) -> ProductId:
        name = next((name for found, name in self.standing() if found.id == held.id), held.catalog_item)
        return self.facts.layout.product(name)

    def add(
        self,
        item: CountedItem,
        operation: Operation,
        after: AdditionValues,
        *,
        before: Addition | None = None,
        rule: str,
        arithmetic: tuple[str, ...],
    ) -> None:
        agreement = self.facts.agreement_id
        if agreement is None:
            raise AssertionError("counts are planned on an agreement")
        is_one_time = self.facts.layout.is_one_time(item.sku)
        self.changes.append(
            Change(
                key=f"count:{item.name}",
                operation=operation,
                agreement_id=agreement,
                product_id=self.facts.layout.product(item.name),
                charge=Charge.SETUP if is_one_time else Charge.RECURRING,
                before=before,
                after=after,
                arithmetic=arithmetic,
                source=f"report {self.facts.report}, {_lines(item)}: {item.name} {plain(item.quantity)}",
                rule=rule,
                price_source=PriceSource.CONNECTWISE,
                is_standing=not is_one_time,
                purpose=Purpose.COUNT,
            )
        )


def _units(held: Sequence[Addition]) -> Decimal:
    return sum((one.values.quantity for one in held), start=ZERO)


def _lines(item: CountedItem) -> str:
    return f"line{'s' if len(item.lines) > 1 else ''} {', '.join(map(str, item.lines))}"
