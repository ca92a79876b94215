"""What the engine needs of the outside world; services and store fit these without importing them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
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
from cwtui.domain.mappings import Link, Mapping, MappingKey, Mappings
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Product, Subscription, SubscriptionStatus
from cwtui.domain.plans import PlanEdits
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
from cwtui.domain.records import AuditRow, Cursor, Leave, OthersChange
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.engine.store_parts import Ledger, Work


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

    async def create_customer(self, account: Dictionary[str, object]) -> Customer:
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
        """In sentences: its address if that was changed, the version it offers, and the fields it does not know."""

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
        """Whether the lease is still ours; asked before each write."""

    @property
    def may_be_lost(self) -> bool:
        """Whether another process can get a living one's lease, whose request may then still be under way."""

    def holders(self) -> Dictionary[str, Holder]:
        """Everything that is held now, by anybody."""


class Known(Protocol):
    """The state as a shell may see it: it reads, and what changes something is asked of the engine."""

    def warming(self) -> Iterator[None]:
        """Prepare a large state for its first plan, a little at a time."""

    @property
    def is_read_only(self) -> bool:
        """This user may not write the state."""

    def changes(self, every_s: float = ...) -> AsyncIterator[OthersChange]:
        """The later changes of other processes, with their authors; for screens."""

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


class Store(Known, Ledger, Work, Protocol):
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
        """Within this block saves are only appended and share their flushes; await `flushed` to be sure of one."""

    async def flushed(self) -> None:
        """Wait until everything saved so far is on the disk."""

    def close(self) -> None:
        """Fold the journal into the file and give everything back."""

    # several hands
    def catch_up(self) -> bool:
        """Take over what other processes changed; True where there was something. Every save does it first."""

    @property
    def position(self) -> int:
        """How far this process knows everybody's notes; it only grows."""

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
    def snapshots_kept(self) -> int: ...
    def customer(self, customer_id: CustomerId) -> Customer | None: ...
    def customers(self) -> Iterable[Customer]: ...
    def save_customers(self, customers: Iterable[Customer]) -> None: ...
    def product(self, product_id: ProductId) -> Product | None: ...
    def products(self) -> Iterable[Product]: ...
    def save_products(self, products: Iterable[Product]) -> None: ...
    def cursor(self) -> Cursor: ...
    def save_cursor(self, cursor: Cursor) -> None: ...

    # mappings, links, edits
    def save_mapping(self, mapping: Mapping, *, was: int | None = ...) -> None:
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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work is; `total` is None while it is not known."""

    what: str
    done: int
    total: int | None


class Listener(Protocol):
    """Hears what the engine does, as it happens; the shells show it."""

    def progress(self, progress: Progress) -> None: ...
    def waits(self, message: str) -> None: ...
    def task_changed(self, task: Task) -> None: ...
    def written(self, row: AuditRow) -> None: ...
    def problem(self, message: str) -> None: ...
