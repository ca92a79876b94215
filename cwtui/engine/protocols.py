"""What the engine needs of the outside world; services and store fit these without importing them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    OrderId,
    ProductId,
    SubscriptionId,
    TaskId,
)
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Doubt, Doubtful, ImportIntent, Lost, Owed, TakenBack
from cwtui.domain.mappings import Link, MappingKey, Mappings
from cwtui.domain.mappings import Mapping as MappingRow
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Product, Subscription, SubscriptionStatus
from cwtui.domain.plans import Change, Plan, PlanEdits
from cwtui.domain.psa import (
    Addition,
    AdditionValues,
    Agreement,
    CatalogItem,
    Company,
    Contact,
    Invoice,
    NewCatalogItem,
    TableEntry,
)
from cwtui.domain.records import AuditRow, Cursor, Intent, Leave, OthersChange, RecordWrite
from cwtui.domain.tasks import Task, TaskStatus


class Marketplace(Protocol):
    """The marketplace, as far as the engine asks it (check.md#later-checks). Every method raises `ServiceError`s."""

    def orders(
        self,
        *,
        created_from: datetime | None = None,
        status: OrderStatus | None = None,
        subscription_id: SubscriptionId | None = None,
    ) -> AsyncIterator[Sequence[Order]]:
        """Pages of orders (list form: lines, but no products and no subscription)."""

    async def order(self, order_id: OrderId) -> Order:
        """One order in its detailed form."""

    def subscriptions(
        self, *, status: SubscriptionStatus | None = None, customer_id: CustomerId | None = None
    ) -> AsyncIterator[Sequence[Subscription]]:
        """Pages of subscriptions (list form)."""

    async def subscription(self, subscription_id: SubscriptionId) -> Subscription:
        """One subscription in its detailed form; `NotFound` if there is none."""

    def customers(self) -> AsyncIterator[Sequence[Customer]]:
        """Pages of customers."""

    async def customer(self, customer_id: CustomerId) -> Customer:
        """One customer."""

    def products(self) -> AsyncIterator[Sequence[Product]]:
        """Pages of the product catalogue."""

    async def create_customer(self, account: Mapping[str, object]) -> Customer:
        """Create a customer from a body of the contract's `Customer` shape."""

    async def total(self, what: str) -> int:
        """How many `customers`, `subscriptions` or `products` there are: one request, whatever the number."""

    @property
    def unreadable_orders(self) -> Sequence[OrderId]:
        """Orders among `unreadable`, so that they can be followed until they can be read."""

    @property
    def unreadable(self) -> Sequence[str]:
        """Records of list pages that could not be read, since the last time this was cleared: one sentence each."""

    def clear_unreadable(self) -> None:
        """Forget `unreadable`."""


class Psa(Protocol):
    """ConnectWise, as far as the engine asks it. Every method raises `ServiceError`s."""

    def companies(self, ids: Collection[CompanyId] | None = None) -> AsyncIterator[Sequence[Company]]:
        """Pages of companies that are not deleted; with `ids`, only those."""

    def contacts(self, ids: Collection[int]) -> AsyncIterator[Sequence[Contact]]:
        """Pages of the contacts with those ids."""

    def agreements(self, ids: Collection[AgreementId] | None = None) -> AsyncIterator[Sequence[Agreement]]:
        """Pages of agreements; with `ids`, only those."""

    def catalog_items(self, ids: Collection[CatalogItemId] | None = None) -> AsyncIterator[Sequence[CatalogItem]]:
        """Pages of catalog items; with `ids`, only those, inactive ones too."""

    async def latest_invoice(self, agreement_id: AgreementId) -> Invoice | None:
        """The newest agreement invoice of an agreement."""

    async def additions(self, agreement_id: AgreementId) -> Sequence[Addition]:
        """Every addition of an agreement, read afresh."""

    async def create_addition(
        self, agreement_id: AgreementId, values: AdditionValues, *, leave: Leave | None = None
    ) -> Addition:
        """Create one addition; `OutcomeUnknown` when no answer says whether it happened. Never sent twice."""

    async def update_addition(self, before: Addition, after: AdditionValues, *, leave: Leave | None = None) -> Addition:
        """Change the fields that differ; safe to repeat. Raises `NotFound` if it is gone."""

    async def delete_addition(
        self, agreement_id: AgreementId, addition_id: AdditionId, *, leave: Leave | None = None
    ) -> None:
        """Delete one addition; one that is gone already counts as deleted (synchronising.md#exactly-once)."""

    async def create_catalog_item(self, item: NewCatalogItem) -> CatalogItem:
        """Create one catalog item; `OutcomeUnknown` as for additions."""

    async def probe(self, method: str, path: str, body: object | None = None) -> int:
        """The HTTP status of a request that changes nothing; raises only where there is no answer.

        Rule: reconciling.md#doctor.
        """

    async def version(self) -> str:
        """The version ConnectWise gives of itself, from its connection test."""

    @property
    def offers(self) -> str:
        """In sentences: where it is asked if that was changed, what it offers, and what it does not know."""

    async def located(self) -> str:
        """In a sentence, where its log-in says that this company's API is; empty if it does not say."""

    @property
    def unreadable(self) -> Sequence[str]:
        """Records of lists that could not be read, since the last time this was cleared: one sentence each."""

    def clear_unreadable(self) -> None:
        """Forget `unreadable`."""

    async def table(self, name: str) -> Sequence[TableEntry]:
        """A setup table: `product_types`, `categories`, `subcategories`, `units`, `billing_cycles` and so on."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC, whatever the as-of day: audits and waits use it."""

    @property
    def today(self) -> date:
        """The UTC date, or the as-of day."""

    @property
    def check_moment(self) -> datetime:
        """The moment a check counts as begun: now, or the start of the as-of day (check.md#first-check)."""


class Holder(Protocol):
    """Who holds a lease; as text, in words."""

    @property
    def who(self) -> str: ...
    @property
    def pid(self) -> int: ...


class Leases(Protocol):
    """Who works on what: an agreement, the check. A lease is given back at once when its holder dies."""

    def take(self, name: str) -> Holder | None:
        """Take a lease at once or not at all: None when it is ours now, else who holds it (perhaps we ourselves)."""

    def give_back(self, name: str) -> None: ...
    def holds(self, name: str) -> bool:
        """It is still ours: asked before each write."""

    @property
    def may_be_lost(self) -> bool:
        """Another process can get what a living one took: its request may still be under way then."""

    def holders(self) -> Mapping[str, Holder]:
        """Everything that is held now, by anybody."""


class Known(Protocol):
    """The state as a shell may see it: it reads, and what changes something is asked of the engine."""

    def warming(self) -> Iterator[None]:
        """Do a little at a time what the first plan would have to wait for in a large state."""

    @property
    def is_read_only(self) -> bool:
        """This user may not write the state."""

    def changes(self, every_s: float = ...) -> AsyncIterator[OthersChange]:
        """What other processes change from now on, with who did it; for screens."""

    def task(self, task_id: TaskId) -> Task | None: ...
    def tasks(self, statuses: Collection[TaskStatus] = ()) -> Iterable[Task]:
        """Every task, or those in these states."""

    def mappings(self) -> Mappings: ...
    def links(self) -> Iterable[Link]: ...
    def audit(
        self,
        *,
        task_id: TaskId | None = None,
        addition_id: AdditionId | None = None,
        run_id: str | None = None,
        since: date | None = None,
    ) -> Iterable[AuditRow]:
        """Audit rows, oldest first: of one task, addition and run, and from a day on."""


class Store(Known, Protocol):
    """The state of one profile, in memory, journalled (synchronising.md#exactly-once).

    Reading never touches the disk. Every `save_…` is durable when it returns, or when the surrounding
    `batch()` ends; `intend` and `conclude` are always durable at once.
    """

    def batch(self) -> AbstractContextManager[None]:
        """Collect the saves of a block into one durable append."""

    def change(self, work: Callable[[], None], *, about: TaskId) -> None:
        """Do what saves something of one task, in one durable append.

        Args:
            work: It waits for nothing, asks the state about nothing but this task, and may be done twice: again, where
                somebody else changed something about it meanwhile.
            about: The task.
        """

    def grouped(self) -> AbstractContextManager[None]:
        """Within this block saves are only appended, and share their flushes; who depends on one awaits `flushed`."""

    async def flushed(self) -> None:
        """Wait until everything saved so far is on the disk."""

    def close(self) -> None:
        """Fold the journal into the file and give everything back."""

    # several hands
    def catch_up(self) -> bool:
        """Take over what other processes changed; True where there was something. Every save does it first."""

    @property
    def position(self) -> int:
        """How far this process knows what is noted, by anybody: grows."""

    def is_written_by_others(self, agreement_id: AgreementId, since: int) -> bool:
        """Another process noted a write to the agreement after that `position`, as far as is known here."""

    @property
    def leases(self) -> Leases:
        """Who works on what."""

    # tasks
    def open_tasks(self) -> Iterable[Task]: ...
    def tasks_of(self, subscription_id: SubscriptionId) -> Sequence[Task]:
        """Tasks of one subscription, oldest first (check.md#order-of-tasks)."""

    def save_task(self, task: Task, *, was: Task | None = None) -> None:
        """Set one task; `Outdated` if it is no longer what it was made from."""

    # what the marketplace said, kept for the tasks that need it
    def order(self, order_id: OrderId) -> Order | None: ...
    def save_order(self, order: Order) -> None: ...
    def subscription(self, subscription_id: SubscriptionId) -> Subscription | None: ...
    def save_subscription(self, subscription: Subscription) -> None: ...
    def snapshot(self, task_id: TaskId) -> Subscription | None:
        """The subscription as the first check saw it: what an `initial` task carries over, whatever came later."""

    def save_snapshot(self, task_id: TaskId, subscription: Subscription) -> None: ...
    def customer(self, customer_id: CustomerId) -> Customer | None: ...
    def customers(self) -> Iterable[Customer]: ...
    def save_customers(self, customers: Iterable[Customer]) -> None: ...
    def product(self, product_id: ProductId) -> Product | None: ...
    def products(self) -> Iterable[Product]: ...
    def save_products(self, products: Iterable[Product]) -> None: ...
    def cursor(self) -> Cursor: ...
    def save_cursor(self, cursor: Cursor) -> None: ...

    # mappings, links, edits
    def save_mapping(self, mapping: MappingRow, *, was: int | None = ...) -> None:
        """Set one mapping; `Outdated` if it is no longer mapped as it `was` (None: unmapped)."""

    def drop_mapping(self, key: MappingKey) -> bool: ...
    def links_of(self, subscription_id: SubscriptionId) -> Sequence[Link]: ...
    def links_in(self, agreement_id: AgreementId) -> Sequence[Link]: ...
    def link(self, addition_id: AdditionId) -> Link | None: ...
    def linked_agreements(self) -> set[AgreementId]:
        """The agreements that hold something linked."""

    def save_link(self, link: Link) -> None: ...
    def drop_link(self, addition_id: AdditionId) -> None: ...
    def edits(self, task_id: TaskId) -> PlanEdits | None: ...
    def save_edits(self, edits: PlanEdits, *, was: PlanEdits | None = ...) -> None:
        """Set the edits of a task's plan; `Outdated` if they are no longer what they `was` (None: none)."""

    def drop_edits(self, task_id: TaskId) -> None: ...

    # exactly once
    def plan_begun(self, task_id: TaskId) -> Plan | None:
        """The plan whose writing has begun and not ended: a part-done task goes on with exactly this one.

        Rule: synchronising.md#synced-means-all-of-it.
        """

    def begin_plan(self, plan: Plan) -> None:
        """Remember a plan, with the operator's edits, before its first intent."""

    def end_plan(self, task_id: TaskId) -> None:
        """Forget it: every change is confirmed, or the task was taken back."""

    def intend(
        self,
        *,
        at: datetime,
        run_id: str,
        task_id: TaskId,
        subscription_id: SubscriptionId,
        change: Change,
        present: frozenset[AdditionId],
        since: int | None = None,
    ) -> Intent:
        """Append an intent; `flushed` is awaited before the request leaves.

        `Outdated` if another process wrote to the agreement after the `position` at which its additions were read.
        """

    def renew(self, intent: Intent, at: datetime) -> Intent:
        """Note anew that a write may be sent; `Outdated` if another process has settled it meanwhile."""

    def conclude(
        self, intent: Intent, row: AuditRow, *, links: Sequence[Link] = (), unlink: Sequence[AdditionId] = ()
    ) -> None:
        """Append the answer: close the intent, record the audit row, put and drop links, in one durable line.

        `Outdated` if another process has settled the intent meanwhile.
        """

    def note_left_out(self, row: AuditRow) -> AuditRow:
        """Record a change that the operator left out of its plan; the row is numbered here."""

    def open_intents(self, agreement_id: AgreementId | None = None) -> Sequence[Intent]:
        """Intents without an answer, all or of one agreement, oldest first: their outcome is unknown."""

    def done_keys(self, task_id: TaskId) -> frozenset[str]:
        """Keys of a task's changes confirmed since it was last opened: a part-done task resumes behind them."""

    def forget_done(self, task_id: TaskId) -> None:
        """A task was finished or undone: its confirmed changes no longer count for a new attempt."""

    def doubts(self, agreement_id: AgreementId) -> Sequence[Doubt]:
        """Creates in an agreement that were given up and may still arrive, oldest first."""

    def doubted_agreements(self) -> set[AgreementId]:
        """The agreements that have doubts: each is read even if no task writes to it."""

    def save_doubt(self, doubt: Doubt) -> None: ...
    def drop_doubts(self, doubts: Iterable[Doubt]) -> None: ...
    def doubtful(self, task_id: TaskId) -> Sequence[Doubtful]:
        """Creates of a task that a person has to decide about."""

    def save_doubtful(self, doubtful: Doubtful) -> None: ...
    def drop_doubtful(self, seq: int) -> None:
        """A create is settled; none of that number is no error."""

    def lost(self) -> Sequence[Lost]:
        """Records that a damaged journal cost this state: each may have noted a write."""

    def save_lost(self, lost: Lost) -> None: ...
    def taken_back(self, task_id: TaskId) -> TakenBack | None:
        """How far a task was taken back; None if it never was."""

    def save_taken_back(self, taken_back: TakenBack) -> None: ...
    def owed(self, task_id: TaskId) -> Sequence[Owed]:
        """What a task's undo left to be evened out."""

    def save_owed(self, owed: Iterable[Owed]) -> None: ...
    def drop_owed(self, task_id: TaskId) -> None: ...
    def import_intent(self, company_id: CompanyId) -> ImportIntent | None:
        """How far the import of a company came; None if it never began."""

    def save_import_intent(self, intent: ImportIntent) -> None: ...

    def replacements(self) -> Iterable[AuditRow]:
        """Audit rows of what was deleted, taken back or put back, oldest first."""

    def save_record_write(self, write: RecordWrite) -> RecordWrite:
        """Add a write of a record that is no addition (`seq` 0), or set it anew; gives it with its number."""

    def record_writes(self, *, since: date | None = None) -> Iterable[RecordWrite]:
        """Those writes, oldest first."""

    # small settled facts of other features, by name (JSON-shaped values)
    def fact(self, name: str) -> object | None: ...
    def save_fact(self, name: str, value: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work is; `total` is None while it is not known."""

    what: str
    done: int
    total: int | None


class Listener(Protocol):
    """Hears what the engine does, as it happens; the shells show it."""

    def progress(self, progress: Progress) -> None: ...
    def task_changed(self, task: Task) -> None: ...
    def written(self, row: AuditRow) -> None: ...
    def problem(self, message: str) -> None: ...
