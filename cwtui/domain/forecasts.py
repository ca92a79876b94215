"""Forecast: an agreement's next invoice with and without the pending plans, and alarms for double or missing bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.charges import Charge
from cwtui.domain.ids import AdditionId, AgreementId, ProductId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation
from cwtui.domain.mappings import Link
from cwtui.domain.money import ZERO
from cwtui.domain.next_invoice import NextInvoice, next_invoice
from cwtui.domain.periods import ONE_DAY, BillingPeriod, span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import Addition, AdditionValues, Agreement, BillCustomer

APPROXIMATION = (
    "ConnectWise prorates this agreement by itself: additions that begin or end inside the period are counted by days,"
    " which its own arithmetic may differ from."
)


class AlarmCode(StrEnum):
    """What a forecast warns of."""

    DOUBLE_STANDING = "double_standing"
    POSSIBLE_DOUBLE = "possible_double"
    DOUBLE_PRORATION = "double_proration"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that would be billed twice, or not at all.

    Attributes:
        additions: Those concerned; an addition that is only planned has no id yet.
    """

    code: AlarmCode
    message: str
    additions: tuple[AdditionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next invoice of one agreement.

    Attributes:
        planned: How many changes of ready tasks are counted in `invoice.after`.
        waiting: Open tasks that are not counted: something is in their way, or an older task comes first.
        notes: What the numbers leave open.
    """

    agreement_id: AgreementId
    agreement_name: str
    currency: str
    invoice: NextInvoice
    planned: int
    waiting: int
    alarms: tuple[Alarm, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Billed:
    """One addition as it will be: what it bills, for what, and the task that wrote it last (or will)."""

    addition_id: AdditionId | None
    subscription_id: SubscriptionId
    product_id: ProductId
    charge: Charge | None
    values: AdditionValues
    is_standing: bool
    name: str
    task_id: TaskId | None
    is_given_back: bool = False

    @property
    def shown(self) -> str:
        """How a message names it."""
        return f"addition {self.addition_id}" if self.addition_id is not None else "a planned addition"


def forecast(
    agreement: Agreement,
    dates: AgreementDates,
    additions: Sequence[Addition],
    links: Mapping[AdditionId, Link],
    plans: Sequence[Plan],
    *,
    waiting: int = 0,
    behind: int = 0,
) -> Forecast:
    """Add up the next invoice before and after the plans, and look for doubles and gaps in what results.

    Args:
        agreement: The agreement.
        dates: Its billing periods and through when it is billed.
        additions: As ConnectWise holds them.
        links: Of the agreement's additions.
        plans: Of the tasks that are ready to be written to it.
        waiting: Open tasks whose plans are not among them.
        behind: How many of these wait only for a task whose plan is.
    """
    changes = [change for plan in plans for change in plan.to_write]
    invoice = next_invoice(additions, changes, dates)
    result = _after(additions, links, plans)
    notes = [APPROXIMATION] if dates.prorates else []
    if waiting > behind:
        notes.append(_not_counted(waiting - behind))
    if behind:
        notes.append(_not_counted_yet(behind))
    return Forecast(
        agreement_id=agreement.id,
        agreement_name=agreement.name,
        currency=agreement.currency,
        invoice=invoice,
        planned=len(changes),
        waiting=waiting,
        alarms=tuple(_alarms(result, dates, invoice.period)),
        notes=tuple(notes),
    )


def _after(additions: Iterable[Addition], links: Mapping[AdditionId, Link], plans: Iterable[Plan]) -> list[_Billed]:
    """The agreement's additions as they are once the plans are written."""
    held = {addition.id: _known(addition, links.get(addition.id)) for addition in additions}
    created = []
    for plan in plans:
        for change in plan.to_write:
            before = held.get(change.addition_id) if change.addition_id is not None else None
            if change.operation is Operation.DELETE and change.addition_id is not None:
                held.pop(change.addition_id, None)
            elif change.after is not None:
                made = _planned(change, plan, before)
                if change.operation is Operation.CREATE:
                    created.append(made)
                elif change.addition_id is not None:
                    held[change.addition_id] = made
    return [*held.values(), *created]


def _known(addition: Addition, link: Link | None) -> _Billed:
    return _Billed(
        addition_id=addition.id,
        subscription_id=link.subscription_id if link else SubscriptionId(""),
        product_id=link.product_id if link else ProductId(""),
        charge=link.charge if link else None,
        values=addition.values,
        is_standing=link.is_standing if link else addition.values.cancelled is None,
        name=addition.values.description or addition.catalog_item,
        task_id=link.task_id if link else None,
        is_given_back=link.is_given_back if link else False,
    )


def _planned(change: Change, plan: Plan, before: _Billed | None) -> _Billed:
    if change.after is None:
        raise AssertionError(f"{change.key} leaves nothing")
    return _Billed(
        addition_id=change.addition_id,
        subscription_id=before.subscription_id if before and before.subscription_id else plan.subscription_id,
        product_id=change.product_id,
        charge=change.charge,
        values=change.after,
        is_standing=change.is_standing,
        name=change.after.description,
        task_id=plan.task_id,
    )


def _alarms(billed: Sequence[_Billed], dates: AgreementDates, period: BillingPeriod) -> Iterable[Alarm]:
    charged = [one for one in billed if one.values.bill is BillCustomer.BILLABLE and not one.is_given_back]
    standing: dict[tuple[SubscriptionId, ProductId], list[_Billed]] = defaultdict(list)
    for one in charged:
        if one.is_standing and one.subscription_id:
            standing[one.subscription_id, one.product_id].append(one)
    for owned in standing.values():
        owned.sort(key=lambda one: (one.values.effective, one.values.cancelled or one.values.effective))
        yield from _doubles(owned, period)
        yield from _gaps(owned, dates)
    yield from _hand_made(charged, period)
    once = [one for one in charged if one.charge is Charge.PRORATED or (one.charge is None and not one.is_standing)]
    yield from _prorations(once, dates, period)


def _doubles(owned: Sequence[_Billed], period: BillingPeriod) -> Iterable[Alarm]:
    """Two standing additions of one subscription and product that bill the same day, from this invoice on.

    Different prices of one product stand beside each other rightly, where one task wrote them so.
    """
    for number, second in enumerate(owned):
        first = next((one for one in owned[:number] if _is_double(one, second, period)), None)
        if first is not None:
            yield Alarm(
                AlarmCode.DOUBLE_STANDING,
                f"{first.name}: {first.shown} and {second.shown} bill subscription {first.subscription_id} at once"
                f" from {max(second.values.effective, period.start)} on.",
                _ids(first, second),
            )


def _is_double(first: _Billed, second: _Billed, period: BillingPeriod) -> bool:
    ends = first.values.cancelled
    is_over = ends is not None and (ends < second.values.effective or ends < period.start)
    is_past = second.values.cancelled is not None and second.values.cancelled < period.start
    is_meant = first.task_id == second.task_id and first.values.unit_price != second.values.unit_price
    return not (is_over or is_past or is_meant)


def _gaps(owned: Sequence[_Billed], dates: AgreementDates) -> Iterable[Alarm]:
    """Days between an ended addition and its successor that nobody is charged for; invoiced days are left out."""
    last: _Billed | None = None
    for second in owned:
        ends = last.values.cancelled if last else None
        if last is not None and ends is not None:
            starts, next_day = second.values.effective, ends + ONE_DAY
            if starts > next_day and starts > dates.first_open_day:
                days = span_text(next_day, starts - ONE_DAY)
                yield Alarm(
                    AlarmCode.GAP,
                    f"{second.name}: nothing bills subscription {last.subscription_id} for {days}.",
                    _ids(last, second),
                )
        if last is None or (ends is not None and (second.values.cancelled is None or second.values.cancelled > ends)):
            last = second


def _hand_made(charged: Sequence[_Billed], period: BillingPeriod) -> Iterable[Alarm]:
    """An unlinked standing addition that looks like one of ours."""
    live = [one for one in charged if one.is_standing and _is_live(one.values, period)]
    ours = [one for one in live if one.subscription_id]
    for other in live:
        if other.subscription_id:
            continue
        for mine in ours:
            same = mine.values.catalog_item_id == other.values.catalog_item_id
            if same and mine.values.quantity == other.values.quantity:
                yield Alarm(
                    AlarmCode.POSSIBLE_DOUBLE,
                    f"{mine.name}: {other.shown} was made by hand and bills the same item and quantity as {mine.shown}"
                    f" of subscription {mine.subscription_id}.",
                    _ids(mine, other),
                )
                break


def _prorations(once: Sequence[_Billed], dates: AgreementDates, period: BillingPeriod) -> Iterable[Alarm]:
    """The same days prorated twice: by two additions, or by one where ConnectWise prorates by itself.

    Two orders of one day may rightly add the same; it is a double only if one task, or an unknown one, made both.
    """
    live = [one for one in once if _is_live(one.values, period)]
    seen: dict[tuple[str, Decimal, Decimal, TaskId | None], _Billed] = {}
    for one in sorted(live, key=lambda one: one.task_id is None):
        values = one.values
        key = (values.description, values.quantity, values.unit_price, one.task_id)
        if one.task_id is None:
            twin = next((known for place, known in seen.items() if place[:3] == key[:3]), None)
            if twin is not None:
                seen[key] = twin
        if dates.prorates and one.charge is Charge.PRORATED:
            yield Alarm(
                AlarmCode.DOUBLE_PRORATION,
                f"{one.name}: {one.shown} is prorated, and ConnectWise prorates this agreement by itself.",
                _ids(one),
            )
        elif key in seen:
            yield Alarm(
                AlarmCode.DOUBLE_PRORATION,
                f"{one.name}: {seen[key].shown} and {one.shown} bill the same prorated days of subscription"
                f" {one.subscription_id}.",
                _ids(seen[key], one),
            )
        if one.task_id is not None:
            seen[key] = one


def _is_live(values: AdditionValues, period: BillingPeriod) -> bool:
    return values.effective <= period.end and (values.cancelled is None or values.cancelled >= period.start)


def _ids(*billed: _Billed) -> tuple[AdditionId, ...]:
    return tuple(one.addition_id for one in billed if one.addition_id is not None)


def totals(forecasts: Iterable[Forecast]) -> Mapping[str, tuple[Decimal, Decimal]]:
    """Before and after by currency."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for one in forecasts:
        before, after = found.get(one.currency, (ZERO, ZERO))
        found[one.currency] = (before + one.invoice.before, after + one.invoice.after)
    return found


def _not_counted(waiting: int) -> str:
    if waiting == 1:
        return "1 open task is not counted: it needs action first."
    return f"{waiting} open tasks are not counted: they need action first."


def _not_counted_yet(behind: int) -> str:
    if behind == 1:
        return "1 open task is not counted yet: it is written after one that is, and changes the sum again."
    return f"{behind} open tasks are not counted yet: they are written after ones that are, and change the sum again."
