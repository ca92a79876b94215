from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cwtui.domain.charges import Charge
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.mappings import Link
from cwtui.domain.psa import AdditionValues
from cwtui.domain.tasks import Task, TaskKind, TaskStatus

MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
TASK = Task(
    TaskId("1000.2000"),
    TaskKind.SALES_ORDER,
    TaskStatus.READY,
    CustomerId("C1"),
    "Green Lane LLC",
    SubscriptionId("2000"),
    "Exchange Online (Plan 1)",
    OrderId("1000"),
    "SO1000",
    MOMENT,
)
VALUES = AdditionValues(
    CatalogItemId(7), Decimal(10), Decimal("4.50"), Decimal("3.60"), date(2026, 12, 1), description="Exchange Online"
)
LINK = Link(
    AdditionId(1),
    AgreementId(10),
    SubscriptionId("2000"),
    ProductId("MFL-1"),
    Charge.RECURRING,
    VALUES,
    TASK.id,
    MOMENT,
    is_standing=True,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def moment() -> datetime:
    return MOMENT


@pytest.fixture
def values() -> AdditionValues:
    return VALUES


@pytest.fixture
def task() -> Callable[..., Task]:
    """A task; what is named differs from the usual one."""

    def made(identifier: str = "1000.2000", **different: object) -> Task:
        return replace(TASK, id=TaskId(identifier), **different)  # type: ignore[arg-type]

    return made


@pytest.fixture
def link() -> Callable[..., Link]:
    """A link; what is named differs from the usual one."""

    def made(addition_id: int = 1, **different: object) -> Link:
        return replace(LINK, addition_id=AdditionId(addition_id), **different)  # type: ignore[arg-type]

    return made
