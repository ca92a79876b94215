"""Writes during the first check, as far as no subscription that is still to be read can change it.

Rule: synchronising.md#writing-ahead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from time import monotonic

from cwtui.domain.errors import NotFound, ServiceError, StateError
from cwtui.domain.ids import AgreementId, CatalogItemId, CompanyId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MappingKind
from cwtui.domain.marketplace import Customer, Subscription
from cwtui.domain.tasks import Task
from cwtui.engine.concurrently import each, together
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.reading_ahead import ReadingAhead
from cwtui.engine.writing.synchronise import Synchroniser, SyncOutcome

LASTS_S = 60.0
"""How long agreements and items that were read ahead are used; after that they are read again."""
_MANY = 500
"""More mapped catalog items than this are not read before it is known which of them are needed."""
_ROUNDS = 10
"""Agreements looked into for each request that may be under way: what a first check's lists leave time for."""


@dataclass(slots=True)
class _Read:
    """A task of the first check, with all that was read for it."""

    task: Task
    subscription: Subscription
    customer: Customer


@dataclass(slots=True)
class WritingAhead(Feature):
    """Writes agreements of which every subscription is read, while others are still being read.

    The plan of an agreement's first tasks depends on its own subscriptions, on ConnectWise and on mappings and
    settings, which no check changes. So an agreement is begun once the last of its subscriptions is read, and never
    where anything is open already: there the whole check comes first.

    Attributes:
        synchroniser: Writes; its outcome is this run's.
        made: The tasks that were saved before the check saved the others.
    """

    desk: PlanningDesk
    synchroniser: Synchroniser
    made: list[TaskId] = field(default_factory=list)
    _expected: dict[AgreementId, set[SubscriptionId]] = field(default_factory=dict)
    _read: dict[AgreementId, list[_Read]] = field(default_factory=dict)
    _loading: asyncio.Task[bool] | None = None
    _looking: asyncio.Task[None] | None = None
    _loaded_at: float = 0.0
    _working: list[asyncio.Task[None]] = field(default_factory=list)
    _is_ending: bool = False

    @property
    def outcome(self) -> SyncOutcome:
        """What was done so far."""
        return self.synchroniser.outcome

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """End the begun work after the block; if the block fails, nothing more is begun."""
        if not self._may_begin():
            yield
            return
        with self.store.grouped():
            self._loading = asyncio.create_task(self._load())
            self._looking = asyncio.create_task(self._look_into_agreements())
            try:
                yield
            except BaseException:
                self._is_ending = self.synchroniser.is_ending = True
                self._loading.cancel()
                raise
            finally:
                self._looking.cancel()
                await self._ended(self._loading, self._looking)
        self.synchroniser.require_saved()

    async def _ended(self, *reading: asyncio.Task[bool] | asyncio.Task[None]) -> None:
        await asyncio.wait([*reading, *self._working])
        for work in (*reading, *self._working):
            if not work.cancelled():
                work.result()
        if self._is_old:
            self.desk.forget()

    # before anything is known of the marketplace

    def _may_begin(self) -> bool:
        """A first check; nothing is open but what an earlier attempt left, nothing in doubt; nothing maps by itself."""
        rules = self.workspace.rules
        if self.store.cursor().checked_at is not None or self.store.lost():
            return False
        if rules.maps_exact or rules.creates_items or rules.only_customers or self.synchroniser.unsettled():
            return False
        if not self._mapped(MappingKind.AGREEMENT) or len(self._mapped(MappingKind.PRODUCT)) > _MANY:
            return False
        return all(task.is_initial and self.store.plan_begun(task.id) is None for task in self.store.open_tasks())

    def _mapped(self, kind: MappingKind) -> list[int]:
        """The mapped targets, each once, without those of vendors' accounts, whose ids have a colon."""
        rows = (one for one in self.store.mappings() if one.key.kind is kind and ":" not in one.key.marketplace_id)
        return list(dict.fromkeys(one.connectwise_id for one in rows))

    async def _load(self) -> bool:
        """Read what all plans need beside their subscriptions; False leaves it to the check's end, which says why."""
        self._loaded_at = monotonic()
        try:
            await together(
                self.desk.load_agreements({AgreementId(name) for name in self._mapped(MappingKind.AGREEMENT)}),
                self.desk.load_items({CatalogItemId(name) for name in self._mapped(MappingKind.PRODUCT)}),
                self.desk.companies.ask({CompanyId(name) for name in self._mapped(MappingKind.CUSTOMER)}),
            )
        except ServiceError:
            self.desk.forget()
            return False
        return True

    async def _look_into_agreements(self) -> None:
        """Read some agreements' additions while ConnectWise has little else to do; many once it answers at all."""
        names = [AgreementId(name) for name in self._mapped(MappingKind.AGREEMENT)][: self.at_once * _ROUNDS]

        async def look(name: AgreementId) -> None:
            with suppress(NotFound):  # its tasks' plans say so
                self.synchroniser.readings[name] = await ReadingAhead.taken(self.workspace, name)

        try:
            await look(names[0])
            await each(names[1:], look, at_once=self.at_once, done=lambda _: None)
        except ServiceError:  # the write asks again, and reports the error
            return

    async def _is_loaded(self) -> bool:
        return self._loading is not None and await asyncio.shield(self._loading)

    # while the marketplace is read

    def expect(self, tasks: Sequence[Task]) -> Sequence[SubscriptionId]:
        """Group the tasks that the check will make by agreement; agreement by agreement they are best read."""
        mappings = self.store.mappings()
        order: dict[AgreementId | None, list[SubscriptionId]] = {}
        for task in tasks:
            order.setdefault(mappings.agreement(task.subscription_id), []).append(task.subscription_id)
        if self._loading is not None:
            self._expected = {name: set(group) for name, group in order.items() if name is not None}
        return [name for group in order.values() for name in group]

    def take(self, task: Task, subscription: Subscription, customer: Customer) -> None:
        """Begin its agreement, if this was the last of its subscriptions to be read."""
        agreement = self.store.mappings().agreement(task.subscription_id)
        expected = self._expected.get(agreement) if agreement is not None else None
        if agreement is None or expected is None or task.subscription_id not in expected:
            return
        read = self._read.setdefault(agreement, [])
        read.append(_Read(task, subscription, customer))
        if len(read) == len(expected):
            self._working.append(asyncio.create_task(self._agreement(agreement, self._read.pop(agreement))))

    @property
    def _is_old(self) -> bool:
        return monotonic() - self._loaded_at > LASTS_S

    async def _agreement(self, agreement: AgreementId, read: Sequence[_Read]) -> None:
        if not await self._is_loaded():
            return
        async with self.synchroniser.place():
            if self._is_ending or self._is_old:
                return
            try:
                tasks = self._saved(read)
            except StateError as error:
                self.synchroniser.end_with(error)
                return
            await self.synchroniser.work(agreement, tasks, waits=False)

    def _saved(self, read: Sequence[_Read]) -> list[Task]:
        """Save these tasks, each with what it was made from, unless an earlier attempt did."""
        tasks = []
        with self.store.batch():
            for one in read:
                known = self.store.task(one.task.id)
                if known is None:
                    self.store.save_customers([one.customer])
                    self.store.save_subscription(one.subscription)
                    self.store.save_snapshot(one.task.id, one.subscription)
                    self.store.save_task(one.task)
                    self.made.append(one.task.id)
                tasks.append(known or one.task)
        for task in tasks:
            self.listener.task_changed(task)
        return tasks
