"""The wizard's steps for one task: customer, products, agreement, additions, confirm; which are answered.

Rule: mapping.md#a-mapping-stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cwtui.domain.charges import Charge
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import Product
from cwtui.domain.plans import Plan
from cwtui.domain.problems import ProblemCode
from cwtui.domain.tasks import Task
from cwtui.engine.mapping.mapping import MappingEditor
from cwtui.wording.problems import sentence


class Stage(StrEnum):
    """What a step is about; in the order they come."""

    CUSTOMER = "customer"
    PRODUCT = "product"
    AGREEMENT = "agreement"
    ADDITIONS = "additions"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class WizardStep:
    """One step of the wizard.

    Attributes:
        key: What is to be mapped; None for additions and confirm.
        name: The marketplace's name of it; `detail` is a product's MPN.
        answer: What it is mapped to.
        is_answered: It is mapped, and nothing is wrong with what it is mapped to.
        problem: What is wrong with what it is mapped to.
    """

    stage: Stage
    key: MappingKey | None = None
    name: str = ""
    detail: str = ""
    answer: str = ""
    is_answered: bool = False
    problem: str = ""


_AGREEMENT_PROBLEMS = frozenset(
    [
        ProblemCode.AGREEMENT_UNMAPPED,
        ProblemCode.AGREEMENT_WRONG_COMPANY,
        ProblemCode.AGREEMENT_INACTIVE,
        ProblemCode.AGREEMENT_ENDED,
        ProblemCode.AGREEMENT_NOT_BILLING,
        ProblemCode.BILLING_CYCLE_MISMATCH,
        ProblemCode.CURRENCY_MISMATCH,
    ]
)


def steps_of(task: Task, plan: Plan, editor: MappingEditor) -> list[WizardStep]:
    """The steps of a task, in the wizard's order.

    Args:
        task: An open one.
        plan: Its plan as it stands: its problems say which answers are no good.
        editor: Holds the mappings and their names.
    """
    steps = [_step(editor, Stage.CUSTOMER, MappingKind.CUSTOMER, task.customer_id, task.customer_name, plan)]
    steps += _product_steps(task, plan, editor)
    steps.append(
        _step(editor, Stage.AGREEMENT, MappingKind.AGREEMENT, task.subscription_id, task.subscription_name, plan)
    )
    return [*steps, WizardStep(Stage.ADDITIONS), WizardStep(Stage.CONFIRM)]


def _step(editor: MappingEditor, stage: Stage, kind: MappingKind, name: str, text: str, plan: Plan) -> WizardStep:
    key = MappingKey(kind, name)
    target = editor.store.mappings().get(key)
    wrong = _agreement_problem(plan) if kind is MappingKind.AGREEMENT else ""
    return WizardStep(
        stage,
        key,
        text,
        answer="" if target is None else editor.connectwise_name(Mapping(key, target)) or str(target),
        is_answered=target is not None and not wrong,
        problem="" if target is None else wrong,
    )


def _agreement_problem(plan: Plan) -> str:
    return " ".join(sentence(problem) for problem in plan.problems if problem.code in _AGREEMENT_PROBLEMS)


def _product_steps(task: Task, plan: Plan, editor: MappingEditor) -> Iterable[WizardStep]:
    inactive = {
        problem.target: sentence(problem)
        for problem in plan.problems
        if problem.code is ProblemCode.CATALOG_ITEM_INACTIVE
    }
    for product, charges in editor.billed(task).items():
        keys = dict.fromkeys(_key(editor, product, charge) for charge in sorted(charges))
        for key in keys:
            target = editor.store.mappings().get(key)
            wrong = inactive.get(str(target), "")
            yield WizardStep(
                Stage.PRODUCT,
                key,
                product.name,
                product.mpn,
                answer="" if target is None else editor.connectwise_name(Mapping(key, target)) or str(target),
                is_answered=target is not None and not wrong,
                problem=wrong,
            )


def _key(editor: MappingEditor, product: Product, charge: Charge) -> MappingKey:
    """The mapping that a charge uses: its own where there is one, else the product's."""
    own = MappingKey(MappingKind.PRODUCT, product.id, charge)
    return own if editor.store.mappings().get(own) is not None else MappingKey(MappingKind.PRODUCT, product.id)
