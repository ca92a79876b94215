"""The changes, warnings and problems of one account's counts, gathered one by one.

Rule: files.md#export-counts.
"""

from __future__ import annotations

from dataclasses import field, replace
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.counts import CountedItem
from cwtui.domain.ids import ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.money import ZERO, is_rounding, line_total, plain, price_text, round_price
from cwtui.domain.periods import ONE_DAY, day_text
from cwtui.domain.plain_text import stored_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.planning.ground import item_problem
from cwtui.domain.plans import Change, PriceSource, beyond_guard
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import Addition, AdditionValues, CatalogItem
from cwtui.vendors.count_facts import CountFacts, CountProposal
from cwtui.vendors.count_holdings import CountHoldings, units

_SET_RULE = "the report's count is the addition's quantity"
_START_RULE = "a SKU without an addition starts on the first date ConnectWise accepts"
_ONCE_RULE = "a one-time SKU is billed once, on the next invoice"
_END_RULE = "its SKU is reported at another price: one line, so the old price ends where the new one starts"


@dataclass(slots=True)
class CountDraft:
    """The plan of one account's counts, being made.

    Attributes:
        holds: The agreement as it stands.
    """

    facts: CountFacts
    dates: AgreementDates | None = field(init=False)
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    proposed: list[CountProposal] = field(default_factory=list)
    beyond_guard: list[str] = field(default_factory=list)
    holds: CountHoldings = field(init=False)

    def __post_init__(self) -> None:
        self.dates = self.facts.dates
        self.holds = CountHoldings(self.facts)

    def problem(
        self,
        code: ProblemCode,
        target: str,
        facts: ProblemFacts,
        case: ProblemCase = ProblemCase.ONLY,
    ) -> None:
        """Add a problem."""
        self.problems.append(Problem(code, facts, target, case=case))

    # obstacles

    def refuse_rows(self) -> None:
        """Name the refused rows that keep this task from being written."""
        layout = self.facts.layout
        skus = {item.sku.casefold(): item.sku for item in self.facts.items}
        skus |= {layout.sku_of(name).casefold(): layout.sku_of(name) for _, name in self.holds.standing()}
        named = dict(self.facts.doubts)
        for sku, lines in self.facts.anywhere.items():
            if not sku or sku in skus:
                named[sku] = tuple(sorted({*named.get(sku, ()), *lines}))
        for sku, lines in sorted(named.items()):
            spelt = skus.get(sku, sku)
            self.problem(
                ProblemCode.ROW_REFUSED,
                spelt or self.facts.task.customer_id,
                {"sku": spelt, "lines": tuple(map(str, lines)), "report": self.facts.report},
            )

    def adopted(self, name: str, held: Addition, counted: Decimal | None, charge: Charge = Charge.RECURRING) -> bool:
        """Whether an addition may be changed because it is linked; else a person is asked to adopt it."""
        if held.id in self.holds.linked():
            return True
        values = held.values
        task, product = self.facts.task, self.facts.layout.product(name)
        self.proposed.append(CountProposal(held, product, charge))
        self.problem(
            ProblemCode.LINK_MISSING,
            product,
            {
                "name": name,
                "addition": held.id,
                "quantity": plain(values.quantity),
                "price": plain(values.unit_price),
                "counted": "" if counted is None else plain(counted),
                "subscription": task.subscription_id,
                "product": product,
            },
            ProblemCase.PRICED_OTHERWISE if counted is None else ProblemCase.COUNTED_OTHERWISE,
        )
        return False

    # problems

    def check_guard(self, name: str, held: Decimal, counted: Decimal) -> None:
        """Ask for a person's confirmation where a quantity moves further than the guard allows."""
        limit = self.facts.max_quantity_change
        if limit is None or held == ZERO:
            return
        percent = abs(counted - held) * 100 / held
        if percent <= limit:
            return
        self.beyond_guard.append(beyond_guard(name, held, counted))
        if self.beyond_guard[-1] not in self.facts.task.confirmed:
            self.problem(
                ProblemCode.GUARD,
                name,
                {
                    "name": name,
                    "before": plain(held),
                    "after": plain(counted),
                    "percent": plain(round_price(percent, 1)),
                    "limit": plain(limit),
                },
                ProblemCase.COUNT,
            )

    # changes

    def count(self, item: CountedItem) -> None:
        """Bring one line of the report to the agreement."""
        if len(item.lines) > 1:
            self.notes.append(f"{item.name}: {_lines(item)} of the report were added up.")
        held = self.holds.held_for(item)
        if len(held) > 1 and units(held) != item.quantity:
            self.problem(
                ProblemCode.LINK_MISSING,
                item.name,
                {
                    "name": item.name,
                    "additions": tuple(str(one.id) for one in held),
                    "counted": plain(item.quantity),
                },
                ProblemCase.SEVERAL_ADDITIONS,
            )
        elif len(held) == 1:
            self.set_quantity(item, held[0])
        elif not held and item.quantity and not self.asked_of_others(item):
            self.start(item)

    def asked_of_others(self, item: CountedItem) -> bool:
        """Whether the item is billed to a subscription of the marketplace: a person says who counts it."""
        others = self.holds.of_others(item)
        for held in others:
            self.problem(
                ProblemCode.LINK_MISSING,
                item.name,
                {
                    "name": item.name,
                    "addition": held.id,
                    "quantity": plain(held.values.quantity),
                    "price": plain(held.values.unit_price),
                    "subscription": self.facts.others[held.id],
                    "counted": plain(item.quantity),
                },
                ProblemCase.BILLED_FOR_ANOTHER,
            )
        return bool(others)

    def set_quantity(self, item: CountedItem, held: Addition) -> None:
        """Give the one addition of an item the report's count."""
        values = held.values
        if values.cancelled is not None and not self.facts.layout.is_one_time(item.sku):
            self.warnings.append(f"{item.name}: addition {held.id} ends on {values.cancelled}; nothing follows it yet.")
        after = self.kept_current(item, held)
        charge = Charge.SETUP if self.facts.layout.is_one_time(item.sku) else Charge.RECURRING
        if values.quantity == item.quantity and held.id not in self.holds.linked():
            self.proposed.append(CountProposal(held, self.facts.layout.product(item.name), charge))
        if values == after:
            return
        if values.quantity == item.quantity and held.id not in self.holds.linked():
            self.notes.append(f"{item.name}: addition {held.id} has another price or cost than the file names.")
            return
        if not self.adopted(item.name, held, item.quantity, charge):
            return
        if not self.holds.moves(item.sku):  # else its units at all prices are compared together
            self.check_guard(item.name, values.quantity, item.quantity)
        self.add(
            item,
            Operation.UPDATE,
            after,
            before=held,
            rule=_SET_RULE,
            arithmetic=tuple(
                f"{what} {old} → {new}"
                for what, old, new in (
                    ("quantity", plain(values.quantity), plain(after.quantity)),
                    ("price", price_text(values.unit_price), price_text(after.unit_price)),
                    ("cost", price_text(values.unit_cost), price_text(after.unit_cost)),
                )
                if old != new
            ),
        )

    def kept_current(self, item: CountedItem, held: Addition) -> AdditionValues:
        """The addition with the report's count; the file's cost, and its price where the profile says so, with it."""
        after = replace(held.values, quantity=item.quantity)
        if self.facts.layout.priced_names:
            return after
        decimals = self.facts.price_decimals
        if item.unit_cost is not None:
            after = replace(after, unit_cost=_kept(round_price(item.unit_cost, decimals), after.unit_cost))
        if item.price is not None and self.facts.layout.price_from_file:
            after = replace(after, unit_price=_kept(round_price(item.price, decimals), after.unit_price))
        if after.unit_price < after.unit_cost and after.unit_cost != held.values.unit_cost:
            self.warnings.append(
                f"{item.name} costs {price_text(after.unit_cost)} from now on and is billed at"
                f" {price_text(after.unit_price)}."
            )
        return after

    def start(self, item: CountedItem) -> None:
        """Create the addition of an item that has none."""
        found = self.facts.catalog.get(item.catalog_item_id)
        if problem := item_problem(found, item.catalog_item_id, item.name):
            self.problems.append(problem)
        if found is None or problem is not None or self.dates is None:
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
        """End additions that a new price of the same SKU replaces."""
        if self.dates is None:
            return
        start = self.dates.first_open_day
        olds: dict[str, list[Addition]] = {}
        for held, items in self.holds.replaced():
            if not self.adopted(self.holds.name_of(held), held, None):
                continue
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
                    replaced_from=start,
                )
            )
        for sku, ended in olds.items():
            items = [item for item in self.facts.items if item.sku.casefold() == sku]
            before = [*ended, *(one for item in items for one in self.holds.held_for(item))]
            self.check_guard(items[0].sku, units(before), sum((item.quantity for item in items), start=ZERO))

    def price_of(self, item: CountedItem, found: CatalogItem) -> Decimal:
        """The catalog item's price, or the file's; where neither names one, that of the line it replaces."""
        if item.price is not None and self.facts.layout.price_from_file:
            return item.price
        olds = {held.values.unit_price for held, items in self.holds.replaced() if item in items}
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
        """The product that an addition bills."""
        return self.facts.layout.product(self.holds.name_of(held))

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
        """Add the change of an item's addition."""
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


def _lines(item: CountedItem) -> str:
    return f"line{'s' if len(item.lines) > 1 else ''} {', '.join(map(str, item.lines))}"


def _kept(wanted: Decimal, held: Decimal) -> Decimal:
    """Keep held values that differ from the wanted ones only by ConnectWise's rounding."""
    return held if is_rounding(wanted, held) else wanted
