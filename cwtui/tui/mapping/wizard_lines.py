"""The wizard's texts: its steps, their questions, and the amounts to be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.ledger import Operation
from cwtui.domain.money import ZERO, plain, price_text
from cwtui.domain.next_invoice import NextInvoice, totals_by_charge
from cwtui.domain.periods import span_text
from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import BillCustomer
from cwtui.domain.tasks import TaskStatus
from cwtui.engine.mapping.wizard_steps import Stage, WizardStep
from cwtui.engine.mapping.workbench import Review
from cwtui.tui.mapping.rows import MARKETPLACE_WORD
from cwtui.tui.widgets.detail_pane import Line, block
from cwtui.tui.widgets.tone import Tone
from cwtui.wording.problems import sentence

_ALWAYS = (Charge.SETUP, Charge.RECURRING, Charge.PRORATED, Charge.OVERUSE, Charge.CANCELLATION)
"""Charges that are shown even without additions, so that the operator sees that none is billed."""
_TITLES = {
    Charge.SETUP: "Setup",
    Charge.RECURRING: "Recurring, each billing period",
    Charge.PRORATED: "Prorated",
    Charge.OVERUSE: "Overuse",
    Charge.CANCELLATION: "Cancellation",
    Charge.CREDIT: "Credit",
    Charge.USAGE: "Usage",
    Charge.OTHER: "Other",
}
_WIDTH = 44
_STAGES = {
    Stage.CUSTOMER: "Customer",
    Stage.PRODUCT: "Product",
    Stage.AGREEMENT: "Agreement",
    Stage.ADDITIONS: "Additions",
    Stage.CONFIRM: "Confirm",
}


def step_labels(steps: Sequence[WizardStep], place: int) -> list[tuple[str, bool]]:
    """The steps in words, and which one is the present: `✓ Customer`, `▸ Product 1 of 2`, `Agreement`."""
    products = [at for at, step in enumerate(steps) if step.stage is Stage.PRODUCT]
    labels = []
    for at, step in enumerate(steps):
        number = f" {products.index(at) + 1} of {len(products)}" if at in products and len(products) > 1 else ""
        mark = "▸ " if at == place else "✓ " if step.is_answered or at < place else ""
        labels.append((f"{mark}{_STAGES[step.stage]}{number}", at == place))
    return labels


def question_of(step: WizardStep) -> str:
    """What a step asks."""
    name = f"{step.name} ({step.key.marketplace_id})" if step.key else ""
    charge = f", {step.key.charge} charge" if step.key and step.key.charge else ""
    match step.stage:
        case Stage.CUSTOMER:
            text = f"Which ConnectWise company is customer {name}?"
        case Stage.PRODUCT:
            text = f"Which catalog item bills product {name}{charge}?"
        case Stage.AGREEMENT:
            text = f"Which agreement bills subscription {name}?"
        case Stage.ADDITIONS:
            text = "These additions will be written. Edit them, or go on with ctrl+s."
        case Stage.CONFIRM:
            text = "Read what will be written; y writes it to ConnectWise."
    return f"{text} {step.problem}".rstrip()


def review_lines(review: Review, steps: Sequence[WizardStep]) -> list[Line]:
    """Setup, recurring, prorated, overuse and cancellation apart, each with its total; then the next invoice."""
    plan = review.plan
    return [
        *_blockers(review),
        *_answers(steps),
        *_charges(plan),
        *_ended(plan),
        *_invoice(review.next_invoice, plan.currency),
        *_remarks(plan),
    ]


def why_not_written(review: Review) -> str:
    """Why a plan cannot be written now; empty if it can. What a guard stopped, `y` confirms (plans.md#guards)."""
    if review.task.status is TaskStatus.WAITING:
        return "An older task of this subscription comes first: sync or skip that one."
    return " ".join(sentence(problem) for problem in review.plan.problems if problem.code != "guard")


def _blockers(review: Review) -> Iterator[Line]:
    if why_not := why_not_written(review):
        yield Line("It cannot be written yet", Tone.HEADING)
        yield Line(f"! {why_not}", Tone.ATTENTION)
        yield Line("")
    if review.task.note:
        yield from block(review.task.note, Tone.ATTENTION)
        yield Line("")


def _answers(steps: Sequence[WizardStep]) -> Iterator[Line]:
    for step in steps:
        if step.key is not None:
            charge = f", {step.key.charge}" if step.key.charge else ""
            yield Line(f"{MARKETPLACE_WORD[step.key.kind]} {step.name}{charge} → {step.answer or 'not mapped'}")


def _charges(plan: Plan) -> Iterator[Line]:
    totals = totals_by_charge(plan.changes)
    created = [change for change in plan.to_write if change.operation is Operation.CREATE]
    was_detailed = True
    for charge in Charge:
        mine = [change for change in created if change.charge is charge]
        if not mine and charge not in _ALWAYS:
            continue
        if mine or was_detailed:
            yield Line("")
        was_detailed = bool(mine)
        yield _amount(_TITLES[charge], totals.get(charge, ZERO), plan.currency, Tone.HEADING if mine else Tone.MUTED)
        for change in mine:
            yield from _created(change)


def _created(change: Change) -> Iterator[Line]:
    values = change.after
    if values is None:
        return
    until = f" to {values.cancelled}" if values.cancelled else " on"
    bill = "" if values.bill is BillCustomer.BILLABLE else f" · {values.bill}"
    edited = " · edited" if change.edited else ""
    shown = f"{plain(values.quantity)} × {price_text(values.unit_price)} = {price_text(change.amount)}"
    yield Line(f"+ {shown} · from {values.effective}{until}{bill}{edited}", indent=2)
    yield Line(values.description, Tone.MUTED, indent=4)


def _ended(plan: Plan) -> Iterator[Line]:
    others = [change for change in plan.to_write if change.operation is not Operation.CREATE]
    if others:
        yield Line("")
        yield Line("Changed or deleted", Tone.HEADING)
    for change in others:
        before = change.before.values if change.before else None
        quantity = f"{plain(before.quantity)} × {price_text(before.unit_price)}" if before else ""
        if change.after is None:
            yield Line(f"− deleted: addition {change.addition_id}, {quantity}", indent=2)
        else:
            last = f"ends on {change.after.cancelled}" if change.after.cancelled else "changed"
            yield Line(f"~ {last}: addition {change.addition_id}, {quantity}", indent=2)
        yield Line(before.description if before else "", Tone.MUTED, indent=4)
    left_out = [change for change in plan.changes if change.left_out]
    if left_out:
        yield Line("")
        yield Line("Left out", Tone.HEADING)
    for change in left_out:
        text = change.after.description if change.after else f"addition {change.addition_id}"
        yield Line(f"» {change.charge}: {text}", Tone.MUTED, indent=2)


def _invoice(invoice: NextInvoice | None, currency: str) -> Iterator[Line]:
    if invoice is None:
        return
    yield Line("")
    yield Line(f"The agreement's next invoice, {span_text(invoice.period.start, invoice.period.end)}", Tone.HEADING)
    yield _amount("before", invoice.before, currency)
    yield _amount("after", invoice.after, currency)
    sign = "+" if invoice.difference > 0 else ""
    yield Line(f"  {'difference':<{_WIDTH}}{sign + price_text(invoice.difference):>12} {currency}".rstrip(), Tone.GOOD)
    if invoice.is_prorated:
        text = "ConnectWise prorates this agreement by itself: what begins or ends inside is counted by days here."
        yield Line(text, Tone.MUTED, indent=2)


def _amount(title: str, amount: Decimal, currency: str, tone: Tone = Tone.NORMAL) -> Line:
    return Line(f"  {title:<{_WIDTH}}{price_text(amount):>12} {currency}".rstrip(), tone)


def _remarks(plan: Plan) -> Iterator[Line]:
    for title, texts, tone in (
        ("Dropped edits", plan.dropped_edits, Tone.ATTENTION),
        ("Warnings", plan.warnings, Tone.ATTENTION),
        ("Notes", plan.notes, Tone.NORMAL),
    ):
        if texts:
            yield Line("")
            yield Line(title, Tone.HEADING)
        yield from (Line(f"· {text}", tone) for text in texts)
