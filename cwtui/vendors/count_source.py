"""Where the plans of `count_update` tasks come from: the report's lines kept in the state (engine's `PlanSource`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from cwtui.domain.counts import CountRecord
from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Plan
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.psa import Addition
from cwtui.domain.tasks import Task, TaskKind
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.protocols import Store
from cwtui.vendors.count_facts import CountFacts
from cwtui.vendors.counting import plan_counts
from cwtui.vendors.layouts import Layout


@dataclass(slots=True)
class CountSource:
    """Fits the engine's `PlanSource` protocol, for every vendor's layout."""

    store: Store
    layouts: Mapping[str, Layout]

    def agreement_of(self, task: Task) -> AgreementId | None:
        """The operator's choice, else the account's agreement as it was found."""
        chosen = self.store.mappings().agreement(task.subscription_id)
        if chosen is not None:
            return chosen
        record = self.store.counts(task.id)
        return record.agreement_id if record else None

    def items_of(self, task: Task) -> Collection[CatalogItemId]:
        """The catalog items of the report's lines."""
        record = self.store.counts(task.id)
        return {item.catalog_item_id for item in record.items} if record else set()

    def plan(self, desk: PlanningDesk, task: Task, additions: Mapping[AdditionId, Addition] | None) -> Plan:
        """The plan of one account's counts; uses the additions that the report saw until they are read afresh."""
        record = self.store.counts(task.id)
        if record is None:
            problem = Problem(
                ProblemCode.SUBSCRIPTION_MISSING,
                {"report": task.order_number},
                task.id,
                case=ProblemCase.REPORT_GONE,
            )
            return Plan(task.id, task.subscription_id, self.agreement_of(task), problems=(problem,))
        layout = self.layouts.get(record.layout)
        if layout is None:
            problem = Problem(
                ProblemCode.PROFILE_MISSING,
                {"profile": record.layout, "report": record.report},
                record.layout,
            )
            return Plan(task.id, task.subscription_id, self.agreement_of(task), problems=(problem,))
        seen = record.seen if additions is None else list(additions.values())
        return plan_counts(self.facts(desk, task, record, seen, layout))

    def facts(
        self, desk: PlanningDesk, task: Task, record: CountRecord, additions: Sequence[Addition], layout: Layout
    ) -> CountFacts:
        """Everything the plan depends on, as far as it was loaded."""
        agreement_id = self.agreement_of(task)
        agreement = desk.agreements.get(agreement_id) if agreement_id is not None else None
        return CountFacts(
            task=task,
            layout=layout,
            report=record.report,
            items=record.items,
            doubts=record.doubts,
            company=self.store.mappings().company(task.customer_id),
            agreement_id=agreement_id,
            agreement=agreement,
            lacking=record.lacking,
            billed_through=desk.billed.get(agreement.id) if agreement else None,
            catalog=desk.items,
            additions=[held for held in additions if held.agreement_id == agreement_id],
            links=self.store.links_of(task.subscription_id),
            price_decimals=desk.rules.price_decimals,
            max_quantity_change=desk.rules.max_quantity_change,
            anywhere=record.anywhere,
            known=record.known,
            is_company_deleted=desk.companies.is_deleted(task),
            others=self._others(agreement_id),
            elsewhere=self._elsewhere(desk, task, agreement_id),
        )

    def _elsewhere(self, desk: PlanningDesk, task: Task, own: AgreementId | None) -> list[Link]:
        """What goes on in agreements that the account left; one that is gone or not active bills nothing."""
        found = []
        for link in self.store.links_of(task.subscription_id):
            agreement = desk.agreements.get(link.agreement_id)
            bills = link.agreement_id not in desk.agreements or (agreement is not None and not agreement.is_inactive)
            if link.is_standing and link.agreement_id != own and bills:
                ends = [day for day in (link.values.cancelled, agreement.end if agreement else None) if day]
                found.append(replace(link, values=replace(link.values, cancelled=min(ends, default=None))))
        return found

    def _others(self, agreement: AgreementId | None) -> dict[AdditionId, SubscriptionId]:
        """Additions of an agreement that bill what the marketplace sold."""
        links = self.store.links_in(agreement) if agreement is not None else ()
        return {
            link.addition_id: link.subscription_id
            for link in links
            if any(task.kind is not TaskKind.COUNT_UPDATE for task in self.store.tasks_of(link.subscription_id))
            or self.store.subscription(link.subscription_id) is not None
        }
