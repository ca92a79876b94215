"""The month's report, read from ConnectWise's additions, the audit and the tasks; nothing is saved.

Rule: report.md#contents-of-the-report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from cwtui.domain.errors import NotFound, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId, CustomerId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MappingKind
from cwtui.domain.month_report import AgreementReport, MonthReport, Reason, TaskMention, report_of
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.psa import Addition, Agreement
from cwtui.domain.records import AuditRow
from cwtui.domain.tasks import Task
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.reporting.agreements import billed_agreements
from cwtui.engine.workspace import Feature
from cwtui.wording.problems import sentence


@dataclass(slots=True)
class Reporter(Feature):
    """Reads agreements, additions and the audit."""

    desk: PlanningDesk

    async def report(self, month: date | None, customer: CustomerId | None = None) -> MonthReport:
        """What is billed in a month, or on the next invoices, by customer and agreement.

        Args:
            month: Its first day; None for the next invoices.
            customer: Only this customer's agreements and tasks.

        Raises:
            InputError: The customer has no subscription on an agreement.
        """
        self.desk.forget()
        names = billed_agreements(self.store, self.desk, customer)
        await self.desk.load_agreements(set(names))
        known = [name for name in names if self.desk.agreements.get(name) is not None]
        answers = await self.workspace.each(known, self._additions, "Reading additions")
        found, skipped = [], [f"Agreement {name} does not exist in ConnectWise." for name in names if name not in known]
        reasons = self._reasons()
        for name, additions in zip(known, answers, strict=True):
            made = additions if isinstance(additions, str) else self._of(name, additions, month, reasons)
            if isinstance(made, str):
                skipped.append(made)
            else:
                found.append(made)
        tasks = [task for task in self.store.tasks() if customer is None or task.customer_id == customer]
        return MonthReport(
            month=month,
            as_of=self.desk.clock.today,
            agreements=tuple(sorted(found, key=lambda one: (one.customer_name.casefold(), one.name.casefold()))),
            warned=tuple(_mention(task, task.warnings, _accepted(task)) for task in tasks if task.warnings),
            waiting=tuple(_mention(task, _waits_for(task)) for task in tasks if task.status.is_open),
            skipped=tuple(skipped),
        )

    def _of(
        self,
        name: AgreementId,
        additions: Sequence[Addition],
        month: date | None,
        reasons: dict[AdditionId, tuple[Reason, ...]],
    ) -> AgreementReport | str:
        agreement = self.desk.agreements[name]
        dates = AgreementDates.of(agreement, self.desk.billed.get(name)) if agreement else None
        if agreement is None or dates is None:
            return f"Agreement {agreement.name if agreement else name} ({name}) bills no periods."
        return report_of(
            agreement,
            dates,
            additions,
            month,
            customers=self._customers(name),
            company_name=self._company(agreement),
            reasons=reasons,
        )

    def _customers(self, name: AgreementId) -> dict[AdditionId, tuple[CustomerId, str]]:
        """Whose subscription each linked addition bills."""
        found = {}
        for link in self.store.links_in(name):
            tasks = self.store.tasks_of(link.subscription_id)
            if tasks:
                found[link.addition_id] = (tasks[0].customer_id, tasks[0].customer_name)
        return found

    def _company(self, agreement: Agreement) -> str:
        """The name of the customer that is mapped to the agreement's company."""
        for mapping in self.store.mappings().of_kind(MappingKind.CUSTOMER):
            if mapping.connectwise_id == agreement.company_id:
                known = self.store.customer(CustomerId(mapping.key.marketplace_id))
                return known.name if known else mapping.key.marketplace_id
        return f"company {agreement.company_id}"

    def _reasons(self) -> dict[AdditionId, tuple[Reason, ...]]:
        """By addition: what cwtui wrote of it, oldest first. An addition that replaced another names both writes."""
        found: dict[AdditionId, list[Reason]] = defaultdict(list)
        for row in self.store.audit():
            if row.addition_id is not None and row.outcome.is_done:
                found[row.addition_id].append(self._reason(row))
        return {name: tuple(rows) for name, rows in found.items()}

    def _reason(self, row: AuditRow) -> Reason:
        task = self.store.task(row.task_id)
        return Reason(
            at=row.at,
            what=row.operation.value,
            order=task.order_number if task else "",
            rule=row.why.rule,
            arithmetic=tuple(row.why.arithmetic),
            who=row.who,
        )

    async def _additions(self, name: AgreementId) -> Sequence[Addition] | str:
        try:
            return await self.psa.additions(name)
        except (Unreadable, NotFound) as error:
            return str(error)


def _accepted(task: Task) -> str:
    """Who accepted its warnings, and when; empty while nobody did."""
    given = task.acceptance if task.is_accepted else None
    return f"{given.who}, {given.at:%Y-%m-%d}" if given else ""


def _waits_for(task: Task) -> tuple[str, ...]:
    texts = tuple(sentence(problem) for problem in task.problems)
    return texts or ((task.note,) if task.note else ())


def _mention(task: Task, texts: Sequence[str], accepted: str = "") -> TaskMention:
    return TaskMention(
        task_id=task.id,
        customer_id=task.customer_id,
        customer_name=task.customer_name,
        subscription_name=task.subscription_name,
        order_number=task.order_number,
        status=task.status.value,
        texts=tuple(texts),
        accepted=accepted,
    )
