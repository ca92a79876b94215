"""The plan being made: what one task is planned from, and the changes, warnings and problems found so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from functools import partial

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link, MappingKey, MappingKind
from cwtui.domain.marketplace import Price, Subscription, SubscriptionProduct
from cwtui.domain.money import ZERO, is_rounding
from cwtui.domain.plain_text import stored_text
from cwtui.domain.planning.dates import PlanDates
from cwtui.domain.planning.facts import PlanningFacts
from cwtui.domain.planning.lines import plan_product
from cwtui.domain.plans import Arithmetic, ArithmeticLines, Change, PriceSource, total_step
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import Addition, AdditionValues, Agreement
from cwtui.domain.remedies import Remedy


@dataclass(slots=True)
class Draft:
    """A plan in the making; the rules of each kind add changes, warnings and problems to it.

    Attributes:
        dates: None while the agreement or e is not known, or nothing is billed: then only problems are collected.
        counted_on: Linked additions the plan relies on, whether it touches them or not.
        beyond_guard: Changes of quantity that a guard stops unless they are confirmed.
        needed: The latest day on which an addition has to begin, known even where the addition cannot be made.
        once: Keys of the changes that charge a line once and in full, for no days.
        recalled: One-time additions that this task created before, each for a line of its order.
    """

    facts: PlanningFacts
    subscription: Subscription
    agreement: Agreement | None
    dates: PlanDates | None
    changes: list[Change] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counted_on: dict[AdditionId, Link] = field(default_factory=dict)
    needed: date | None = None
    beyond_guard: list[str] = field(default_factory=list)
    once: set[str] = field(default_factory=set)
    recalled: set[AdditionId] = field(default_factory=set)
    _names: dict[ProductId, str] = field(default_factory=dict)

    def problem(
        self,
        code: ProblemCode,
        target: str,
        facts: ProblemFacts,
        remedy: Remedy | None = None,
        case: ProblemCase = ProblemCase.ONLY,
    ) -> None:
        """Collect a problem once."""
        self.add_problem(Problem(code, facts, target, remedy, case))

    def add_problem(self, problem: Problem) -> None:
        """Collect a problem once."""
        if not any(known.code is problem.code and known.target == problem.target for known in self.problems):
            self.problems.append(problem)

    def held(self, product: ProductId, price: Decimal | None = None) -> SubscriptionProduct | None:
        """How the subscription holds a product now, at that price if it lists several; None if it does not."""
        found = None
        for held in self.subscription.products:
            if held.id == product:
                if price is None or (held.unit_price is not None and held.unit_price.amount == price):
                    return held
                found = found or held
        return found

    def prices_held(self, product: ProductId) -> dict[Price, Decimal]:
        """How many of a product the subscription holds at each price; what has no price or quantity is left out."""
        found: dict[Price, Decimal] = {}
        for held in self.subscription.products:
            if held.id == product and held.unit_price is not None and held.quantity:
                found[held.unit_price] = found.get(held.unit_price, ZERO) + held.quantity
        return found

    def held_quantity(self, product: ProductId) -> Decimal | None:
        """How many the subscription holds, all its entries of the product together; None where it does not say.

        It never lists its plan's own fee among its products, and an empty list of products says nothing.
        """
        entries = [held.quantity for held in self.subscription.products if held.id == product]
        if not entries:
            return None if self.is_plan_fee(product) or not self.subscription.products else ZERO
        return None if None in entries else sum((one for one in entries if one is not None), start=ZERO)

    def is_plan_fee(self, product: ProductId) -> bool:
        """The product is the plan's own fee (plans.md#charges)."""
        return product == plan_product(self.subscription)

    def name_of(self, product: ProductId) -> str:
        """A product's name as invoices show it; a plan's own fee is named after the subscription (plans.md#charges)."""
        name = self._names.get(product)
        if name is None:
            name = self._names[product] = stored_text(self._find_name(product))
        return name

    def _find_name(self, product: ProductId) -> str:
        if self.is_plan_fee(product):
            return self.subscription.name or product
        held = self.held(product)
        if held is not None and held.name:
            return held.name
        order = self.facts.order
        ordered = next((found.name for found in order.products if found.id == product), "") if order else ""
        catalogued = self.facts.products.get(product)
        return ordered or (catalogued.name if catalogued else "") or self._linked_name(product) or product

    def _linked_name(self, product: ProductId) -> str:
        """What invoices call a product that left the subscription: as its standing addition does."""
        links = (link for link in self.facts.links if link.is_standing and link.product_id == product)
        return next((link.values.description for link in links if link.values.description), "")

    def source_of(self, key: str) -> PriceSource:
        """The price source of one change: the operator's override, then the setting (plans.md)."""
        return self.facts.price_sources.get(key, self.facts.rules.price_source)

    def source_of_once(self, key: str, product: ProductId, charge: Charge) -> PriceSource:
        """The price source of what is charged once (plans.md#price-source).

        The marketplace's amount stays, unless the operator says otherwise or the charge has a catalog item of its own.
        """
        has_own = self.facts.mappings.get(MappingKey(MappingKind.PRODUCT, product, charge)) is not None
        setting = self.facts.rules.price_source if has_own else PriceSource.MARKETPLACE
        return self.facts.price_sources.get(key, setting)

    def need(self, begins: date) -> None:
        """Note a day on which an addition has to begin (plans.md#problems)."""
        if self.needed is None or begins > self.needed:
            self.needed = begins

    def create(
        self,
        key: str,
        product: ProductId,
        charge: Charge,
        after: AdditionValues,
        *,
        rule: str,
        source: str,
        formulas: tuple[Arithmetic, Arithmetic] | None = None,
        step: Callable[[], str] | None = None,
        is_standing: bool = False,
        price_source: PriceSource | None = None,
    ) -> None:
        """Ask for a new addition, unless this very task created it before (it was taken up again)."""
        if self.agreement is None:
            return
        if not is_standing and (known := self._created_before(product, charge, after)) is not None:
            self.notes.append(f"{after.description}: this task billed it before, in addition {known}.")
            return
        for change in self.changes:
            if change.key == key:
                key = f"{key}:{len(self.changes)}"
                break
        if not is_standing and formulas is None:
            self.once.add(key)
        self.changes.append(
            Change(
                key=key,
                operation=Operation.CREATE,
                agreement_id=self.agreement.id,
                product_id=product,
                charge=charge,
                after=after,
                arithmetic=ArithmeticLines(partial(_created_steps, step, formulas, after)),
                source=source,
                rule=rule,
                price_source=price_source or self.source_of(key),
                is_standing=is_standing,
            )
        )

    def _created_before(self, product: ProductId, charge: Charge, after: AdditionValues) -> AdditionId | None:
        """A one-time addition of this task, product, charge, quantity and price that still stands, each once."""
        for link in self.created_before(product, charge):
            price = link.values.unit_price
            if link.values.quantity == after.quantity and is_rounding(after.unit_price, price):
                self.recalled.add(link.addition_id)
                return link.addition_id
        return None

    def created_before(self, product: ProductId, charge: Charge) -> list[Link]:
        """One-time additions of this task, product and charge that still stand and were not recalled yet."""
        additions = self.facts.additions
        return [
            link
            for link in self.facts.links
            if not link.is_standing
            and not link.is_given_back
            and link.task_id == self.facts.task.id
            and link.product_id == product
            and link.charge is charge
            and link.addition_id not in self.recalled
            and (additions is None or link.addition_id in additions)
        ]

    def end(self, link: Link, last_day: date, *, rule: str) -> None:
        """End a linked standing addition after `last_day`."""
        held = self._held(link)
        self._change(link, Operation.UPDATE, held, held.values.ending(last_day), rule, f"ends on {last_day}")

    def delete(self, link: Link, *, rule: str, could_end: date | None = None, warning: str = "") -> None:
        """Delete a linked standing addition, which could end on a day instead; and warn of that, if there is need."""
        why = f"would only begin on {link.values.effective}"
        self._change(link, Operation.DELETE, self._held(link), None, rule, why)
        self.changes[-1] = replace(self.changes[-1], could_end=could_end, warning=warning)
        self.warnings += [warning] if warning else []

    def _held(self, link: Link) -> Addition:
        """A linked addition as ConnectWise holds it, else as cwtui left it."""
        held = self.facts.additions.get(link.addition_id) if self.facts.additions is not None else None
        return held or Addition(link.addition_id, link.agreement_id, link.values)

    def _change(
        self, link: Link, operation: Operation, held: Addition, after: AdditionValues | None, rule: str, why: str
    ) -> None:
        self.changes.append(
            Change(
                key=f"{operation}:{link.addition_id}",
                operation=operation,
                agreement_id=link.agreement_id,
                product_id=link.product_id,
                charge=link.charge,
                before=held,
                after=after,
                arithmetic=(f"addition {link.addition_id} {why}",),
                rule=rule,
                is_standing=link.is_standing,
            )
        )


def ended(held: Addition, after: AdditionValues | None, instead: Change, *, rule: str) -> Change:
    """The end or the deletion of an addition that another one replaces."""
    operation = Operation.DELETE if after is None else Operation.UPDATE
    return Change(
        key=f"{operation}:{held.id}",
        operation=operation,
        agreement_id=held.agreement_id,
        product_id=instead.product_id,
        charge=instead.charge,
        before=held,
        after=after,
        arithmetic=(f"addition {held.id} " + ("is deleted" if after is None else f"ends on {after.cancelled}"),),
        rule=rule,
        is_standing=True,
    )


def _created_steps(
    step: Callable[[], str] | None, formulas: tuple[Arithmetic, Arithmetic] | None, after: AdditionValues
) -> tuple[str, ...]:
    shown = [step()] if step else []
    for name, formula in zip(("price", "cost"), formulas or (), strict=False):
        shown.append(
            f"{name} −({formula.shown})" if after.unit_price < 0 < formula.amount else f"{name} {formula.shown}"
        )
    shown.append(total_step(after.quantity, after.unit_price))
    return tuple(shown)
