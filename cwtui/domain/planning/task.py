"""`plan_task`: one task's plan and everything that keeps it from being ready (plans.md)."""

from __future__ import annotations

from datetime import date

from cwtui.domain.marketplace import Subscription, SubscriptionStatus
from cwtui.domain.periods import ONE_DAY
from cwtui.domain.planning.billing import plan_billing_order
from cwtui.domain.planning.by_hand import check_by_hand
from cwtui.domain.planning.cancellation import plan_cancellation_order
from cwtui.domain.planning.change import plan_change_order
from cwtui.domain.planning.dates import AgreementDates, plan_dates
from cwtui.domain.planning.draft import Draft
from cwtui.domain.planning.facts import PlanningFacts
from cwtui.domain.planning.ground import (
    agreement_problems,
    another_companys,
    bills_by_statement,
    deleted_company,
    ends_before,
    link_changed,
    unknown_agreement,
    unmapped_customer,
)
from cwtui.domain.planning.invoiced_before import leave_out_what_was_charged
from cwtui.domain.planning.lines import ChargedLine, charged_lines
from cwtui.domain.planning.pricing import check_currency, item_for
from cwtui.domain.planning.renewal import plan_renewal_order
from cwtui.domain.planning.sales import plan_sales_order
from cwtui.domain.plans import Change, Plan
from cwtui.domain.problems import ProblemCase, ProblemCode
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import TaskKind, kind_of, lines_of, stray_lines

_RULES = {
    TaskKind.SALES_ORDER: plan_sales_order,
    TaskKind.CHANGE_ORDER: plan_change_order,
    TaskKind.BILLING_ORDER: plan_billing_order,
    TaskKind.CANCELLATION_ORDER: plan_cancellation_order,
    TaskKind.RENEWAL_ORDER: plan_renewal_order,
}


def plan_task(facts: PlanningFacts) -> Plan:
    """Make the plan of one task, without the operator's edits.

    Args:
        facts: Everything it depends on. Nothing else is read: the same facts give the same plan.

    Returns:
        The plan with its problems; it may be written only if it has none. What can be computed is shown even
        where something else is missing.
    """
    agreement = facts.agreement
    effective = _effective(facts)
    dates = plan_dates(agreement, facts.billed_through, effective) if agreement and effective else None
    draft = Draft(facts, facts.subscription or _unknown_subscription(facts), agreement, dates)
    for unread in facts.unread:
        draft.add_problem(unread)
    if facts.subscription is None:
        _plan_without_subscription(draft)
    else:
        check_mappings(draft)
        _plan_by_kind(draft)
        leave_out_what_was_charged(draft)
    _check_end(draft)
    _check_links(draft)
    _check_calendar(draft)
    check_by_hand(draft)
    return Plan(
        task_id=facts.task.id,
        subscription_id=facts.task.subscription_id,
        agreement_id=agreement.id if agreement else None,
        changes=_ends_first(draft.changes),
        warnings=tuple(dict.fromkeys(draft.warnings)) if draft.warnings else (),
        notes=tuple(dict.fromkeys(draft.notes)) if draft.notes else (),
        problems=tuple(draft.problems),
        effective=effective,
        standing_from=dates.start if dates else None,
        currency=agreement.currency if agreement else "",
        beyond_guard=tuple(draft.beyond_guard) if draft.beyond_guard else (),
    )


def _plan_by_kind(draft: Draft) -> None:
    task = draft.facts.task
    lines = _lines(draft)
    rule = _RULES.get(task.kind)
    if task.kind is TaskKind.RECONCILIATION:
        _needs_reconciling(draft)
    elif rule is not None and not _has_unknown_type(draft):
        rule(draft, lines)


def check_mappings(draft: Draft) -> None:
    """Customer, agreement and how they fit the subscription (plans.md#problems)."""
    task, mappings = draft.facts.task, draft.facts.mappings
    company = mappings.company(task.customer_id)
    if company is None:
        draft.add_problem(unmapped_customer(task))
    if company is not None and draft.facts.is_company_deleted:
        draft.add_problem(deleted_company(company, task.customer_name))
    if bills_by_statement(draft.subscription):
        draft.problem(
            ProblemCode.STATEMENT_BILLING_UNSUPPORTED,
            task.subscription_id,
            {"name": task.subscription_name, "subscription": task.subscription_id},
        )
    mapped = mappings.agreement(task.subscription_id)
    if mapped is None:
        draft.problem(
            ProblemCode.AGREEMENT_UNMAPPED,
            task.subscription_id,
            {"name": task.subscription_name, "subscription": task.subscription_id},
            Remedy(Action.MAP, task.subscription_id, "agreement"),
            ProblemCase.SUBSCRIPTION,
        )
        return
    agreement = draft.agreement
    if agreement is None:
        draft.add_problem(unknown_agreement(mapped))
        return
    for problem in (
        *agreement_problems(agreement, draft.facts.subscription),
        *another_companys(agreement, company),
    ):
        draft.add_problem(problem)


def _effective(facts: PlanningFacts) -> date | None:
    """Take e: the order's day; for an `initial` task the first unbilled period start (plans.md#effective-date)."""
    if facts.task.is_initial:
        dates = AgreementDates.of(facts.agreement, facts.billed_through) if facts.agreement else None
        return dates.initial_effective(facts.today) if dates else None
    return facts.order.effective if facts.order else None


def _lines(draft: Draft) -> tuple[ChargedLine, ...]:
    """The order's lines for this subscription, added up; what cannot be billed becomes a problem."""
    order = draft.facts.order
    if order is None or draft.facts.task.is_initial:
        return ()
    own = lines_of(order, draft.facts.task.subscription_id)
    for line in own:
        if line.extended is not None and line.extended.amount:
            check_currency(draft, line.extended.currency)
    lines, problems = charged_lines(
        own,
        draft.subscription,
        totals_apart=draft.facts.task.kind is TaskKind.CHANGE_ORDER,
    )
    for problem in problems:
        draft.add_problem(problem)
    for stray in stray_lines(order):
        draft.problem(
            ProblemCode.SUBSCRIPTION_MISSING,
            f"{order.id}:{stray.type}",
            {"type": stray.type, "order": order.id, "number": order.number},
            case=ProblemCase.STRAY_LINE,
        )
    return lines


def _has_unknown_type(draft: Draft) -> bool:
    order = draft.facts.order
    if draft.facts.task.is_initial or (order is not None and kind_of(order) is not None):
        return False
    if order is None:
        draft.problem(
            ProblemCode.UNKNOWN_ORDER_TYPE,
            draft.facts.task.order_id,
            {"order": draft.facts.task.order_id, "number": draft.facts.task.order_number},
            case=ProblemCase.NOT_KNOWN_ANY_MORE,
        )
        return True
    draft.problem(
        ProblemCode.UNKNOWN_ORDER_TYPE,
        order.id,
        {"order": order.id, "number": order.number, "type": order.type.value},
        case=ProblemCase.NO_RULE,
    )
    return True


def _needs_reconciling(draft: Draft) -> None:
    """A migrated subscription is reconciled by a person, never automatically (check.md#order-kinds)."""
    task = draft.facts.task
    draft.problem(
        ProblemCode.LINK_MISSING,
        task.subscription_id,
        {"name": task.subscription_name, "subscription": task.subscription_id},
        Remedy(Action.RECONCILE, task.customer_id),
        ProblemCase.MIGRATED,
    )


def _check_calendar(draft: Draft) -> None:
    """Warn where ConnectWise may invoice something else than cwtui computes (plans.md#calendar-warnings)."""
    agreement, dates = draft.agreement, draft.dates
    if agreement is None or dates is None or not draft.changes:
        return
    if agreement.next_invoice is None and agreement.parent_id is None:
        return
    following = dates.billed_through + ONE_DAY
    period = dates.calendar.period_of(following)
    if following not in {period.start, agreement.first_billable}:
        draft.warnings.append(
            f"Agreement {agreement.name} is invoiced next from {following}, its billing periods begin on {period.start}"
            f" and {period.end + ONE_DAY}: ConnectWise may invoice other days than these dates count on."
        )
    if draft.facts.today > period.end + ONE_DAY:
        draft.warnings.append(
            f"Agreement {agreement.name} is invoiced next from {following}, more than a billing period ago:"
            " ConnectWise may invoice other days than these dates count on."
        )


def _check_end(draft: Draft) -> None:
    """No addition may begin after the agreement has ended (plans.md#problems)."""
    for problem in ends_before(draft.agreement, draft.needed):
        draft.add_problem(problem)


def _check_links(draft: Draft) -> None:
    """Additions that the plan relies on must be as cwtui wrote them, in the mapped agreement (plans.md#problems)."""
    additions, agreement = draft.facts.additions, draft.agreement
    for link in draft.counted_on.values():
        name = draft.name_of(link.product_id)
        if agreement is not None and link.agreement_id != agreement.id:
            draft.problem(
                ProblemCode.LINK_CHANGED,
                str(link.addition_id),
                {"addition": link.addition_id, "name": name, "theirs": link.agreement_id, "ours": agreement.id},
                case=ProblemCase.OTHER_AGREEMENT,
            )
        elif additions is not None:
            held = additions.get(link.addition_id)
            if held is not None and held.values == link.values:
                continue
            remedy = Remedy(Action.SETTLE_DRIFT, str(link.addition_id))
            if found := link_changed(link, link.drift(held.values) if held else None, name, remedy):
                draft.add_problem(found)


def _ends_first(changes: list[Change]) -> tuple[Change, ...]:
    """Ends and deletions before creations, as people read a change; they are written the other way round."""
    return tuple(sorted(changes, key=_is_creation)) if len(changes) > 1 else tuple(changes)


def _is_creation(change: Change) -> bool:
    return change.before is None


def _unknown_subscription(facts: PlanningFacts) -> Subscription:
    task = facts.task
    return Subscription(task.subscription_id, task.subscription_name, task.customer_id, SubscriptionStatus.UNKNOWN)


def _plan_without_subscription(draft: Draft) -> None:
    """Nothing can be planned; the other problems are reported all the same."""
    task = draft.facts.task
    if not draft.facts.unread:
        draft.problem(
            ProblemCode.SUBSCRIPTION_MISSING,
            task.subscription_id,
            {"subscription": task.subscription_id, "order": task.order_id, "number": task.order_number},
            case=ProblemCase.NOT_SHOWN,
        )
    if task.subscription_id:
        check_mappings(draft)
    for line in _lines(draft):
        if not draft.is_plan_fee(line.product_id):
            item_for(draft, line.product_id, line.charge)
        if line.unit_price is not None:
            check_currency(draft, line.unit_price.currency)
