"""Serves mapping by hand, the wizard and the addition editor."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import field, replace
from functools import partial
from typing import TypeVar

from cwtui.domain.errors import InputError
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    Mpn,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Signature
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import Customer, Product, Subscription
from cwtui.domain.next_invoice import NextInvoice, next_invoice
from cwtui.domain.planning import plan_task
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Plan, PlanEdits, PriceSource
from cwtui.domain.psa import Addition, Agreement, CatalogItem, NewCatalogItem, TableEntry
from cwtui.domain.suggestions import Suggestion
from cwtui.domain.tasks import Task
from cwtui.engine.mapping.choices import Choices, agreement_choices, company_choices, item_choices
from cwtui.engine.mapping.csv_lines import MappingLine, mapping_lines
from cwtui.engine.mapping.mapping import MappingEditor, currency_of
from cwtui.engine.mapping.suggest import exact_matches, suggest_catalog_items, suggest_companies
from cwtui.engine.mapping.wizard_steps import WizardStep, steps_of
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.planning.editing import PlanEditing
from cwtui.engine.workspace import Feature

_Id = TypeVar("_Id", bound=str)
SETUP_TABLES = ("categories", "subcategories", "product_types", "units", "billing_cycles")
"""The tables that the form of a new catalog item chooses from."""


@dataclass(frozen=True, slots=True)
class Review:
    """A plan about to be written, and what it does to the agreement's next invoice.

    Attributes:
        next_invoice: None while the agreement is not known or bills nothing.
    """

    task: Task
    plan: Plan
    next_invoice: NextInvoice | None = None


@dataclass(frozen=True, slots=True)
class SetupTables:
    """ConnectWise's own tables: active rows only, by name."""

    rows: Dictionary[str, Sequence[TableEntry]]

    def of(self, name: str) -> Sequence[TableEntry]:
        """One of `SETUP_TABLES`."""
        return self.rows.get(name, ())

    def subcategories_of(self, category: int | None) -> Sequence[TableEntry]:
        """The sub-categories of a category; all of them while none is chosen."""
        return [row for row in self.of("subcategories") if category is None or row.parent_id in {category, None}]


@dataclass(slots=True)
class Workbench(Feature):
    """Reads and prepares choices, suggestions, edits and previews; the engine writes."""

    desk: PlanningDesk
    mapping: MappingEditor
    _suggested: dict[MappingKey, tuple[Suggestion, ...]] = field(default_factory=dict)
    _suggested_from: int = 0
    _tables: SetupTables | None = None

    # mapping

    async def lines(self, kind: MappingKind) -> list[MappingLine]:
        """The rows of a mapping table, unmapped first; asks no service."""
        return await mapping_lines(self.mapping, kind)

    async def suggestions(self, lines: Sequence[MappingLine]) -> Dictionary[MappingKey, tuple[Suggestion, ...]]:
        """Suggestions for lines of one kind, each computed once."""
        if self._suggested_from != self.workspace.run.readings:
            self._suggested.clear()
            self._suggested_from = self.workspace.run.readings
        unknown = [line for line in lines if line.key not in self._suggested]
        if unknown:
            self._suggested.update(await self._suggest(unknown))
        return {line.key: self._suggested.get(line.key, ()) for line in lines}

    async def exact(self, kind: MappingKind) -> list[tuple[MappingLine, Suggestion]]:
        """Every unmapped line of a kind with the one suggestion that fits exactly and that nothing contests."""
        lines = [line for line in await self.lines(kind) if line.is_missing and not line.key.charge]
        found = await self._suggest(lines)
        exact = exact_matches({line.key: found.get(line.key, ()) for line in lines})
        return [
            (line, next(one for one in found[line.key] if one.connectwise_id == exact[line.key]))
            for line in lines
            if line.key in exact
        ]

    def forget_suggestions(self, changed: MappingKey) -> None:
        """Forget the suggestions after a mapping changed: their entries may be taken now, or free."""
        self._suggested.pop(changed, None)
        kinds = {changed.kind, MappingKind.AGREEMENT} if changed.kind is MappingKind.CUSTOMER else set()
        for key in [key for key in self._suggested if key.kind in kinds]:
            del self._suggested[key]

    async def _suggest(self, lines: Sequence[MappingLine]) -> dict[MappingKey, tuple[Suggestion, ...]]:
        by_kind: dict[MappingKey, tuple[Suggestion, ...]] = {}
        for kind in MappingKind:
            mine = [line for line in lines if line.key.kind is kind]
            if mine:
                by_kind |= await self._suggest_kind(kind, mine)
        return by_kind

    async def _suggest_kind(
        self, kind: MappingKind, lines: Sequence[MappingLine]
    ) -> dict[MappingKey, tuple[Suggestion, ...]]:
        by_name: dict[str, tuple[Suggestion, ...]]
        match kind:
            case MappingKind.CUSTOMER:
                by_name = await self._suggest_companies(lines)
            case MappingKind.PRODUCT:
                products = [_product(line.key.marketplace_id, line.name, line.detail) for line in lines]
                items = await self.mapping.items()
                suggested = await asyncio.to_thread(suggest_catalog_items, products, items)
                by_name = _by_text(suggested)
            case MappingKind.AGREEMENT:
                held = (self.subscription(SubscriptionId(line.key.marketplace_id)) for line in lines)
                by_name = _by_text(await self.mapping.propose_agreements([one for one in held if one is not None]))
        return {line.key: by_name.get(line.key.marketplace_id, ()) for line in lines}

    async def _suggest_companies(self, lines: Sequence[MappingLine]) -> dict[str, tuple[Suggestion, ...]]:
        """All unmapped customers are compared at once: two that match the same company leave a doubt."""
        customers = [self._customer(line.key.marketplace_id, line.name) for line in lines]
        companies = await self.mapping.companies()
        taken = self.store.mappings().targets(MappingKind.CUSTOMER)
        found = await asyncio.to_thread(suggest_companies, customers, companies, taken=taken)
        return _by_text(found)

    async def choices(self, key: MappingKey, name: str, detail: str = "") -> Choices:
        """Everything that one entry of the marketplace can be mapped to, suggestions first."""
        line = MappingLine(key, name, detail)
        own = MappingKey(key.kind, key.marketplace_id)
        suggestions = (await self.suggestions([replace(line, key=own)]))[own]
        match key.kind:
            case MappingKind.CUSTOMER:
                entries = company_choices(await self.mapping.companies())
            case MappingKind.PRODUCT:
                entries = item_choices(await self.mapping.items())
            case MappingKind.AGREEMENT:
                held = self.subscription(SubscriptionId(key.marketplace_id))
                company = self.store.mappings().company(held.customer_id) if held else None
                agreements = await self.mapping.agreements()
                currency = currency_of(held) if held else ""
                named = partial(_named_company, {one.id: one.name for one in await self.mapping.companies()})
                entries = agreement_choices(agreements, held, company, currency, self.clock.today, named)
        choices = Choices(key, name, entries, suggestions, current=self.store.mappings().get(key))
        await asyncio.to_thread(choices.search, "")
        return choices

    def subscription(self, subscription_id: SubscriptionId) -> Subscription | None:
        """What the state knows of a subscription."""
        held = self.store.subscription(subscription_id)
        if held is not None:
            return held
        kept = (self.store.snapshot(task.id) for task in self.store.tasks_of(subscription_id))
        return next((one for one in kept if one is not None), None)

    def customer_of(self, subscription_id: SubscriptionId) -> tuple[str, str]:
        """Name and id of a subscription's customer, by its tasks, else by the marketplace; empty where not known."""
        task = next(iter(self.store.tasks_of(subscription_id)), None)
        if task is not None:
            return task.customer_name, task.customer_id
        held = self.subscription(subscription_id)
        customer = self.store.customer(held.customer_id) if held else None
        return (customer.name if customer else "", held.customer_id if held else "")

    def product_named(self, product_id: ProductId, subscription_id: SubscriptionId) -> str:
        """`Exchange Online (PRD100101)`, by the catalogue, else by its subscription; else the id alone."""
        held = self.subscription(subscription_id)
        known = self.store.product(product_id) or (held.product(product_id) if held else None)
        return f"{known.name} ({product_id})" if known and known.name else product_id

    def _customer(self, customer_id: str, name: str) -> Customer:
        return self.store.customer(CustomerId(customer_id)) or Customer(CustomerId(customer_id), name)

    async def learn_names(self, kind: MappingKind) -> None:
        """Read the names of what is mapped."""
        await self.mapping.learn_names(kind)

    def named(self, kind: MappingKind, number: int) -> str:
        """`Müller Cloud (105)`; the number alone while the name is not known. Asks no service."""
        name = self._read_name(kind, number) or self.mapping.connectwise_name(Mapping(MappingKey(kind, ""), number))
        return f"{name} ({number})" if name else str(number)

    def _read_name(self, kind: MappingKind, number: int) -> str:
        match kind:
            case MappingKind.AGREEMENT:
                agreement = self.desk.agreements.get(AgreementId(number))
                return agreement.name if agreement else ""
            case MappingKind.PRODUCT:
                item = self.desk.items.get(CatalogItemId(number))
                return item.identifier if item else ""
            case MappingKind.CUSTOMER:
                return ""

    # a new catalog item

    async def setup_tables(self) -> SetupTables:
        """The tables that the form of a new catalog item chooses from; read once a session."""
        if self._tables is None:
            rows = {}
            for name in SETUP_TABLES:
                active = [row for row in await self.psa.table(name) if not row.is_inactive]
                rows[name] = sorted(active, key=lambda row: row.name.casefold())
            self._tables = SetupTables(rows)
        return self._tables

    async def create_item(self, item: NewCatalogItem) -> CatalogItem:
        """Create a catalog item; the caller maps it."""
        self.workspace.require_writable()
        created = await self.psa.create_catalog_item(item)
        self.mapping.forget()
        return created

    def price_of(self, task_id: TaskId | None, product_id: str) -> tuple[str, str]:
        """Price and cost of a unit of a product in a task's subscription, as text."""
        task = self.store.task(task_id) if task_id else None
        held = self.subscription(task.subscription_id) if task else None
        product = held.product(ProductId(product_id)) if held else None
        if product is None:
            return "", ""
        price, cost = product.unit_price, product.unit_cost
        return str(price.amount) if price else "", str(cost.amount) if cost else ""

    # a task

    async def steps(self, task_id: TaskId) -> list[WizardStep]:
        """The wizard's steps for a task, in their order, with what is answered already.

        Raises:
            InputError: The task is not open any more.
        """
        task = self._open_task(task_id)
        await self.desk.load([task])
        plan, mappings = self.desk.plan(task), self.store.mappings()
        for step in steps_of(task, plan, self.mapping):
            target = mappings.get(step.key) if step.key is not None else None
            if step.key is not None and target is not None:
                await self.mapping.learn_name(Mapping(step.key, target))
        return steps_of(task, plan, self.mapping)

    async def edit(self, task_id: TaskId) -> PlanEditing:
        """Open a task's plan for editing, from what ConnectWise holds now.

        Raises:
            InputError: The task is not open, or a part of it is written already.
        """
        task = self._open_task(task_id)
        if self.store.plan_begun(task.id) is not None:
            raise InputError(
                f"A part of task {task.id} is written already.", next_step="Sync it to its end, or undo it first."
            )
        await self.desk.load([task], refresh=True)
        additions = await self._additions(task)

        def plan(whole: PriceSource | None, each: Dictionary[str, PriceSource]) -> Plan:
            return self._computed(task, additions, whole, each)

        agreement = self._agreement(task)
        dates = AgreementDates.of(agreement, self.desk.billed.get(agreement.id)) if agreement else None
        return PlanEditing(
            task,
            plan,
            dates=dates,
            ends=agreement.end if agreement else None,
            stored=self.store.edits(task.id),
            default_source=self.desk.rules.price_source,
        )

    def save_edits(self, editing: PlanEditing) -> Task:
        """Keep the operator's edits, so that they survive restarts (plans.md#edits); the task as it then stands.

        Raises:
            InputError: A value cannot be used.
            Outdated: Somebody else edited the plan since it was opened here (hands.md#no-lost-update).
        """
        self.workspace.require_writable()
        edits, now, was = editing.edits(), self.store.edits(editing.task.id), editing.stored
        if now and was and replace(now, digest=was.digest) == was:
            was = now  # they were dropped since, without anybody's decision
        with self.store.batch():
            if edits is None:
                self.store.save_edits(PlanEdits(editing.task.id, editing.plan.digest), was=was)
                self.store.drop_edits(editing.task.id)
            else:
                edits = edits.signed(Signature(self.workspace.rules.who, self.clock.now()))
                self.store.save_edits(edits, was=was)
        editing.mark_saved(edits)
        return self.desk.replan_one(self._task(editing.task.id))

    async def review(self, task_id: TaskId) -> Review:
        """The plan as it would be written now, and the agreement's next invoice."""
        task = self._task(task_id)
        await self.desk.load([task], refresh=True)
        additions = await self._additions(task)
        plan = self.desk.plan(task, additions)
        agreement = self._agreement(task)
        dates = AgreementDates.of(agreement, self.desk.billed.get(agreement.id)) if agreement else None
        if additions is None or dates is None:
            return Review(task, plan)
        left = plan.without(self.store.done_keys(task.id))
        return Review(task, plan, next_invoice(additions.values(), left.changes, dates))

    def _computed(
        self,
        task: Task,
        additions: Dictionary[AdditionId, Addition] | None,
        whole: PriceSource | None,
        each: Dictionary[str, PriceSource],
    ) -> Plan:
        if task.kind in self.desk.sources or (not task.is_initial and self.store.order(task.order_id) is None):
            return self.desk.computed(task, additions)
        facts = self.desk.facts(task, additions)
        rules = replace(self.desk.rules, price_source=whole or self.desk.rules.price_source)
        return plan_task(replace(facts, rules=rules, price_sources=each))

    async def _additions(self, task: Task) -> Dictionary[AdditionId, Addition] | None:
        agreement = self._agreement(task)
        if agreement is None:
            return None
        return {held.id: held for held in await self.psa.additions(agreement.id)}

    def _agreement(self, task: Task) -> Agreement | None:
        agreement_id = self.desk.agreement_of(task)
        return None if agreement_id is None else self.desk.agreements.get(agreement_id)

    def _task(self, task_id: TaskId) -> Task:
        found = self.store.task(task_id)
        if found is None:
            raise InputError(f"There is no task {task_id}.", next_step="Go back to the list of tasks.")
        return found

    def _open_task(self, task_id: TaskId) -> Task:
        task = self._task(task_id)
        if not task.status.is_open:
            raise InputError(f"Task {task.id} is {task.status}: its plan is not edited any more.", next_step=_TAKE_UP)
        return task


_TAKE_UP = "Reopen a skipped task, or take a synced one back, to plan it anew."


def _product(name: str, text: str, mpn: str) -> Product:
    return Product(ProductId(name), text, Mpn(mpn))


def _by_text(found: Dictionary[_Id, tuple[Suggestion, ...]]) -> dict[str, tuple[Suggestion, ...]]:
    return {str(name): proposed for name, proposed in found.items()}


def _named_company(names: dict[CompanyId, str], number: int) -> str:
    name = names.get(CompanyId(number))
    return f"{name} ({number})" if name else str(number)
