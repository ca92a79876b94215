"""From the state and both services to plans: the facts each task needs, in as few requests as allowed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Protocol

from cwtui.domain.charges import Charge, charge_of
from cwtui.domain.errors import NotFound, Outdated
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, OrderId, ProductId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Order, OrderLine, Product, Subscription
from cwtui.domain.periods import BillingCycle
from cwtui.domain.plan_edits import DROPPED, with_edits
from cwtui.domain.planning import PlanningFacts, PlanningRules, plan_task
from cwtui.domain.planning.lines import plan_product
from cwtui.domain.plans import Plan, PlanEdits
from cwtui.domain.problems import ProblemCode
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task, TaskKind, TaskStatus, is_difference, lines_of
from cwtui.engine.concurrently import in_turns, together
from cwtui.engine.planning.held_records import HeldRecords
from cwtui.engine.planning.surroundings import (
    DeletedCompanies,
    ProductCatalogue,
    UnlinkedAdditions,
    billed_before,
    edited_fields,
    price_sources,
    still_by_hand,
    still_holds,
    without_order,
)
from cwtui.engine.planning.unread import UnreadRecords, order_record, subscription_record
from cwtui.engine.planning.waiting import waiting_for_a_person
from cwtui.engine.reporting.monthly_effect import monthly_effect

_UNIT_COST_CHARGES = {Charge.RECURRING, Charge.CREDIT}


class PlanSource(Protocol):
    """Where the plans of a kind of task come from that is not planned from an order (reconciliation, counts)."""

    def agreement_of(self, task: Task) -> AgreementId | None:
        """The agreement it writes to; None leaves it to the mappings."""

    def items_of(self, task: Task) -> Collection[CatalogItemId]:
        """Catalog items its plan needs."""

    def plan(self, desk: PlanningDesk, task: Task, additions: Mapping[AdditionId, Addition] | None) -> Plan | None:
        """Its plan, from what the desk loaded; None leaves it to `plan_task`."""


OpenPlanSource = Callable[[], PlanSource]
"""Opens a source: what a run has no task for is not loaded."""


@dataclass(slots=True)
class PlanningDesk(HeldRecords):
    """Makes plans. What it read from ConnectWise stays valid for the run it was made for.

    Attributes:
        fresh: Subscriptions read in this run; others are read again before they are written by.
        sources: Where the plans of kinds come from that have no order.
    """

    fresh: set[SubscriptionId] = field(default_factory=set)
    sources: dict[TaskKind, OpenPlanSource] = field(default_factory=dict)
    _opened: dict[TaskKind, PlanSource] = field(default_factory=dict)
    companies: DeletedCompanies = field(init=False)
    unlinked: UnlinkedAdditions = field(init=False)
    _catalogue: ProductCatalogue = field(init=False)
    _unread: UnreadRecords = field(init=False)

    def __post_init__(self) -> None:
        self.companies = DeletedCompanies(self.workspace)
        self.unlinked = UnlinkedAdditions(self.workspace)
        self._catalogue = ProductCatalogue(self.workspace)
        self._unread = UnreadRecords(self.store)

    @property
    def rules(self) -> PlanningRules:
        """The settings plans are made by."""
        return self.workspace.planning_rules

    async def load(self, tasks: Sequence[Task], *, refresh: bool = False) -> None:
        """Read what the plans of these tasks need and what is not known yet.

        Args:
            tasks: Open tasks.
            refresh: Read the subscriptions of those that may be written again unless this run did.
        """
        await self._load_missing(tasks)
        agreements = {found async for task in in_turns(tasks) if (found := self.agreement_of(task)) is not None}
        agreements |= {found async for task in in_turns(tasks) for found in billed_before(self.store, task)}
        items = {item async for task in in_turns(tasks) for item in self._items_of(task)}
        await together(
            self.load_agreements(agreements),
            self._load_catalogue(tasks),
            self.load_items(items),
            self.companies.load(tasks),
        )
        if refresh and await self._load_subscriptions(tasks):
            await self.load_items({item async for task in in_turns(tasks) for item in self._items_of(task)})

    def agreement_of(self, task: Task) -> AgreementId | None:
        """The agreement a task writes to: its source's, else the one its subscription is mapped to."""
        source = self._source(task)
        own = source.agreement_of(task) if source else None
        return own if own is not None else self.store.mappings().agreement(task.subscription_id)

    def facts(self, task: Task, additions: Mapping[AdditionId, Addition] | None = None) -> PlanningFacts:
        """Everything one task's plan depends on, as far as it was loaded."""
        agreement_id = self.agreement_of(task)
        agreement = self.agreements.get(agreement_id) if agreement_id is not None else None
        edits = self.store.edits(task.id)
        unread = self._unread.problems_of(task)
        is_unread = bool(unread) and self._unread.has(subscription_record(task.subscription_id))
        subscription = None if is_unread else self._subscription(task)
        return PlanningFacts(
            task=task,
            order=None if task.is_initial else self.store.order(task.order_id),
            subscription=subscription,
            mappings=self.store.mappings(),
            agreement=agreement,
            billed_through=self.billed.get(agreement.id) if agreement else None,
            today=self.clock.today,
            rules=self._rules(edits),
            catalog_items=self.items,
            products=self._products(task, subscription),
            links=self.store.links_of(task.subscription_id),
            additions=additions,
            is_newest=self._is_newest(task),
            is_overtaken=self._is_overtaken(task),
            unread=unread,
            price_sources=price_sources(edits),
            is_company_deleted=self.companies.is_deleted(task),
            unlinked=self.unlinked.among(agreement_id, additions),
            edited={} if task.is_initial else edited_fields(self.store, task),
        )

    def plan(self, task: Task, additions: Mapping[AdditionId, Addition] | None = None) -> Plan:
        """The task's plan with the operator's edits; one whose writing has begun stays exactly as it was."""
        begun = self.store.plan_begun(task.id)
        if begun is not None:
            return begun
        plan, edits = self.computed(task, additions), self.store.edits(task.id)
        return plan if edits is None or self._lacks_order(task) else with_edits(plan, edits)

    def computed(self, task: Task, additions: Mapping[AdditionId, Addition] | None = None) -> Plan:
        """The task's plan before anybody edits it."""
        source = self._source(task)
        plan = source.plan(self, task, additions) if source else None
        if plan is not None:
            return plan
        if self._lacks_order(task):
            return without_order(task, self._unread.problems_of(task))
        return plan_task(self.facts(task, additions))

    def _lacks_order(self, task: Task) -> bool:
        return not task.is_initial and not self._is_own(task) and self.store.order(task.order_id) is None

    def may_write(self, task: Task) -> bool:
        """Nothing keeps its plan from being written, as far as is known without the agreement's additions."""
        return not self.plan(task).problems

    def evaluate(self, task: Task, plan: Plan | None = None) -> Task:
        """An open task in the state its plan puts it in (commands.md#task-list)."""
        if not task.status.is_open:
            return task
        older = self.older_open(task)
        if older is not None:
            return replace(task, status=TaskStatus.WAITING, problems=(), note=task.note)
        drifted = tuple(problem for problem in task.problems if problem.code is ProblemCode.LINK_CHANGED)
        problems = plan.problems if plan is not None else ()
        if plan is None:  # made without reading the additions, so what was found there still counts
            plan = self.plan(task)
            problems = (*plan.problems, *still_by_hand(task, self.store)) or drifted
        self._drop_for_good(task, plan)
        problems = (*problems, *waiting_for_a_person(self.store, task))
        status = TaskStatus.NEEDS_ACTION if problems else TaskStatus.READY
        if task.status is TaskStatus.FAILED and not problems:
            status = TaskStatus.FAILED
        was_unready = task.status in {TaskStatus.NEEDS_ACTION, TaskStatus.WAITING}
        return replace(
            task,
            status=status,
            problems=problems,
            note="" if status is TaskStatus.READY and was_unready else task.note,
            effective=plan.effective or task.effective,
            monthly_effect=monthly_effect(plan, self._cycle(plan)),
            plan_digest=plan.digest,
            warnings=plan.warnings,
            notes=plan.notes,
            acceptance=still_holds(task.acceptance, plan.warnings),
        )

    def _drop_for_good(self, task: Task, plan: Plan) -> None:
        """Edits that fit no more stay dropped when the plan changes back (plans.md#edits)."""
        edits = self.store.edits(task.id) if plan.dropped_edits else None
        if edits is not None and edits.digest != DROPPED and not self.store.is_read_only:
            self.store.save_edits(replace(edits, digest=DROPPED))

    def is_first_plan(self, task: Task) -> bool:
        """Nothing of its subscription stands yet, as far as cwtui knows."""
        links = self.store.links_of(task.subscription_id)
        return not self._is_own(task) and not any(link.is_standing for link in links)

    def save(self, now: Task, before: Task) -> Task:
        """Save a task that changed, unless somebody else decided something about it meanwhile: then that counts."""
        if now != before:
            try:
                self.store.save_task(now, was=before)
            except Outdated:
                now = self.store.task(now.id) or before
            self.listener.task_changed(now)
        return now

    def _source(self, task: Task) -> PlanSource | None:
        """Where the plans of a task's kind come from; opened when the first of its kind is met."""
        if task.kind not in self._opened and task.kind in self.sources:
            self._opened[task.kind] = self.sources[task.kind]()
        return self._opened.get(task.kind)

    async def replan(self, tasks: Iterable[Task]) -> list[Task]:
        """Plan open tasks anew and save those that changed; returns all of them as they stand now."""
        with self.store.grouped():
            now = [self.replan_one(self.store.task(task.id) or task) async for task in in_turns(tasks)]
            await self.store.flushed()
        return now

    def replan_one(self, task: Task) -> Task:
        """Plan an open task anew, save it if it changed, and return it as it stands now."""
        return self.save(self.evaluate(task), task)

    def forget(self) -> None:
        """Read ConnectWise afresh from now on."""
        self.forget_held()
        self.companies.forget()
        self.unlinked.forget()
        self._catalogue.forget()
        self.fresh.clear()

    def older_open(self, task: Task) -> Task | None:
        """The open task of its subscription that comes before it (check.md#order-of-tasks)."""
        if not task.subscription_id:
            return None
        for other in self.store.tasks_of(task.subscription_id):
            if other.id == task.id:
                return None
            if other.status.is_open:
                return other
        return None

    def _is_newest(self, task: Task) -> bool:
        """No later order is still to be carried over.

        A later one that was carried over counted what was held by then: an order that completes after it must not
        count its own units once more (plans.md#newest-order).
        """
        queue = [other for other in self.store.tasks_of(task.subscription_id) if not self._is_own(other)]
        for other in reversed(queue):
            if other.id == task.id:
                return True
            if other.status is not TaskStatus.SYNCED:
                return False
        return not queue

    def _is_overtaken(self, task: Task) -> bool:
        """A later order of its subscription was carried over (plans.md#newest-order)."""
        queue = self.store.tasks_of(task.subscription_id)
        later = queue[next((at for at, other in enumerate(queue, 1) if other.id == task.id), len(queue)) :]
        return any(other.status is TaskStatus.SYNCED and not self._is_own(other) for other in later)

    def _is_own(self, task: Task) -> bool:
        """Its plan comes from a source, not from an order; a migration's does once it is reconciled."""
        source = self._source(task)
        if source is None or task.kind is not TaskKind.RECONCILIATION:
            return source is not None
        return is_difference(task) or source.agreement_of(task) is not None

    def _subscription(self, task: Task) -> Subscription | None:
        """The first check's snapshot for an `initial` task: later orders bring their own tasks.

        Rule: check.md#first-check.
        """
        kept = self.store.snapshot(task.id) if task.is_initial else None
        return kept or self.store.subscription(task.subscription_id)

    def _rules(self, edits: PlanEdits | None) -> PlanningRules:
        if edits is None or edits.price_source is None:
            return self.rules
        return replace(self.rules, price_source=edits.price_source)

    def _cycle(self, plan: Plan) -> BillingCycle | None:
        agreement = self.agreements.get(plan.agreement_id) if plan.agreement_id is not None else None
        return agreement.cycle if agreement else None

    def _products(self, task: Task, subscription: Subscription | None) -> dict[ProductId, Product]:
        named = {line.product_id for line in self._lines(task)}
        named |= {product.id for product in subscription.products} if subscription else set()
        return {name: found for name in named if (found := self.store.product(name)) is not None}

    def _lines(self, task: Task) -> tuple[OrderLine, ...]:
        order = None if task.is_initial else self.store.order(task.order_id)
        return lines_of(order, task.subscription_id) if order else ()

    def _items_of(self, task: Task) -> set[CatalogItemId]:
        source = self._source(task)
        if source and (own := source.items_of(task)):
            return set(own)
        subscription = self._subscription(task)
        mappings = self.store.mappings()
        products = {product.id for product in subscription.products} if subscription else set()
        wanted = {(product, Charge.RECURRING) for product in products}
        fee = plan_product(subscription) if subscription else ProductId("")
        for line in self._lines(task):
            charge = charge_of(line.type)
            if charge is not None:
                wanted.add((line.product_id or fee, charge))
        mapped = {mappings.catalog_item(product, charge) for product, charge in wanted}
        return {item for item in mapped if item is not None}

    async def _load_missing(self, tasks: Sequence[Task]) -> None:
        """Read again what the state let go of: orders and subscriptions of tasks that were reopened or undone."""
        own = {task.id for task in tasks if self._is_own(task)}
        ordered = [task for task in tasks if not task.is_initial and task.id not in own]
        orders = sorted({one.order_id async for one in in_turns(ordered) if self.store.order(one.order_id) is None})
        named = [task for task in tasks if task.subscription_id and task.id not in own]
        missing = {one.subscription_id async for one in in_turns(named) if self._lacks_subscription(one)}
        names = sorted(missing - self.fresh - {task.subscription_id for task in tasks if task.id in own})

        async def shown(name: OrderId) -> Order | None:
            try:
                return await self.marketplace.order(name)
            except NotFound:  # its plan says so, unless a check noted it
                if self._unread.has(order_record(name)):
                    raise
                return None

        async def ask(name: OrderId) -> Order | None:
            return await self._unread.read(order_record(name), shown(name))

        answers = await self.workspace.each(orders, ask, "Reading orders")
        with self.store.batch():
            for order in answers:
                if order is not None:
                    self.store.save_order(order)
        await self._read_subscriptions(names)

    def _lacks_subscription(self, task: Task) -> bool:
        return self._subscription(task) is None or self._unread.has(subscription_record(task.subscription_id))

    async def _load_subscriptions(self, tasks: Sequence[Task]) -> bool:
        """Read subscriptions again that orders among the tasks may write by: the newest one's quantity.

        Returns whether there were any.

        Rule: plans.md#newest-order.
        """
        stale = {
            task.subscription_id
            for task in tasks
            if task.subscription_id
            and not task.is_initial
            and task.subscription_id not in self.fresh
            and task.kind is not TaskKind.COUNT_UPDATE  # its subscription is an account of a file
        }
        heads = [
            head async for name in in_turns(stale) if (head := next(filter(_is_open, self.store.tasks_of(name)), None))
        ]
        names = sorted([head.subscription_id async for head in in_turns(heads) if self.may_write(head)])
        await self._read_subscriptions(names)
        return bool(names)

    async def _read_subscriptions(self, stale: Sequence[SubscriptionId]) -> None:
        async def ask(name: SubscriptionId) -> Subscription | None:
            return await self._unread.read(subscription_record(name), self.marketplace.subscription(name))

        answers = await self.workspace.each(stale, ask, "Reading subscriptions")
        with self.store.batch():
            for answer in answers:
                if answer is not None and answer != self.store.subscription(answer.id):
                    self.store.save_subscription(answer)
        self.fresh.update(stale)

    async def _load_catalogue(self, tasks: Sequence[Task]) -> None:
        read = self._catalogue.is_read
        needing = [] if read else [task async for task in in_turns(tasks) if self._needs_catalogue(task)]
        if needing:
            await self._catalogue.load(is_new=any(task.subscription_id in self.fresh for task in needing))

    def _needs_catalogue(self, task: Task) -> bool:
        charges = (charge_of(line.type) for line in self._lines(task))
        return any(charge is not None and charge not in _UNIT_COST_CHARGES for charge in charges)


def _is_open(task: Task) -> bool:
    return task.status.is_open
