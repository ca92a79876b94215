"""What stands around a plan: whether the company is there, and additions that cwtui knows nothing of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cwtui.domain.errors import ServiceError
from cwtui.domain.ids import AdditionId, CatalogItemId, CompanyId
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Problem, ProblemCode, Task
from cwtui.engine.concurrently import in_turns
from cwtui.engine.protocols import Store
from cwtui.engine.workspace import Feature


@dataclass(slots=True)
class DeletedCompanies(Feature):
    """Which mapped companies are in ConnectWise's recycle bin; each is asked for once a run."""

    _asked: set[CompanyId] = field(default_factory=set)
    _deleted: set[CompanyId] = field(default_factory=set)

    async def load(self, tasks: Sequence[Task]) -> None:
        """Ask for the companies of these tasks, unless they are known."""
        company = self.store.mappings().company
        wanted = {found async for task in in_turns(tasks) if (found := company(task.customer_id)) is not None}
        unknown = wanted - self._asked
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


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Of one reading of an agreement, the additions without a link, by catalog item."""

    additions: Mapping[AdditionId, Addition]
    by_item: Mapping[CatalogItemId, Sequence[Addition]]

    @classmethod
    def among(cls, additions: Mapping[AdditionId, Addition], store: Store) -> Unlinked:
        """Look through what was read."""
        found: dict[CatalogItemId, list[Addition]] = defaultdict(list)
        for addition in additions.values():
            if store.link(addition.id) is None:
                found[addition.values.catalog_item_id].append(addition)
        return cls(additions, dict(found))


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
