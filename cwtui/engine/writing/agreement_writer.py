"""The one place that writes additions: each change exactly once, whatever is killed when.

Rule: synchronising.md#exactly-once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cwtui.domain.errors import NotFound, OutcomeUnknown, Refused, ServiceError, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId, SubscriptionId, TaskId
from cwtui.domain.ledger import Doubt, Operation, Outcome, Why, fit_of
from cwtui.domain.mappings import Link
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow, Intent
from cwtui.engine.reports import Writes
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.engine.writing.doubts import LASTS, doubt_of, fits, removal

OLD = timedelta(minutes=10)
"""An intent of this age has no request under way any more."""


class Contradiction(Exception):  # not an error of the program: the plan's ground has moved
    """ConnectWise holds something else than the plan counts on (synchronising.md#read-before-writing)."""

    def __init__(self, addition_id: AdditionId, what: str) -> None:
        super().__init__(f"Addition {addition_id} was {what} in ConnectWise.")
        self.addition_id = addition_id


@dataclass(slots=True)
class AgreementWriter(Feature):
    """Writes to one agreement, one change after the other.

    Attributes:
        additions: The agreement's additions as last read, kept up with what was written since.
        wait: Sleeps; tests replace it.
    """

    agreement_id: AgreementId
    run_id: str
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    additions: dict[AdditionId, Addition] = field(default_factory=dict)
    sent: dict[Operation, int] = field(default_factory=dict)

    async def read(self) -> None:
        """Read the additions afresh, and settle what earlier runs left open (synchronising.md#exactly-once)."""
        await self._read_additions()
        unsettled = self.store.open_intents(self.agreement_id)
        if any(self._may_still_appear(intent) for intent in unsettled):
            await self.wait(self.settle_s)
            await self._read_additions()
        for intent in unsettled:
            self._settle(intent)
        await self._clear_doubts()

    async def look_again(self) -> None:
        """After creates that were sent again: take away what the first attempts brought in the end."""
        if self.store.doubts(self.agreement_id):
            await self._read_additions()
            await self._clear_doubts()

    async def write(self, task_id: TaskId, subscription_id: SubscriptionId, change: Change) -> AuditRow:
        """Write one change and return its audit row.

        Raises:
            Contradiction: The addition to change is not what the plan counts on; nothing was sent.
            ServiceError: It was refused, or could not be sent. `OutcomeUnknown` only after looking for it repeatedly:
                the intent then stays open, and the next run looks again.
        """
        self._check_ground(change)
        intent = self.store.intend(
            at=self.clock.now(),
            run_id=self.run_id,
            task_id=task_id,
            subscription_id=subscription_id,
            change=change,
            present=frozenset(self.additions),
        )
        await self.store.flushed()  # on the disk before the request leaves
        try:
            held, outcome = await self._send(intent)
        except OutcomeUnknown:
            raise
        except Contradiction as moved:
            self._conclude(intent, None, Outcome.FAILED, str(moved))
            raise
        except ServiceError as error:
            if change.operation is Operation.CREATE or isinstance(error, Refused):
                self._conclude(intent, None, Outcome.FAILED, error.happened)
            raise
        return self._conclude(intent, held, outcome)

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
                raise Contradiction(change.before.id, "removed")
            return
        if change.after is not None and not change.after.billing_differences(held.values):
            return
        if differences := change.before.values.billing_differences(held.values):
            raise Contradiction(held.id, f"edited ({', '.join(differences)})")

    async def _send(self, intent: Intent) -> tuple[Addition | None, Outcome]:
        change = intent.change
        if change.operation is Operation.CREATE:
            return await self._create(intent)
        if change.before is None:
            raise AssertionError(f"{change.key} names no addition")
        if change.operation is Operation.DELETE:
            await self.psa.delete_addition(self.agreement_id, change.before.id)
            return None, Outcome.CONFIRMED
        held = self.additions[change.before.id]
        wanted = _merged(change, held)
        if not wanted.differences(held.values):
            return held, Outcome.CONFIRMED
        try:
            return await self.psa.update_addition(held, wanted), Outcome.CONFIRMED
        except NotFound as error:
            raise Contradiction(held.id, "removed") from error

    async def _create(self, intent: Intent) -> tuple[Addition, Outcome]:
        wanted = intent.change.after
        if wanted is None:
            raise AssertionError(f"{intent.change.key} creates nothing")
        if late := self._arrived_late(intent):
            return late, Outcome.ADOPTED

        async def send() -> Addition:
            return await self.psa.create_addition(self.agreement_id, wanted)

        async def look() -> Addition | None:
            await self._read_additions()
            return self._match(intent)

        async def give_up_the_first() -> None:
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
        """A create without an answer that is not there yet.

        How long ago its intent was written does not say when it was sent: it may have waited for the service's
        pleasure until just before the run was killed.
        """
        is_young = self.clock.now() - intent.at < OLD
        return intent.change.operation is Operation.CREATE and is_young and self._match(intent) is None

    def _settle(self, intent: Intent) -> None:
        """End an intent that a killed run left without an answer (synchronising.md#exactly-once)."""
        if intent.change.operation is not Operation.CREATE:
            self._conclude(intent, None, Outcome.FAILED, "no answer came; the task it belongs to repeats it")
            return
        found = self._match(intent)
        if found is not None:
            self._conclude(intent, found, Outcome.ADOPTED)
            return
        self._note_doubt(intent)
        self._conclude(intent, None, Outcome.FAILED, "it never reached ConnectWise")

    def _arrived_late(self, intent: Intent) -> Addition | None:
        """What an earlier attempt at the same change brought after it was given up."""
        doubts = [doubt for doubt in self.store.doubts(self.agreement_id) if doubt.key == intent.change.key]
        mine = [doubt for doubt in doubts if doubt.task_id == intent.task_id]
        return next((held for doubt in mine for held in self._unowned(doubt)), None)

    def _unowned(self, doubt: Doubt) -> list[Addition]:
        return [held for held in self.additions.values() if fits(doubt, held) and self.store.link(held.id) is None]

    async def _clear_doubts(self) -> None:
        """Take late doubles away; one whose task is still to write it is left for that to adopt."""
        doubts = self.store.doubts(self.agreement_id)
        for doubt in doubts:
            task = self.store.task(doubt.task_id)
            if task is not None and task.status.is_open and doubt.key not in self.store.done_keys(task.id):
                continue
            for held in self._unowned(doubt):
                await self.write(doubt.task_id, doubt.subscription_id, removal(doubt, held))
        if over := [doubt for doubt in doubts if self.clock.now() - doubt.at >= LASTS]:
            self.store.drop_doubts(over)

    def _match(self, intent: Intent) -> Addition | None:
        """An addition that was not there before, belongs to nobody, and carries exactly the intended values.

        Raises:
            Unreadable: There is a new one of which that cannot be said: neither adopted nor sent again.
        """
        wanted = intent.change.after
        if wanted is None:
            return None
        fresh = [
            held
            for held in self.additions.values()
            if held.id not in intent.present and self.store.link(held.id) is None
        ]
        found = next((held for held in fresh if fit_of(wanted, held).is_exact), None)
        vague = next((held for held in fresh if not held.is_whole), None)
        if found is None and vague is not None:
            raise _cannot_tell(vague)
        return found

    async def _read_additions(self) -> None:
        self.additions = {held.id: held for held in await self.psa.additions(self.agreement_id)}

    def _conclude(self, intent: Intent, held: Addition | None, outcome: Outcome, reason: str = "") -> AuditRow:
        change, is_done = intent.change, outcome.is_done
        before = change.before.values if change.before else None
        row = AuditRow(
            seq=intent.seq,
            at=self.clock.now(),
            run_id=self.run_id,
            who=self.workspace.rules.who,
            task_id=intent.task_id,
            operation=change.operation,
            agreement_id=self.agreement_id,
            addition_id=held.id if held else change.addition_id,
            subscription_id=intent.subscription_id,
            product_id=change.product_id,
            charge=change.charge,
            before=before,
            after=held.values if held else change.after,
            outcome=outcome,
            reason=reason,
            key=change.key,
            purpose=change.purpose,
            refers_to=change.refers_to,
            is_standing=change.is_standing,
            why=_why(intent, held),
        )
        links, unlink = self._links(intent, held, row.at) if is_done else ([], [])
        self.store.conclude(intent, row, links=links, unlink=unlink)
        if is_done:
            self.sent[change.operation] = self.sent.get(change.operation, 0) + 1
            if held is not None:
                self.additions[held.id] = held
            elif change.addition_id is not None:
                self.additions.pop(change.addition_id, None)
        self.listener.written(row)
        return row

    def _links(
        self, intent: Intent, held: Addition | None, at: datetime
    ) -> tuple[Sequence[Link], Sequence[AdditionId]]:
        change = intent.change
        if change.operation is Operation.DELETE:
            return [], [change.addition_id] if change.addition_id is not None else []
        if held is None:
            return [], []
        kept = self.store.link(held.id)
        if kept is not None:
            return [replace(kept, values=held.values, task_id=intent.task_id, at=at)], []
        made = Link(
            addition_id=held.id,
            agreement_id=self.agreement_id,
            subscription_id=intent.subscription_id,
            product_id=change.product_id,
            charge=change.charge,
            values=held.values,
            task_id=intent.task_id,
            at=at,
            is_standing=change.is_standing,
        )
        return [made], []


def _cannot_tell(held: Addition) -> Unreadable:
    return Unreadable(
        f"Addition {held.id} of agreement {held.agreement_id} is new and lacks a quantity, price, cost or first day,"
        " so it cannot be said whether a create that was not answered made it.",
        service="PSA",
        next_step="Complete or delete it in ConnectWise, then start again.",
    )


def _merged(change: Change, held: Addition) -> AdditionValues:
    """What the plan changes of the addition, over what ConnectWise holds now: a new description there stays."""
    if change.after is None or change.before is None:
        raise AssertionError(f"{change.key} changes nothing")
    moved = change.after.differences(change.before.values)
    return replace(held.values, **{name: ours for name, (ours, _) in moved.items()})  # type: ignore[arg-type]


def _why(intent: Intent, held: Addition | None) -> Why:
    change = intent.change
    after = held.values if held else None
    stored = after.billing_differences(change.after) if after and change.after else {}
    return Why(
        rule=change.rule,
        source=change.source,
        arithmetic=tuple(change.arithmetic),
        edited=tuple(sorted(change.edited)),
        request=f"{change.operation} in agreement {change.agreement_id}, intended {intent.at.isoformat()}",
        stored_otherwise={name: f"{ours} instead of {theirs}" for name, (ours, theirs) in stored.items()},
    )
