"""What the state of version 2 under `fixtures/` was written of, and what its plans are.

`version_2_world.json` holds both services as they stood when the state was written. `version_2.json` is the state
with nothing to replay, `version_2_running.json` the same of a process that was killed: all since the first check is
only in its journal. `version_2_plans.json` holds the plan of each open task as that version made it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cwtui.domain.plans import Plan
from cwtui.store.table import as_document

FIXTURES = Path(__file__).parent / "fixtures"
PLANNED_ON = date(2026, 11, 25)
"""The day of those plans."""
_CHANGE = (
    "key", "operation", "agreement_id", "product_id", "charge", "before", "after", "arithmetic", "source", "rule",
    "is_standing", "edited", "left_out", "purpose",
)  # fmt: skip


def described(plan: Plan) -> dict[str, Any]:
    """A plan, but for the words of its problems."""
    document = as_document(plan)
    return {
        "task": plan.task_id,
        "agreement": plan.agreement_id,
        "changes": [{name: change[name] for name in _CHANGE} for change in document["changes"]],
        "warnings": document["warnings"],
        "notes": document["notes"],
        "problems": [problem.code.value for problem in plan.problems],
        "effective": document["effective"],
        "standing_from": document["standing_from"],
        "currency": plan.currency,
    }
