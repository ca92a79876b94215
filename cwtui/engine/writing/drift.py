"""Drift: linked additions that somebody edited, ended or removed in ConnectWise since cwtui wrote them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

from cwtui.domain.errors import InputError, NotFound, OutcomeUnknown, Unreadable
from cwtui.domain.ids import AdditionId, AgreementId, SubscriptionId, TaskId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Operation, Purpose
from cwtui.domain.mappings import Link
from cwtui.domain.periods import ONE_DAY, span_text
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import AuditRow
from cwtui.domain.remedies import Action, Remedy
from cwtui.engine.concurrently import in_turns
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.turns import lease_of, turn
from cwtui.engine.workspace import Feature
from cwtui.engine.writing.agreement_writer import AgreementWriter, writer_of
from cwtui.engine.writing.evidence import Contradiction, NotSettled
from cwtui.engine.writing.readings import note_reading
from cwtui.wording.additions import link_difference

_RULE = "drift: what cwtui wrote is restored"
_WRITTEN_BACK = "Addition {} holds again what cwtui wrote."
_CREATED_AGAIN = "Addition {} was gone and is created again from {}."


class DriftKind(StrEnum):
    """What happened to a linked addition."""

    EDITED = "edited"
    ENDED = "ended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Drifted:
    """One linked addition that is not what cwtui wrote.

    Attributes:
        link: With the values cwtui wrote, adopted or accepted last.
        held: As ConnectWise holds it; None if it is gone.
        differences: Field name → (ours, theirs); empty if it is gone.
    """

    kind: DriftKind
    link: Link
    held: Addition | None
    differences: Mapping[str, tuple[object, object]]
    subscription_name: str = ""

    @property
    def message(self) -> str:
        """What happened, in words."""
        text = link_difference(dict(self.differences) if self.held else None, self.held)
        return f"Addition {self.link.addition_id} of product {self.link.product_id} {text}."


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything that drifted; `failures` names agreements whose additions could not be read."""

    found: tuple[Drifted, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class DriftChecker(Feature):
    """Finds what drifted, and settles it as the operator chooses."""

    desk: PlanningDesk

    @property
    def agreements(self) -> int:
        """How many agreements have linked additions: as many requests as looking at all of them costs."""
        return len(self.store.linked_agreements())

    async def find(self, agreement: AgreementId | None = None, *, mark: bool = False) -> DriftReport:
        """Read the additions of every agreement with links, or of one, and compare.

        Args:
            agreement: Only this one.
            mark: Let the open tasks that count on a drifted addition say so (`link_changed`).
        """
        links: dict[AgreementId, list[Link]] = defaultdict(list)
        async for link in in_turns(self.store.links() if agreement is None else self.store.links_in(agreement)):
            links[link.agreement_id].append(link)
        names = sorted(links)
        answers = await self.workspace.each(names, self._additions, "Reading additions")
        found: list[Drifted] = []
        for name, additions in zip(names, answers, strict=True):
            if not isinstance(additions, str):
                note_reading(self.store, self.listener, name, additions)
                found += self._drifted(links[name], additions)
        if mark:
            await self._mark(found, dict(zip(names, answers, strict=True)))
        failures = tuple(answer for answer in answers if isinstance(answer, str))
        return DriftReport(tuple(found), failures)

    async def keep(self, addition_id: AdditionId) -> Drifted:
        """Keep ConnectWise's values without agreeing to them: they are not reported again while they stay the same.

        Quantity, price and cost as cwtui wrote them stay what later orders are counted from; the days are
        ConnectWise's. What is gone is forgotten. Nothing is written to ConnectWise.

        Raises:
            InputError: There is no such link, or nothing drifted.
        """
        return await self._settled(addition_id, agreed=False)

    async def adopt(self, addition_id: AdditionId) -> Drifted:
        """Adopt ConnectWise's values: later orders are counted from them; otherwise like `keep`."""
        return await self._settled(addition_id, agreed=True)

    async def _settled(self, addition_id: AdditionId, *, agreed: bool) -> Drifted:
        self.workspace.require_writable()
        link = self._link(addition_id)
        additions = {held.id: held for held in await self.psa.additions(link.agreement_id)}
        drifted = self._one(link, additions)
        if drifted.held is None:
            self.store.drop_link(addition_id)
        else:
            theirs, ours = drifted.held.values, link.values
            kept = replace(theirs, quantity=ours.quantity, unit_price=ours.unit_price, unit_cost=ours.unit_cost)
            link = replace(link, at=self.clock.now())
            if agreed:
                link = replace(link, values=theirs, adopted=True, tolerated=None)
            else:
                link = replace(link, values=kept, tolerated=theirs)
            self.store.save_link(link)
        await self._replan(link.subscription_id, additions)
        return drifted

    async def restore(self, addition_id: AdditionId) -> str:
        """Write back what cwtui wrote; what is gone is created again. Says what was done.

        Raises:
            InputError: There is no such link, nothing drifted, or all its days are invoiced.
            OutcomeUnknown: No answer came to a create, and a person has to say whether an addition is what it made.
            ServiceError: ConnectWise refused it.
        """
        self.workspace.require_writable()
        agreement_id = self._agreement_of(addition_id)
        async with turn(self.workspace, lease_of(agreement_id), f"agreement {agreement_id}"):
            return await self._restored(addition_id, agreement_id)

    async def _restored(self, addition_id: AdditionId, agreement_id: AgreementId) -> str:
        self.desk.forget_held()  # an invoice since then moves the first day that is still open
        await self.desk.load_agreements({agreement_id})
        writer = writer_of(self.workspace, agreement_id, self.workspace.current_run.begin())
        await writer.read()
        task = _task_of(addition_id)
        for doubtful in self.store.doubtful(task):
            raise _in_doubt(task, doubtful.candidates)
        before = self._restored_before(addition_id, writer.additions)
        said = before or await self._restore_now(writer, task, self._link(addition_id))
        for row in self._rows_of(task)[:1]:
            await self._end(task, row.subscription_id, writer.additions)
        return said

    async def _restore_now(self, writer: AgreementWriter, task: TaskId, link: Link) -> str:
        drifted = self._one(link, writer.additions)
        try:
            if drifted.held is not None:
                return await self._write_back(writer, task, link, drifted.held)
            return await self._create_again(writer, task, link)
        except Contradiction as moved:
            raise InputError(str(moved), next_step=Remedy(Action.SEE_DRIFT)) from moved
        except NotSettled as doubtful:
            raise _in_doubt(task, doubtful.candidates) from doubtful

    async def _end(self, task: TaskId, subscription: SubscriptionId, additions: Mapping[AdditionId, Addition]) -> None:
        self.store.forget_done(task)
        await self._replan(subscription, additions)

    # a restore that was cut off

    def _rows_of(self, task: TaskId) -> Sequence[AuditRow]:
        """What restores of an addition have done, newest first."""
        return [row for row in reversed(list(self.store.audit(task_id=task))) if row.is_done]

    def _agreement_of(self, addition_id: AdditionId) -> AgreementId:
        """Of its link, or of what a restore put in its place."""
        rows = self._rows_of(_task_of(addition_id))
        link = self.store.link(addition_id)
        return rows[0].agreement_id if link is None and rows else self._link(addition_id).agreement_id

    def _restored_before(self, addition_id: AdditionId, additions: Mapping[AdditionId, Addition]) -> str:
        """What an interrupted restore did already, in words; empty if there is still something to do."""
        task, link = _task_of(addition_id), self.store.link(addition_id)
        rows = self._rows_of(task)
        again = next((row for row in rows if row.operation is Operation.CREATE), None)
        if again is not None and again.after is not None and (link is None or again.key in self.store.done_keys(task)):
            self.store.drop_link(addition_id)
            return _created_again(addition_id, again.after, again.why.arithmetic)
        if (
            link is None
            or not self.store.done_keys(task)
            or self._compare(link, additions.get(addition_id), strictly=True)
        ):
            return ""
        self._tolerate_nothing(link)
        return _WRITTEN_BACK.format(addition_id)

    def _tolerate_nothing(self, link: Link) -> None:
        if link.tolerated is not None:
            self.store.save_link(replace(link, tolerated=None))

    async def _write_back(self, writer: AgreementWriter, task: TaskId, link: Link, held: Addition) -> str:
        after = replace(link.values, description=held.values.description)
        change = self._change(link, Operation.UPDATE, f"values-restore:{link.addition_id}", held, after)
        await writer.write(task, link.subscription_id, change)
        if written := self.store.link(link.addition_id):
            self._tolerate_nothing(written)
        return _WRITTEN_BACK.format(link.addition_id)

    async def _create_again(self, writer: AgreementWriter, task: TaskId, link: Link) -> str:
        key = f"restore:{link.addition_id}"
        after = self._from_open_days(link)
        change = self._change(link, Operation.CREATE, key, None, after)
        change = replace(change, arithmetic=_days_without(link.values.effective, after.effective))
        await writer.write(task, link.subscription_id, change)
        return _created_again(link.addition_id, after, change.arithmetic)

    def _from_open_days(self, link: Link) -> AdditionValues:
        """The values, from the first day that is not invoiced where ConnectWise would refuse an earlier one."""
        agreement, values = self.desk.agreements.get(link.agreement_id), link.values
        dates = AgreementDates.of(agreement, self.desk.billed.get(link.agreement_id)) if agreement else None
        if dates is None or dates.prorates or values.effective >= dates.first_open_day:
            return values
        start = dates.calendar.first_start_from(dates.first_open_day)
        if values.cancelled is not None and values.cancelled < start:
            raise InputError(
                f"All days of addition {link.addition_id} are invoiced already, so it cannot be created again.",
                next_step=Remedy(Action.FORGET_LINK, str(link.addition_id)),
            )
        return replace(values, effective=start)

    def _change(
        self, link: Link, operation: Operation, key: str, before: Addition | None, after: AdditionValues
    ) -> Change:
        return Change(
            key=key,
            operation=operation,
            agreement_id=link.agreement_id,
            product_id=link.product_id,
            charge=link.charge,
            before=before,
            after=after,
            source=f"link of addition {link.addition_id}",
            rule=_RULE,
            is_standing=link.is_standing,
            purpose=Purpose.RESTORE,
            refers_to=link.addition_id,
        )

    def _drifted(self, links: Iterable[Link], additions: Mapping[AdditionId, Addition]) -> list[Drifted]:
        found = (self._compare(link, additions.get(link.addition_id)) for link in links)
        return [drifted for drifted in found if drifted is not None]

    def _compare(self, link: Link, held: Addition | None, *, strictly: bool = False) -> Drifted | None:
        """How one linked addition drifted; strictly, also where the operator lets it stand."""
        name = self._name_of(link.subscription_id)
        ended = link.values.cancelled
        if held is None:
            is_over = ended is not None and ended < self.clock.today
            return None if is_over else Drifted(DriftKind.REMOVED, link, None, {}, name)
        differences = link.values.billing_differences(held.values) if strictly else link.drift(held.values)
        if not differences:
            return None
        is_ended = set(differences) == {"cancelled"} and held.values.cancelled is not None
        return Drifted(DriftKind.ENDED if is_ended else DriftKind.EDITED, link, held, differences, name)

    def _name_of(self, subscription: SubscriptionId) -> str:
        known = self.store.subscription(subscription)
        if known is not None and known.name:
            return known.name
        tasks = self.store.tasks_of(subscription) if subscription else ()
        return tasks[-1].subscription_name if tasks else subscription

    def _link(self, addition_id: AdditionId) -> Link:
        link = self.store.link(addition_id)
        if link is None:
            raise InputError(f"cwtui knows nothing of addition {addition_id}.", next_step=Remedy(Action.SEE_DRIFT))
        return link

    def _one(self, link: Link, additions: Mapping[AdditionId, Addition]) -> Drifted:
        drifted = self._compare(link, additions.get(link.addition_id), strictly=True)
        if drifted is None:
            raise InputError(
                f"Addition {link.addition_id} holds what cwtui wrote: nothing drifted.",
                next_step=Remedy(Action.SEE_DRIFT),
            )
        return drifted

    async def _additions(self, agreement: AgreementId) -> dict[AdditionId, Addition] | str:
        try:
            return {held.id: held for held in await self.psa.additions(agreement)}
        except NotFound:
            return {}
        except Unreadable as error:
            return str(error)

    async def _mark(
        self, found: Sequence[Drifted], additions: Mapping[AgreementId, Mapping[AdditionId, Addition] | str]
    ) -> None:
        for name, agreement in {(one.link.subscription_id, one.link.agreement_id) for one in found}:
            held = additions[agreement]
            if not isinstance(held, str):
                await self._replan(name, held)

    async def _replan(self, subscription: SubscriptionId, additions: Mapping[AdditionId, Addition]) -> None:
        """Plan the subscription's open tasks anew; the first one on the additions as they are now."""
        queue = [task for task in self.store.tasks_of(subscription) if task.status.is_open] if subscription else []
        if not queue:
            return
        await self.desk.load(queue)
        head = queue[0]
        evaluated = self.desk.evaluate(head, self.desk.plan(head, additions))
        if evaluated != head:
            self.store.save_task(evaluated)
            self.listener.task_changed(evaluated)
        await self.desk.replan(queue[1:])


def _created_again(addition_id: AdditionId, after: AdditionValues, days: Sequence[str]) -> str:
    return " ".join((_CREATED_AGAIN.format(addition_id, after.effective), *days))


def _days_without(was_from: date, starts: date) -> tuple[str, ...]:
    """Which days the addition that is created again does not bill, since they are invoiced."""
    if starts <= was_from:
        return ()
    days = span_text(was_from, starts - ONE_DAY)
    return (f"It bills no day of {days}: what was invoiced of them after it was removed stays unbilled.",)


def _task_of(addition_id: AdditionId) -> TaskId:
    """The task id under which a restore's writes are noted."""
    return TaskId(f"drift.{addition_id}")


def _in_doubt(task: TaskId, candidates: Sequence[AdditionId]) -> OutcomeUnknown:
    names = ", ".join(map(str, candidates))
    return OutcomeUnknown(
        f"No answer came to the create that restores it, and addition {names} may be what it made.",
        service="PSA",
        changed="Nothing is sent again until somebody looked at it in ConnectWise.",
        next_step=Remedy(Action.RESOLVE, task),
    )
