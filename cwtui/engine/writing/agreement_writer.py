"""The one place that writes additions: each change exactly once, even if the process is killed at any moment.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import field, replace
from datetime import timedelta

from cwtui.domain.errors import NotFound, OutcomeUnknown, Outdated, Refused, ServiceError, StateError
from cwtui.domain.ids import AdditionId, AgreementId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Doubtful, Operation, Outcome
from cwtui.domain.plans import Change, Plan
from cwtui.domain.problems import ProblemCase
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow, Intent, Leave
from cwtui.engine.clock import suspended_s
from cwtui.engine.protocols import Progress
from cwtui.engine.reports import Writes
from cwtui.engine.turns import lease_of
from cwtui.engine.workspace import Feature, Workspace
from cwtui.engine.writing.concluded import audit_row, link_changes
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.engine.writing.doubts import LASTS, doubt_of, removal
from cwtui.engine.writing.evidence import Contradiction, Evidence, NotSettled
from cwtui.engine.writing.reading_ahead import ReadingAhead
from cwtui.engine.writing.readings import note_reading

NOTE_LASTS_S = 5.0
"""A request leaves within so many seconds of its note, or is noted anew."""
_STEP_S = 1.0
OLD = timedelta(minutes=10)
"""An intent of this age has no request under way any more."""

_FOUND = "Its addition stood already: it was written before the state was damaged, and not again."


@dataclass(slots=True)
class AgreementWriter(Feature):
    """Writes to one agreement, one change after the other.

    Attributes:
        additions: The agreement's additions as last read, kept up with what was written since.
        wait: Sleeps; tests replace it.
        is_ours: Asked before each write whether nobody else may write to the agreement.
    """

    agreement_id: AgreementId
    run_id: str
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    additions: dict[AdditionId, Addition] = field(default_factory=dict)
    sent: dict[Operation, int] = field(default_factory=dict)
    is_ours: Callable[[], bool] = lambda: True
    _since: int | None = None
    _noted_at: float = 0.0

    async def read(self) -> None:
        """Read the additions afresh, and settle what earlier runs left open (synchronising.md#exactly-once)."""
        await self._read_additions()
        if any(map(self._may_still_appear, self.store.open_intents(self.agreement_id))):
            await self._wait_for_late()
            self.store.catch_up()  # the process that sent it may have heard the answer meanwhile
            await self._read_additions()
        if self.is_stopping:
            return
        for intent in self.store.open_intents(self.agreement_id):
            self._settle(intent)
        await self._clear_doubts()

    def begin_with(self, reading: ReadingAhead) -> None:
        """Use a reading that still holds instead of reading again; the agreement has nothing open."""
        self._since, self.additions = reading.since, dict(reading.additions)
        note_reading(self.store, self.listener, self.agreement_id, self.additions)

    async def _wait_for_late(self) -> None:
        """Give a write without an answer the time to appear (hands.md#killed-at-any-instant).

        Where a living process may have lost its lease, its request can still leave for as long as its note is good,
        and be under way for as long as a request may take.
        """
        if not self.store.leases.may_be_lost:
            await self.wait(self.settle_s)
            return
        left = max(self.settle_s, NOTE_LASTS_S + self.workspace.rules.timeout_s)
        about = f"Waiting for a write to agreement {self.agreement_id} that nobody answered"
        while left > 0 and not self.is_stopping:
            self.listener.progress(Progress(about, 0, None))
            await self.wait(min(left, _STEP_S))
            left -= _STEP_S

    async def look_again(self) -> None:
        """After creates that were sent again: delete what the first attempts created after all."""
        if self.store.doubts(self.agreement_id):
            await self._read_additions()
            await self._clear_doubts()

    async def write(
        self,
        task_id: TaskId,
        subscription_id: SubscriptionId,
        change: Change,
        *,
        begins: Plan | None = None,
        ends: Callable[[], None] | None = None,
    ) -> AuditRow:
        """Write one change and return its audit row.

        Args:
            task_id: Its task.
            subscription_id: Its subscription.
            change: What is written.
            begins: The plan whose first change it is: remembered together with its note.
            ends: Saves, together with the answer, what ends once the change is written; it may be called twice.

        Raises:
            Contradiction: The addition to change is not what the plan counts on; nothing was sent.
            NotSettled: No answer came, and a person has to say whether an addition is what it made.
            ServiceError: It was refused, or could not be sent. `OutcomeUnknown` only after looking for it repeatedly:
                the intent then stays open, and the next run looks again.
        """
        self._check_ground(change)
        intent = await self._noted(task_id, subscription_id, change, begins)
        there = frozenset(self.additions)
        try:
            held, outcome = await self._send(intent)
        except NotSettled as doubtful:
            self._note_doubtful(doubtful)
            raise
        except OutcomeUnknown:
            raise
        except Contradiction as moved:
            self._conclude(intent, None, Outcome.FAILED, str(moved))
            raise
        except ServiceError as error:
            if change.operation is Operation.CREATE or isinstance(error, Refused):
                self._conclude(intent, None, Outcome.FAILED, error.happened)
                raise
            return await self._in_spite_of(error, intent, ends)
        is_found = held is not None and change.operation is Operation.CREATE and held.id in there
        return self._conclude(intent, held, outcome, _FOUND if is_found and self.store.lost() else "", ends)

    async def _noted(
        self, task_id: TaskId, subscription_id: SubscriptionId, change: Change, begins: Plan | None
    ) -> Intent:
        """Note a write, durably, before it is sent. Whether it may be sent is asked as it leaves."""
        self._noted_at = suspended_s()
        intent = self.store.intend(
            at=self.clock.now(),
            run_id=self.run_id,
            task_id=task_id,
            subscription_id=subscription_id,
            change=change,
            present=frozenset(self.additions) - {held.id for held in self._may_be_lost(task_id, change)},
            since=self._since,
            begins=begins,
        )
        await self.store.flushed()
        return intent

    def _leave_of(self, intent: Intent) -> Leave:
        """Let the request of a write leave only while nobody else may write, and on a young note.

        It may have waited for a place, a pause or a connection, and its process may have been stopped for hours
        (hands.md#killed-at-any-instant).
        """

        def is_young() -> bool:
            return suspended_s() - self._noted_at <= NOTE_LASTS_S

        async def leave() -> Callable[[], bool]:
            if not is_young():
                self._check_right()
                noted_at = suspended_s()
                self.store.renew(intent, self.clock.now())
                await self.store.flushed()
                self._noted_at = noted_at
            self._check_right()
            return is_young

        return leave

    def _check_right(self) -> None:
        """Another process may write here as soon as the lease is lost, and then we may not."""
        if not self.is_ours():
            raise StateError(
                f"The right to write to agreement {self.agreement_id} was lost: the lease that kept others away from it"
                " is not held any more.",
                changed="What was written before is noted; nothing more was sent.",
                next_step="Check that the state can be reached and that nobody moved it, then start again.",
            )

    async def _in_spite_of(self, error: ServiceError, intent: Intent, ends: Callable[[], None] | None) -> AuditRow:
        """Check whether a failed update or deletion was done all the same: the additions show it."""
        try:
            await self._read_additions()
        except ServiceError:
            raise error from None
        if not self._evidence.is_done(intent):
            raise error  # it may still arrive: the next run looks again
        return self._conclude(intent, self._held_after(intent), Outcome.ADOPTED, ends=ends)

    @property
    def _evidence(self) -> Evidence:
        return Evidence(self.store, self.agreement_id, self.additions)

    def _held_after(self, intent: Intent) -> Addition | None:
        return self._evidence.held(intent) if intent.change.operation is Operation.UPDATE else None

    def writes(self) -> Writes:
        """How many changes were written, by method."""
        count = self.sent.get
        return Writes(count(Operation.CREATE, 0), count(Operation.UPDATE, 0), count(Operation.DELETE, 0))

    def _check_ground(self, change: Change) -> None:
        if change.before is None or change.operation is Operation.CREATE:
            return
        held = self.additions.get(change.before.id)
        if held is None:
            if change.operation is Operation.UPDATE:
                raise Contradiction(change.before.id, ProblemCase.REMOVED_MEANWHILE)
            return
        if change.after is not None and not change.after.unexplained(held.values):
            return
        link = self.store.link(held.id)
        if link is not None and not link.drift(held.values):
            return
        if differences := change.before.values.billing_differences(held.values):
            raise Contradiction(held.id, ProblemCase.EDITED_MEANWHILE, differences)

    async def _send(self, intent: Intent) -> tuple[Addition | None, Outcome]:
        change = intent.change
        if change.operation is Operation.CREATE:
            return await self._create(intent)
        if change.before is None:
            raise AssertionError(f"{change.key} names no addition")
        if change.operation is Operation.DELETE:
            await self.psa.delete_addition(self.agreement_id, change.before.id, leave=self._leave_of(intent))
            return None, Outcome.CONFIRMED
        held = self.additions[change.before.id]
        wanted = _merged(change, held)
        if not wanted.differences(held.values):
            return held, Outcome.CONFIRMED
        try:
            return await self.psa.update_addition(held, wanted, leave=self._leave_of(intent)), Outcome.CONFIRMED
        except NotFound as error:
            raise Contradiction(held.id, ProblemCase.REMOVED_MEANWHILE) from error

    async def _create(self, intent: Intent) -> tuple[Addition, Outcome]:
        wanted = intent.change.after
        if wanted is None:
            raise AssertionError(f"{intent.change.key} creates nothing")
        if late := self._arrived_late(intent):
            return late, Outcome.ADOPTED
        if found := self._lost_before(intent):
            return found, Outcome.ADOPTED

        async def send() -> Addition:
            return await self.psa.create_addition(self.agreement_id, wanted, leave=self._leave_of(intent))

        async def look() -> Addition | None:
            await self._read_additions()
            return self._evidence.made_by(intent)

        async def give_up_the_first() -> None:
            self._check_right()
            self._note_doubt(intent)
            await self.store.flushed()

        once = CreateOnce(self.settle_s, self.wait)
        return await once.create_or_adopt(send, look, before_resend=give_up_the_first)

    def _note_doubt(self, intent: Intent) -> None:
        known = {doubt.seq for doubt in self.store.doubts(self.agreement_id)}
        doubt = doubt_of(intent, self.clock.now())
        if doubt is not None and doubt.seq not in known:
            self.store.save_doubt(doubt)

    def _may_still_appear(self, intent: Intent) -> bool:
        """A write without an answer that is not done yet.

        The intent's age does not say when the request was sent: it may have waited for the service until just before
        the run was killed.
        """
        is_young = self.clock.now() - intent.at < OLD
        return is_young and not self._evidence.is_done(intent)

    def _settle(self, intent: Intent) -> None:
        """End an intent without an answer by what the additions show (synchronising.md#undo-tells-the-truth)."""
        if intent.change.operation is not Operation.CREATE:
            if self._evidence.is_done(intent):
                self._conclude(intent, self._held_after(intent), Outcome.ADOPTED)
            else:
                self._conclude(intent, None, Outcome.FAILED, "no answer came, and ConnectWise shows it was not done")
            return
        try:
            found = self._evidence.made_by(intent)
        except NotSettled as doubtful:
            self._note_doubtful(doubtful)
            return
        if found is not None:
            self._conclude(intent, found, Outcome.ADOPTED)
            return
        self._note_doubt(intent)
        self._conclude(intent, None, Outcome.FAILED, "it never reached ConnectWise")

    def _note_doubtful(self, doubtful: NotSettled) -> None:
        intent = doubtful.intent
        known = {one.seq: one.candidates for one in self.store.doubtful(intent.task_id)}
        if known.get(intent.seq) != doubtful.candidates:
            self.store.save_doubtful(
                Doubtful(intent.seq, self.clock.now(), intent.task_id, self.agreement_id, doubtful.candidates)
            )

    def resolve(self, intent: Intent, adopt: AdditionId | None) -> AuditRow:
        """A person settles a create without an answer: an addition is what it made, or it is sent again.

        Args:
            intent: An open one.
            adopt: The addition; None sends it again.

        Raises:
            Contradiction: There is no such addition, it was there before, or it is linked.
        """
        if adopt is None:
            for lost in self.store.lost():
                self.store.save_lost(replace(lost, cleared=lost.cleared | self.additions.keys() - intent.present))
            self._note_doubt(replace(intent, present=intent.present | self.additions.keys()))
            return self._conclude(intent, None, Outcome.FAILED, "a person says that it did not arrive")
        held = next((one for one in self._evidence.fresh(intent) if one.id == adopt), None)
        if held is None:
            raise Contradiction(adopt, ProblemCase.NOT_ITS_ADDITION)
        return self._conclude(intent, held, Outcome.ADOPTED)

    def _may_be_lost(self, task_id: TaskId, change: Change) -> list[Addition]:
        return self._evidence.may_be_lost(change, self.store.task(task_id))

    def _lost_before(self, intent: Intent) -> Addition | None:
        """The addition that the create made already, if a damaged journal leaves that open."""
        if not self._may_be_lost(intent.task_id, intent.change):
            return None
        return self._evidence.made_by(intent)

    def _arrived_late(self, intent: Intent) -> Addition | None:
        """The addition that an earlier attempt at the same change made after it was given up."""
        doubts = [doubt for doubt in self.store.doubts(self.agreement_id) if doubt.key == intent.change.key]
        mine = [doubt for doubt in doubts if doubt.task_id == intent.task_id]
        return next((held for doubt in mine for held in self._evidence.brought_late_by(doubt)), None)

    async def _clear_doubts(self) -> None:
        """Delete late doubles; if the task still has to write the change, the double is left for it to adopt."""
        doubts = self.store.doubts(self.agreement_id)
        for doubt in doubts:
            task = self.store.task(doubt.task_id)
            if task is not None and task.status.is_open and doubt.key not in self.store.done_keys(task.id):
                continue
            for held in self._evidence.late_doubles_of(doubt):
                await self.write(doubt.task_id, doubt.subscription_id, removal(doubt, held))
        if over := [doubt for doubt in doubts if self.clock.now() - doubt.at >= LASTS]:
            self.store.drop_doubts(over)

    async def _read_additions(self) -> None:
        self._since = self.store.position
        self.additions = {held.id: held for held in await self.psa.additions(self.agreement_id)}
        note_reading(self.store, self.listener, self.agreement_id, self.additions)

    def _conclude(
        self,
        intent: Intent,
        held: Addition | None,
        outcome: Outcome,
        reason: str = "",
        ends: Callable[[], None] | None = None,
    ) -> AuditRow:
        change, is_done = intent.change, outcome.is_done
        row = audit_row(
            intent, held, outcome, reason, at=self.clock.now(), run_id=self.run_id, who=self.workspace.rules.who
        )
        kept = self.store.link(held.id) if held else None
        links, unlink = link_changes(intent, held, kept, row.at) if is_done else ([], [])
        try:
            self.store.conclude(intent, row, links=links, unlink=unlink, ends=ends)
        except Outdated:
            self._leave_to_others(intent, held)
            raise
        if any(doubtful.seq == intent.seq for doubtful in self.store.doubtful(intent.task_id)):
            self.store.drop_doubtful(intent.seq)
        if is_done:
            self.sent[change.operation] = self.sent.get(change.operation, 0) + 1
            if held is not None:
                self.additions[held.id] = held
            elif change.addition_id is not None:
                self.additions.pop(change.addition_id, None)
        self.listener.written(row)
        return row

    def _leave_to_others(self, intent: Intent, held: Addition | None) -> None:
        """Another process settled this write before its answer came: what it brought, if it stands alone, is a double.

        The next look at the agreement takes that away.
        """
        doubt = doubt_of(intent, self.clock.now())
        if doubt is not None and held is not None and self._evidence.is_unlinked(held):
            self.store.save_doubt(doubt)


def _merged(change: Change, held: Addition) -> AdditionValues:
    """The plan's changes laid over what ConnectWise holds now, so that a new description there stays."""
    if change.after is None or change.before is None:
        raise AssertionError(f"{change.key} changes nothing")
    moved = change.after.differences(change.before.values)
    return replace(held.values, **{name: ours for name, (ours, _) in moved.items()})  # type: ignore[arg-type]


def writer_of(workspace: Workspace, agreement_id: AgreementId, run_id: str) -> AgreementWriter:
    """A writer for the process that holds the agreement's lease."""
    leases, name = workspace.store.leases, lease_of(agreement_id)
    return AgreementWriter(workspace, agreement_id, run_id, is_ours=lambda: leases.holds(name))
