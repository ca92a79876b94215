"""What the state of version 2 under `fixtures/` was written of, and what its plans are.

`version_2_world.json` holds both services as they stood when the state was written. `version_2.json` is the state
with nothing to replay, `version_2_running.json` the same of a process that was killed: all since the first check is
only in its journal. `version_2_plans.json` holds the plan of each open task as that version made it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cwtui.domain.check_records import (
    Compared,
    Difference,
    DifferenceKind,
    ExplainingOrder,
    History,
    LastComparison,
    Unread,
)
from cwtui.domain.counts import LastReport
from cwtui.domain.ids import CatalogItemId, OrderId, ProductId, SubscriptionId, TaskId
from cwtui.domain.marketplace import OrderStatus
from cwtui.domain.plans import Plan
from cwtui.domain.problems import ProblemCode
from cwtui.domain.records import Told
from cwtui.store.state import State
from cwtui.store.table import as_document

DIFFERENCE = TaskId("difference-20261124.S1")
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


def holds_everything(state: State) -> None:
    """What version 2 kept as facts."""
    tasks = {task.id: task for task in state.tasks()}
    (repair,) = [repair for name in tasks if name.endswith(".S4") and (repair := state.repair(name)) is not None]
    assert (repair.agreement_id, repair.subscription_id, repair.day) == (102, "S4", date(2026, 12, 1))
    (target,) = repair.targets
    assert (target.wanted.quantity, target.wanted.price, target.wanted.catalog_item_id) == (
        Decimal(9),
        Decimal("12.10"),
        502,
    )
    assert [(held.id, held.values.quantity) for held in target.holds] == [(9004, Decimal(2))]
    assert [(held.id, held.values.quantity) for held in target.beside] == [(9007, Decimal(1))]

    found = (Difference(DifferenceKind.QUANTITY, text="It holds 6 of Exchange Online, its additions bill 10."),)
    assert state.differences(DIFFERENCE) == found

    counted = {name: record for name in tasks if (record := state.counts(name)) is not None}
    assert len(counted) == 4
    record = next(one for one in counted.values() if one.report == "usage2.csv" and one.account == "IM100201")
    assert [(item.name, item.quantity) for item in record.items] == [
        ("MXS10C01SUNR_7.25", Decimal(9)),
        ("MXS10C01SUNR_7.95", Decimal(4)),
    ]
    assert record.doubts == {"spf20a01sunr": (4,)}
    assert record.known[CatalogItemId(503)] == "MXS10C01SUNR_7.25"
    assert [(held.agreement_id, held.catalog_item) for held in record.seen] == [(103, "MXS10C01SUNR_7.25")]
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert state.last_report("intermedia") == LastReport("intermedia", "usage2.csv", moment, 5)
    assert state.is_contact_due("intermedia:im100205")

    history = state.note(History)
    assert history is not None
    assert (history.states, history.follows_failed) == ({"7001": OrderStatus.PROCESSING}, True)
    compared = state.note(LastComparison)
    assert compared is not None
    assert compared.day == date(2026, 11, 25)
    changed, price = date(2026, 11, 24), {ProductId("P2"): Decimal("12.10")}
    assert compared.subscriptions[SubscriptionId("S2")] == Compared(
        changed, price, orders=(ExplainingOrder(OrderId("7001")),)
    )
    told, unread = state.note(Told), state.note(Unread)
    assert told is not None
    assert (told.at, len(told.marks)) == (datetime(2026, 11, 25, 12, tzinfo=UTC), 2)
    assert unread is not None
    assert unread.records["subscription S5"].code is ProblemCode.RECORD_UNREADABLE
    assert not any(state.fact(name) for name in ("check.history", "notify.told", f"difference:{DIFFERENCE}"))
