"""What the state of version 1 under `fixtures/` holds: the values that version wrote, table by table.

`version_1.json` is a file with nothing to replay. `version_1_running.json` is the same state of a process that was
killed: half of it is only in its journal, among it a row that was set anew and one that was dropped.
"""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cwtui.domain.charges import Charge
from cwtui.domain.check_records import History
from cwtui.domain.counts import CountedItem, CountRecord, LastReport
from cwtui.domain.ids import (
    INITIAL,
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    Mpn,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.ledger import Doubt, ImportIntent, Operation, Outcome, Owed, Purpose, TakenBack, Why
from cwtui.domain.mappings import Link, Mapping, MappingKey, MappingKind
from cwtui.domain.marketplace import (
    Address,
    BillingModel,
    Customer,
    Duration,
    Order,
    OrderLine,
    OrderProduct,
    OrderStatus,
    OrderType,
    Price,
    Product,
    ProductCost,
    Subscription,
    SubscriptionProduct,
    SubscriptionStatus,
)
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.domain.records import AuditRow, Cursor, RecordWrite
from cwtui.domain.repair_values import Repair, Target, WantedProduct
from cwtui.domain.tasks import Task, TaskKind, TaskStatus

MOMENT = datetime(2026, 11, 21, 12, 30, 15, 250000, tzinfo=UTC)
AGREEMENT = AgreementId(41)
VALUES = AdditionValues(
    CatalogItemId(7),
    Decimal("10.5000"),
    Decimal("4.50"),
    Decimal("3.6"),
    date(2026, 12, 1),
    date(2027, 11, 30),
    BillCustomer.NO_CHARGE,
    taxable=True,
    description='Exchange "Online" – Größe 😀\nsecond line',
)
STANDING = AdditionValues(CatalogItemId(8), Decimal(3), Decimal("-1.005"), Decimal(0), date(2026, 1, 31))
SUBSCRIPTION = Subscription(
    SubscriptionId("2000"),
    "Exchange Online (Plan 1)",
    CustomerId("C1"),
    SubscriptionStatus.ACTIVE,
    BillingModel.BEFORE_BILLING_PERIOD,
    Duration("month", Decimal(1)),
    date(2027, 11, 30),
    date(2026, 11, 21),
    "plan-9",
    (
        SubscriptionProduct(
            ProductId("MFL-1"),
            "Exchange",
            Mpn("MPN-1"),
            Decimal("10.50"),
            Price(Decimal("4.50"), "EUR"),
            Price(Decimal("3.6"), "EUR"),
        ),
        SubscriptionProduct(ProductId("MFL-2"), "Bare"),
    ),
    detailed=True,
)
BARE_SUBSCRIPTION = Subscription(SubscriptionId("2001"), "Listed only", CustomerId("C2"), SubscriptionStatus.UNKNOWN)
SUBSCRIPTIONS = (SUBSCRIPTION, BARE_SUBSCRIPTION)
ORDERS = (
    Order(
        OrderId("1000"),
        "SO1000",
        OrderType.SALES,
        OrderStatus.COMPLETED,
        CustomerId("C1"),
        MOMENT,
        MOMENT + timedelta(hours=2),
        (
            OrderLine(
                "recurring",
                ProductId("MFL-1"),
                Mpn("MPN-1"),
                "Exchange",
                Decimal("10.5"),
                Price(Decimal("4.50"), "EUR"),
                Price(Decimal("47.25"), "EUR"),
            ),
            OrderLine("setup"),
        ),
        (OrderProduct(ProductId("MFL-1"), "Exchange", SubscriptionId("2000")),),
        SubscriptionId("2000"),
        detailed=True,
    ),
    Order(OrderId("1001"), "CO1001", OrderType.CHANGE, OrderStatus.SUBMITTED, CustomerId("C2"), MOMENT),
)
CUSTOMERS = (
    Customer(
        CustomerId("C1"),
        "Green Lane LLC",
        "EXT-1",
        "active",
        Address("Main St 1", "2nd floor", "10115", "Berlin", "BE", "DE"),
        ("ops@green.example", "it@green.example"),
    ),
    Customer(CustomerId("C2"), "Müller & Söhne"),
)
PRODUCTS = (
    Product(
        ProductId("MFL-1"),
        "Exchange",
        Mpn("MPN-1"),
        "Microsoft",
        (
            ProductCost("recurring", Price(Decimal("3.6"), "EUR")),
            ProductCost("setup", Price(Decimal(0), "USD")),
        ),
    ),
    Product(ProductId("MFL-2"), "Bare"),
)
MAPPINGS = (
    Mapping(MappingKey(MappingKind.CUSTOMER, "C1"), 250),
    Mapping(MappingKey(MappingKind.CUSTOMER, "intermedia:IM100201"), 251),
    Mapping(MappingKey(MappingKind.PRODUCT, "MFL-1"), 7),
    Mapping(MappingKey(MappingKind.PRODUCT, "MFL-1", "setup"), 8),
    Mapping(MappingKey(MappingKind.AGREEMENT, "2000"), 41),
)


def _task(number: int, kind: TaskKind, status: TaskStatus) -> Task:
    return Task(
        TaskId(f"{1000 + number}.2000"),
        kind,
        status,
        CustomerId("C1"),
        "Green Lane LLC",
        SubscriptionId("2000"),
        "Exchange Online (Plan 1)",
        OrderId(str(1000 + number)),
        f"SO{1000 + number}",
        MOMENT + timedelta(minutes=number),
    )


_STATUSES = (*TaskStatus, TaskStatus.READY)
_PROBLEMS = tuple(
    Problem(code, {"words": f"{code}: map it."}, "C1", case=ProblemCase.IN_WORDS) for code in (*ProblemCode,)[:3]
)
TASKS = (
    Task(
        TaskId("initial.2000"),
        TaskKind.SALES_ORDER,
        TaskStatus.NEEDS_ACTION,
        CustomerId("C1"),
        "Green Lane LLC",
        SubscriptionId("2000"),
        "Exchange Online (Plan 1)",
        INITIAL,
        "initial",
        None,
        _PROBLEMS,
        "Failed auto-sync.",
        date(2026, 12, 1),
        Decimal("47.25"),
        "0123456789abcdef",
    ),
    *(_task(number, kind, status) for number, (kind, status) in enumerate(zip(TaskKind, _STATUSES, strict=True))),
)
SYNCED = replace(TASKS[1], status=TaskStatus.SYNCED, synced_at=MOMENT + timedelta(days=1))
"""The first order's task; the journal of the killed process sets it so."""
LINKS = (
    Link(
        AdditionId(815),
        AGREEMENT,
        SubscriptionId("2000"),
        ProductId("MFL-1"),
        Charge.RECURRING,
        VALUES,
        TaskId("1000.2000"),
        MOMENT,
        is_standing=True,
        adopted=True,
        tolerated=STANDING,
    ),
    *(
        Link(
            AdditionId(900 + number),
            AGREEMENT,
            SubscriptionId("2000"),
            ProductId("MFL-1"),
            charge,
            STANDING,
            TaskId("1000.2000"),
            MOMENT,
        )
        for number, charge in enumerate(Charge)
    ),
)
CREATE = Change(
    "recurring:MFL-1",
    Operation.CREATE,
    AGREEMENT,
    ProductId("MFL-1"),
    Charge.RECURRING,
    after=VALUES,
    arithmetic=("4.50 × 10.5 = 47.25", "from 2026-12-01"),
    source="line 1 of SO1000",
    rule="a standing addition",
    is_standing=True,
    edited=frozenset({"quantity", "bill"}),
    computed=replace(VALUES, quantity=Decimal(10)),
)
UPDATE = Change(
    "ended:MFL-1",
    Operation.UPDATE,
    AGREEMENT,
    ProductId("MFL-1"),
    Charge.OVERUSE,
    before=Addition(AdditionId(815), AGREEMENT, STANDING, "EXCH-1"),
    after=replace(STANDING, cancelled=date(2026, 12, 31)),
    price_source=PriceSource.CONNECTWISE,
    left_out=True,
)
DELETE = Change(
    "deleted:MFL-1",
    Operation.DELETE,
    AGREEMENT,
    ProductId("MFL-1"),
    Charge.CREDIT,
    before=Addition(AdditionId(816), AGREEMENT, STANDING, "EXCH-1"),
)
PLAN = Plan(
    TaskId("1000.2000"),
    SubscriptionId("2000"),
    AGREEMENT,
    (CREATE, UPDATE, DELETE),
    ("Billed through 2026-11-30.",),
    ("The marketplace charged 47.30.",),
    _PROBLEMS,
    date(2026, 11, 21),
    date(2026, 12, 1),
    "EUR",
    ("An edit of recurring:MFL-1 was dropped: the plan has changed since.",),
)
BARE_PLAN = Plan(TaskId("1001.2000"), SubscriptionId("2000"), None)
EDITS = PlanEdits(
    TaskId("1000.2000"),
    "0123456789abcdef",
    (
        Edit(
            "recurring:MFL-1",
            {
                "quantity": Decimal("10.5"),
                "unit_price": Decimal("4.50"),
                "effective": date(2026, 12, 1),
                "cancelled": None,
                "bill": BillCustomer.DO_NOT_BILL,
                "taxable": True,
                "description": "By hand",
            },
            price_source=PriceSource.CONNECTWISE,
        ),
        Edit("ended:MFL-1", left_out=True),
    ),
    PriceSource.MARKETPLACE,
)
BARE_EDITS = PlanEdits(TaskId("1001.2000"), "")
CURSOR = Cursor(MOMENT, frozenset({OrderId("1001"), OrderId("1002")}), {"orders": 12, "subscriptions": 2})
PRESENT = frozenset({AdditionId(815), AdditionId(816)})
AUDIT = (
    AuditRow(
        1,
        MOMENT,
        "run-1",
        "anna",
        TaskId("1000.2000"),
        Operation.CREATE,
        AGREEMENT,
        AdditionId(815),
        SubscriptionId("2000"),
        ProductId("MFL-1"),
        Charge.RECURRING,
        None,
        VALUES,
        Outcome.CONFIRMED,
        key="recurring:MFL-1",
        is_standing=True,
        why=Why(
            rule="a standing addition",
            arithmetic=("4.50",),
            request="create in agreement 41",
            stored_otherwise={"quantity": "10 instead of 10.5"},
        ),
    ),
    AuditRow(
        2,
        MOMENT + timedelta(days=1),
        "run-2",
        "anna",
        TaskId("1000.2000"),
        Operation.DELETE,
        AGREEMENT,
        AdditionId(815),
        SubscriptionId("2000"),
        ProductId("MFL-1"),
        Charge.RECURRING,
        VALUES,
        None,
        Outcome.ADOPTED,
        key="undo:1",
        purpose=Purpose.UNDO,
        refers_to=1,
    ),
    AuditRow(
        3,
        MOMENT + timedelta(days=2),
        "run-3",
        "timer",
        TaskId("1001.2000"),
        Operation.CREATE,
        AGREEMENT,
        None,
        SubscriptionId("2000"),
        ProductId("MFL-2"),
        Charge.SETUP,
        None,
        STANDING,
        Outcome.FAILED,
        "ConnectWise answered 400.",
        key="setup:MFL-2",
    ),
)
WRITES = (
    RecordWrite(
        20,
        MOMENT,
        "run-1",
        "anna",
        Operation.CREATE,
        "PSA",
        "company",
        "250",
        "GreenLane",
        None,
        {"name": "Green Lane LLC"},
        Outcome.CONFIRMED,
    ),
    RecordWrite(
        21,
        MOMENT,
        "run-1",
        "anna",
        Operation.UPDATE,
        "marketplace",
        "customer",
        "",
        "C1",
        {"name": "a"},
        {"name": "b"},
        Outcome.UNKNOWN,
        "no answer",
    ),
)
DOUBT = Doubt(
    40,
    MOMENT.replace(microsecond=0),
    AGREEMENT,
    TaskId("1000.2000"),
    SubscriptionId("2000"),
    ProductId("MFL-1"),
    Charge.RECURRING,
    "recurring:MFL-1",
    PRESENT,
    AdditionValues(
        CatalogItemId(7),
        Decimal("10.5"),
        Decimal("4.5"),
        Decimal("3.6"),
        date(2026, 12, 1),
        description="Exchange Online",
    ),
)
TAKEN_BACK = TakenBack(TaskId("1000.2000"), 2)
OWED = Owed(TaskId("1000.2000"), 1, date(2026, 11, 30))
IMPORTS = (
    ImportIntent(CompanyId(250), "GL-1", MOMENT.replace(microsecond=0)),
    ImportIntent(CompanyId(251), "", customer_id=CustomerId("C2")),
)
_SEEN = Addition(
    AdditionId(815),
    AGREEMENT,
    AdditionValues(
        CatalogItemId(7),
        Decimal("10.5"),
        Decimal("4.50"),
        Decimal("3.6"),
        date(2026, 12, 1),
        description="Exchange",
    ),
    "EXCH-1",
)
COUNTED = TaskId("count.IM100201")
COUNTS = CountRecord(
    "intermedia",
    "IM100201",
    "usage.csv",
    date(2026, 11, 1),
    "abc",
    AGREEMENT,
    "",
    (CountedItem("EXCH_4.5", "EXCH", Decimal("3.6"), Decimal(12), CatalogItemId(7), (2, 3)),),
    {"line 9": ()},
    (_SEEN,),
)
"""That version kept no lines of refused rows, and nothing of rows whose account is not known."""
LAST_REPORT = LastReport("intermedia", "usage.csv", MOMENT.replace(microsecond=0), 112)
CONTACT_DUE = "intermedia:im100201"
HISTORY = History(
    MOMENT.replace(microsecond=0),
    MOMENT.replace(microsecond=0) - timedelta(days=1),
    {OrderId("998"), OrderId("999")},
    {OrderId("1000"): MOMENT.replace(microsecond=0)},
)
"""That version followed no failed orders."""
REPAIRED = TaskId("reconcile.2000")
REPAIR = Repair(
    AGREEMENT,
    SubscriptionId("2000"),
    date(2026, 11, 21),
    (
        Target(
            WantedProduct(
                SubscriptionId("2000"),
                ProductId("MFL-1"),
                "Exchange",
                Decimal("10.5"),
                Decimal("4.50"),
                None,
                CatalogItemId(7),
            ),
            (_SEEN,),
        ),
    ),
)
"""That version knew no additions beside the linked ones."""
FACTS: Dictionary[str, object] = {
    "catalogue.read_at": "2026-11-21T12:30:15+00:00",
    "names": {"customer:250": "Green Lane LLC"},
    "planning.basis": "0123456789abcdef",
    "let go": None,
}
DONE: Sequence[str] = ("deleted:MFL-1", "ended:MFL-1")
