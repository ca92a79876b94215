"""Planning: plans.md as code. `plan_task` reads facts and returns a plan; one module per kind of task."""

from cwtui.domain.planning.facts import PlanningFacts, PlanningRules
from cwtui.domain.planning.task import plan_task

__all__ = ["PlanningFacts", "PlanningRules", "plan_task"]
