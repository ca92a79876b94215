"""Why an addition is what it is: order and line, rule, numbers, request, answer, who and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cwtui.domain.addition_words import edit_text
from cwtui.domain.errors import InputError
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Signature
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import AdditionValues
from cwtui.domain.records import AuditRow
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.workspace import Feature
from cwtui.wording.problems import sentence

_REQUESTS = {Operation.CREATE: "POST", Operation.UPDATE: "PATCH", Operation.DELETE: "DELETE"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one change of one addition comes from.

    Attributes:
        addition_id: None for one that is planned and not there yet.
        what: `create`, `update`, `delete`, or `adopt`.
        order: Order number and id; empty where the task is not known any more.
        source: The order line, in words.
        arithmetic: How price, cost, quantity and dates came about, one line each.
        request: The request that was (or would be) sent to ConnectWise.
        answer: How it ended; empty while it is only planned.
        edit: The operator's edit and who made it, in words; empty if there is none.
        left_out, edited_by, instead_of, computed: As of its change.
        warnings: The plan's warnings about it, or those when the task was written.
        at, who, run_id: Of the write; None and empty while it is only planned.
    """

    addition_id: AdditionId | None
    agreement_id: AgreementId
    subscription_id: SubscriptionId
    subscription_name: str
    product_id: ProductId
    product_name: str
    charge: str
    what: str
    task_id: TaskId
    kind: str
    order: str
    source: str
    rule: str
    arithmetic: tuple[str, ...]
    edited: tuple[str, ...]
    before: AdditionValues | None
    after: AdditionValues | None
    request: str
    answer: str
    at: datetime | None = None
    who: str = ""
    run_id: str = ""
    warnings: tuple[str, ...] = ()
    edit: str = ""
    left_out: bool = False
    edited_by: Signature | None = None
    instead_of: Operation | None = None
    computed: AdditionValues | None = None

    @property
    def is_planned(self) -> bool:
        """It is not written yet."""
        return not self.answer


@dataclass(slots=True)
class Explainer(Feature):
    """Explains additions from the audit, the links and the plans of open tasks."""

    desk: PlanningDesk

    async def why(self, addition_id: AdditionId) -> tuple[Explanation, ...]:
        """Every write of an addition, oldest first, then the changes planned for it.

        Raises:
            InputError: cwtui had nothing to do with it.
        """
        rows = list(self.store.audit(addition_id=addition_id))
        link = self.store.link(addition_id)
        found = [self._written(row) for row in rows]
        if link is not None and link.adopted:
            found.append(self._adopted(link))
        names = {row.subscription_id for row in rows} | ({link.subscription_id} if link else set())
        found += await self._planned_for(addition_id, names)
        if not found:
            raise InputError(
                f"cwtui neither wrote addition {addition_id} nor plans to change it.",
                next_step=Remedy(Action.ADOPT, str(addition_id)),
            )
        return tuple(found)

    async def why_task(self, task_id: TaskId) -> tuple[Explanation, ...]:
        """Every change of a task: written ones as they were, else the plan's.

        Raises:
            InputError: There is no such task.
        """
        task = self.store.task(task_id)
        if task is None:
            raise InputError(f"There is no task {task_id}.", next_step=Remedy(Action.SEE_TASKS))
        written = tuple(self._written(row) for row in self.store.audit(task_id=task_id))
        if not task.status.is_open:
            return written
        await self.desk.load([task])
        done = self.store.done_keys(task_id)
        plan = self.desk.plan(task)
        return written + tuple(self._planned(task, plan, change) for change in plan.changes if change.key not in done)

    async def _planned_for(self, addition_id: AdditionId, names: Iterable[SubscriptionId]) -> list[Explanation]:
        heads = []
        for name in sorted(name for name in names if name):
            queue = [task for task in self.store.tasks_of(name) if task.status.is_open]
            heads += queue[:1]
        await self.desk.load(heads)
        found = []
        for task in heads:
            plan = self.desk.plan(task)
            found += [self._planned(task, plan, change) for change in plan.changes if change.addition_id == addition_id]
        return found

    def _written(self, row: AuditRow) -> Explanation:
        task = self.store.task(row.task_id)
        otherwise = ", ".join(f"{name}: {text}" for name, text in row.why.stored_otherwise.items())
        return Explanation(
            addition_id=row.addition_id,
            agreement_id=row.agreement_id,
            subscription_id=row.subscription_id,
            subscription_name=self._subscription_name(row.subscription_id, task),
            product_id=row.product_id,
            product_name=self._product_name(row.product_id),
            charge=row.charge.value,
            what=row.operation.value,
            task_id=row.task_id,
            kind=task.kind.value if task else "",
            order=_order(task),
            source=row.why.source,
            rule=row.why.rule,
            arithmetic=row.why.arithmetic,
            edited=row.why.edited,
            before=row.before,
            after=row.after,
            request=row.why.request if row.is_left_out else f"{_REQUESTS[row.operation]}: {row.why.request}",
            answer=f"{row.result}; stored otherwise: {otherwise}" if otherwise else row.result,
            at=row.at,
            who=row.who,
            run_id=row.run_id,
            warnings=task.warnings if task and not task.status.is_open else (),
            **_edited(row.change),
        )

    def _adopted(self, link: Link) -> Explanation:
        return Explanation(
            addition_id=link.addition_id,
            agreement_id=link.agreement_id,
            subscription_id=link.subscription_id,
            subscription_name=self._subscription_name(link.subscription_id, None),
            product_id=link.product_id,
            product_name=self._product_name(link.product_id),
            charge=link.charge.value,
            what="adopt",
            task_id=link.task_id,
            kind="",
            order="",
            source="an addition that stood in ConnectWise",
            rule="adopted: what ConnectWise held counted as agreed",
            arithmetic=(),
            edited=(),
            before=None,
            after=link.values,
            request="nothing was asked of ConnectWise",
            answer="linked",
            at=link.at,
        )

    def _planned(self, task: Task, plan: Plan, change: Change) -> Explanation:
        return Explanation(
            addition_id=change.addition_id,
            agreement_id=change.agreement_id,
            subscription_id=task.subscription_id,
            subscription_name=task.subscription_name,
            product_id=change.product_id,
            product_name=self._product_name(change.product_id),
            charge=change.charge.value,
            what=change.operation.value,
            task_id=task.id,
            kind=task.kind.value,
            order=_order(task),
            source=change.source,
            rule=change.rule,
            arithmetic=tuple(change.arithmetic),
            edited=tuple(sorted(change.edited)),
            before=change.before.values if change.before else None,
            after=change.after,
            request="nothing, because it is left out" if change.left_out else _request(change),
            answer="",
            warnings=(*plan.warnings, *(sentence(problem) for problem in plan.problems)),
            **_edited(change),
        )

    def _subscription_name(self, name: SubscriptionId, task: Task | None) -> str:
        known = self.store.subscription(name)
        if known is not None and known.name:
            return known.name
        tasks = [task] if task is not None else self.store.tasks_of(name)
        return tasks[0].subscription_name if tasks else name

    def _product_name(self, name: ProductId) -> str:
        known = self.store.product(name)
        return known.name if known else ""


def _request(change: Change) -> str:
    return f"{_REQUESTS[change.operation]}: {change.operation} in agreement {change.agreement_id}, planned"


def _edited(change: Change) -> dict[str, Any]:
    return {
        "edit": edit_text(change),
        "left_out": change.left_out,
        "edited_by": change.edited_by,
        "instead_of": change.instead_of,
        "computed": change.computed,
    }


def _order(task: Task | None) -> str:
    if task is None:
        return ""
    return task.order_number if task.order_number == task.order_id else f"{task.order_number} ({task.order_id})"
