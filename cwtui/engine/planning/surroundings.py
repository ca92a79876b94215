"""What a plan depends on beside its order: the company, unlinked additions, costs, and people's decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field
from datetime import datetime, timedelta

from cwtui.domain.errors import ServiceError
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.plan_edits import DROPPED, has_chosen_prices
from cwtui.domain.plans import Plan, PlanEdits, PriceSource
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Acceptance, Task, TaskKind
from cwtui.engine.concurrently import in_turns
from cwtui.engine.protocols import Store
from cwtui.engine.workspace import Feature

CATALOGUE_AGE = timedelta(hours=1)
"""How old the product catalogue (names, costs) may be before the plan of an older task reads it again."""

_CATALOGUE_READ = "catalogue.read_at"


def _names_company(task: Task) -> bool:
    return any(problem.code is ProblemCode.COMPANY_DELETED for problem in task.problems)


@dataclass(slots=True)
class DeletedCompanies(Feature):
    """Which mapped companies are in ConnectWise's recycle bin; each is asked for once a run."""

    _asked: set[CompanyId] = field(default_factory=set)
    _deleted: set[CompanyId] = field(default_factory=set)

    async def load(self, tasks: Sequence[Task]) -> None:
        """Ask for the companies of these tasks, unless they are known.

        A company is asked for only once nothing else keeps its task from being written.
        Rule: check.md#cost-of-a-check.
        """
        company = self.store.mappings().company
        asked = [task for task in tasks if not task.problems or _names_company(task)]
        await self.ask({found async for task in in_turns(asked) if (found := company(task.customer_id)) is not None})

    async def ask(self, companies: AbstractSet[CompanyId]) -> None:
        """Ask for companies, unless they are known."""
        unknown = companies - self._asked
        if not unknown:
            return
        self._asked |= unknown
        try:
            async for page in self.psa.companies(unknown, with_deleted=True):
                self._deleted |= {found.id for found in page if found.is_deleted}
        except ServiceError as error:  # no plan depends on knowing it
            self.listener.problem(f"{error.happened} Whether mapped companies were deleted is not known.")

    def is_deleted(self, task: Task) -> bool:
        """The task's company was deleted."""
        company = self.store.mappings().company(task.customer_id) if self._deleted else None
        return company in self._deleted

    def forget(self) -> None:
        """Ask afresh from now on."""
        self._asked.clear()
        self._deleted.clear()


@dataclass(slots=True)
class UnlinkedAdditions(Feature):
    """Additions of agreements that no link names; each reading of an agreement is searched once."""

    _found: dict[AgreementId, tuple[Mapping[AdditionId, Addition], Mapping[CatalogItemId, Sequence[Addition]]]] = field(
        default_factory=dict
    )

    def among(
        self, agreement: AgreementId | None, additions: Mapping[AdditionId, Addition] | None
    ) -> Mapping[CatalogItemId, Sequence[Addition]]:
        """Those of one reading by catalog item; nothing where nothing was read."""
        if agreement is None or additions is None:
            return {}
        known = self._found.get(agreement)
        if known is None or known[0] is not additions:
            by_item: dict[CatalogItemId, list[Addition]] = defaultdict(list)
            for addition in additions.values():
                if self.store.link(addition.id) is None:
                    by_item[addition.values.catalog_item_id].append(addition)
            known = self._found[agreement] = additions, dict(by_item)
        return known[1]

    def forget(self) -> None:
        """Forget the readings that were searched."""
        self._found.clear()


@dataclass(slots=True)
class ProductCatalogue(Feature):
    """The marketplace's products, which alone name some costs (plans.md#costs); read once a run at most."""

    is_read: bool = False

    async def load(self, *, is_new: bool) -> None:
        """Read the products, and keep them; not if they were read lately, unless what they are read for `is_new`.

        For what this run found, always: its product may be as new. For older tasks, if the catalogue is old.
        """
        read_at, now = self.store.fact(_CATALOGUE_READ), self.clock.now()
        is_young = isinstance(read_at, str) and timedelta(0) <= now - datetime.fromisoformat(read_at) < CATALOGUE_AGE
        if is_young and not is_new:
            return
        self.is_read = True
        read = [product async for page in self.marketplace.products() for product in page]
        with self.store.batch():  # nothing is waited for within: others wait for its end
            self.store.save_products(product for product in read if product != self.store.product(product.id))
            self.store.save_fact(_CATALOGUE_READ, now.isoformat())

    def forget(self) -> None:
        """Read them afresh from now on."""
        self.is_read = False


def still_by_hand(task: Task, store: Store) -> tuple[Problem, ...]:
    """Additions that a reading found to bill the same, unless they were adopted or decided about since."""
    decided = {str(made.addition_id) for made in task.by_hand}
    return tuple(
        problem
        for problem in task.problems
        if problem.code is ProblemCode.BILLED_BY_HAND
        and problem.target not in decided
        and store.link(AdditionId(int(problem.target))) is None
    )


def still_holds(acceptance: Acceptance | None, warnings: Sequence[str]) -> Acceptance | None:
    """An acceptance lapses with the first warning it was not given for (plans.md#warnings)."""
    return acceptance if acceptance is not None and set(warnings) <= set(acceptance.warnings) else None


def price_sources(edits: PlanEdits | None) -> dict[str, PriceSource]:
    """The operator's price source by change; dropped edits choose none."""
    kept = edits.edits if edits is not None and edits.digest != DROPPED else ()
    return {edit.key: edit.price_source for edit in kept if edit.price_source}


def billed_before(store: Store, task: Task) -> set[AgreementId]:
    """The agreements that a count's account has additions in, which may not be the one that is counted in."""
    links = store.links_of(task.subscription_id) if task.kind is TaskKind.COUNT_UPDATE else ()
    return {link.agreement_id for link in links}


def edited_fields(store: Store, task: Task) -> dict[AdditionId, frozenset[str]]:
    """Which fields of standing additions are a person's: edited in the plan that wrote them, or adopted."""
    found = {}
    for link in store.links_of(task.subscription_id):
        if not link.is_standing:
            continue
        rows = [row for row in store.audit(task_id=link.task_id, addition_id=link.addition_id) if row.is_done]
        names = frozenset(rows[-1].why.edited) if rows else frozenset()
        wrote = store.task(link.task_id)
        if link.adopted or (rows and wrote is not None and has_chosen_prices(wrote.notes)):
            names |= {"price_source"}
        if names:
            found[link.addition_id] = names
    return found


def without_order(task: Task, unread: tuple[Problem, ...] = ()) -> Plan:
    """An order that cannot be read any more is not planned as an order without lines."""
    if unread:
        return Plan(task.id, task.subscription_id, None, problems=unread)
    facts = {"order": task.order_id, "number": task.order_number or task.order_id}
    problem = Problem(ProblemCode.SUBSCRIPTION_MISSING, facts, task.order_id, case=ProblemCase.ORDER_GONE)
    return Plan(task.id, task.subscription_id, None, problems=(problem,))
