"""Forecast: what the next invoices become, from the agreements' additions and the open tasks' plans."""

from __future__ import annotations

from collections import defaultdict

from cwtui.domain.errors import NotFound, Unreadable
from cwtui.domain.forecasts import Forecast, forecast
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId
from cwtui.domain.lazily import dataclass
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Plan
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reporting.agreements import billed_agreements
from cwtui.engine.workspace import Feature


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """Every agreement's next invoice; `skipped` says what could not be forecast, and why."""

    forecasts: tuple[Forecast, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def has_alarms(self) -> bool:
        """Something would be billed twice, or not at all."""
        return any(one.alarms for one in self.forecasts)


@dataclass(slots=True)
class Forecaster(Feature):
    """Reads agreements and additions; saves nothing."""

    desk: PlanningDesk

    async def forecast(self, customer: CustomerId | None = None) -> ForecastReport:
        """The next invoices of all agreements that are mapped, linked or about to be written to, or of one customer's.

        Raises:
            InputError: The customer has no subscription on an agreement.
        """
        self.desk.forget()
        tasks = self._open_tasks()
        names = billed_agreements(self.store, self.desk, customer)
        await self.desk.load([task for name in names for task in tasks.get(name, ())])
        await self.desk.load_agreements(set(names))
        known = [name for name in names if self.desk.agreements.get(name) is not None]
        answers = await self.workspace.each(known, self._additions, "Reading additions")
        found, skipped = [], [f"Agreement {name} does not exist in ConnectWise." for name in names if name not in known]
        for name, additions in zip(known, answers, strict=True):
            made = additions if isinstance(additions, str) else self._of(name, additions, tasks.get(name, []))
            if isinstance(made, str):
                skipped.append(made)
            else:
                found.append(made)
        return ForecastReport(tuple(found), tuple(skipped))

    def _open_tasks(self) -> dict[AgreementId, list[Task]]:
        found: dict[AgreementId, list[Task]] = defaultdict(list)
        for task in self.store.open_tasks():
            agreement = self.desk.agreement_of(task)
            if agreement is not None:
                found[agreement].append(task)
        return found

    def _of(self, name: AgreementId, additions: dict[AdditionId, Addition], tasks: list[Task]) -> Forecast | str:
        agreement = self.desk.agreements[name]
        dates = AgreementDates.of(agreement, self.desk.billed.get(name)) if agreement else None
        if agreement is None or dates is None:
            return f"Agreement {agreement.name if agreement else name} ({name}) bills no periods."
        found = {task.id: plan for task in tasks if (plan := self._plan(task, additions)) is not None}
        links = {link.addition_id: link for link in self.store.links_in(name)}
        behind = sum(task.id not in found and self._head(task).id in found for task in tasks)
        waiting, plans = len(tasks) - len(found), list(found.values())
        return forecast(agreement, dates, list(additions.values()), links, plans, waiting=waiting, behind=behind)

    def _head(self, task: Task) -> Task:
        queue = self.store.tasks_of(task.subscription_id) if task.subscription_id else [task]
        return next((other for other in queue if other.status.is_open), task)

    def _plan(self, task: Task, additions: dict[AdditionId, Addition]) -> Plan | None:
        """What is left to write of a task that may be written next; tasks behind it depend on its result."""
        if self._head(task).id != task.id:
            return None
        plan = self.desk.plan(task, additions)
        return plan.without(self.store.done_keys(task.id)) if plan.is_ready else None

    async def _additions(self, name: AgreementId) -> dict[AdditionId, Addition] | str:
        try:
            return {held.id: held for held in await self.psa.additions(name)}
        except (Unreadable, NotFound) as error:
            return str(error)
