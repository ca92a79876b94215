"""What the additions of an agreement say about a write that nobody answered (synchronising.md#undo-tells-the-truth)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Doubt, Operation, fit_of
from cwtui.domain.plain_text import stored_text
from cwtui.domain.planning.ground import Differences, exact
from cwtui.domain.plans import Change
from cwtui.domain.problems import Problem, ProblemCase, ProblemCode, ProblemFacts
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.records import Intent
from cwtui.domain.remedies import Action, Remedy
from cwtui.domain.tasks import Task
from cwtui.engine.protocols import Store
from cwtui.engine.writing.doubts import fits
from cwtui.wording.problems import sentence


class Contradiction(Exception):  # not an error of the program: the plan's ground has moved
    """ConnectWise holds something else than the plan counts on (synchronising.md#read-before-writing)."""

    def __init__(self, addition_id: AdditionId, case: ProblemCase, differences: Differences | None = None) -> None:
        target = str(addition_id)
        facts: ProblemFacts = {"addition": addition_id, "edited": exact(differences or {})}
        self.problem = Problem(ProblemCode.LINK_CHANGED, facts, target, Remedy(Action.SETTLE_DRIFT, target), case)
        super().__init__(sentence(self.problem))


class NotSettled(Exception):  # not an error of the program: a person has to look
    """A create without an answer may have made one of these additions (synchronising.md#the-candidate)."""

    def __init__(self, intent: Intent, candidates: Sequence[Addition]) -> None:
        names = ", ".join(str(held.id) for held in candidates)
        super().__init__(f"No answer came to a create, and addition {names} may be what it made.")
        self.intent, self.candidates = intent, tuple(held.id for held in candidates)


@dataclass(frozen=True, slots=True)
class Evidence:
    """An agreement's additions as they were read, and what they are linked to."""

    store: Store
    agreement_id: AgreementId
    additions: Mapping[AdditionId, Addition]

    def is_done(self, intent: Intent) -> bool:
        """ConnectWise shows that a write was carried out."""
        change = intent.change
        if change.operation is Operation.CREATE:
            wanted = change.after
            return wanted is None or any(fit_of(wanted, held).is_exact for held in self.fresh(intent))
        held = self.held(intent)
        if change.operation is Operation.DELETE:
            return held is None
        if held is None or change.after is None or change.before is None:
            return False
        is_as_before = not change.before.values.billing_differences(held.values)
        return not is_as_before and not change.after.unexplained(held.values)

    def held(self, intent: Intent) -> Addition | None:
        """The addition that a write changes or deletes, if it is there."""
        before = intent.change.before
        return self.additions.get(before.id) if before is not None else None

    def fresh(self, intent: Intent) -> list[Addition]:
        """Additions that were not there before a create, and belong to nobody."""
        return [held for name, held in self.additions.items() if name not in intent.present and self.is_unlinked(held)]

    def made_by(self, intent: Intent) -> Addition | None:
        """The addition that a create without an answer made; None if there is no candidate.

        Raises:
            NotSettled: There is a candidate of which that cannot be said.
        """
        wanted = intent.change.after
        if wanted is None:
            return None
        fresh = self.fresh(intent)
        exact = [held for held in fresh if fit_of(wanted, held).is_exact]
        if len(exact) > 1:  # the late double of a twin's create may stand beside it
            exact = [held for held in exact if not self._is_anothers(intent, held)] or exact
        if exact:
            return min(exact, key=lambda held: (held.values.description != wanted.description, held.id))
        candidates = [held for held in fresh if fit_of(wanted, held).is_candidate]
        candidates = [held for held in candidates if not self._is_anothers(intent, held)]
        if candidates:
            raise NotSettled(intent, candidates)
        return None

    def brought_late_by(self, doubt: Doubt) -> list[Addition]:
        """The addition that a create made after it was given up."""
        return [held for held in self.additions.values() if fits(doubt, held) and self.is_unlinked(held)]

    def late_doubles_of(self, doubt: Doubt) -> list[Addition]:
        """The same, if also their description is ours, or what ConnectWise made of ours: only those may be deleted."""
        ours = {_words(doubt.values)}
        ours |= {
            _words(link.values) for link in self.store.links_in(doubt.agreement_id) if link.task_id == doubt.task_id
        }
        return [held for held in self.brought_late_by(doubt) if _words(held.values) in ours]

    def may_be_lost(self, change: Change, task: Task | None) -> list[Addition]:
        """What a create may have made already, if an unreadable record of the journal had noted that.

        Rule: synchronising.md#damaged-state.
        """
        lost, wanted = self.store.lost(), change.after
        if not lost or change.operation is not Operation.CREATE or wanted is None:
            return []
        known = {name for one in lost for name in one.cleared}
        known |= {made.addition_id for made in task.by_hand} if task is not None else set()
        unlinked = (held for name, held in self.additions.items() if name not in known and self.is_unlinked(held))
        return [held for held in unlinked if fit_of(wanted, held).is_candidate]

    def is_unlinked(self, held: Addition) -> bool:
        """It belongs to no subscription."""
        return self.store.link(held.id) is None

    def _is_anothers(self, intent: Intent, held: Addition) -> bool:
        doubts = self.store.doubts(self.agreement_id)
        return any(fits(doubt, held) for doubt in doubts if doubt.key != intent.change.key)


def _words(values: AdditionValues) -> tuple[str, ...]:
    return tuple(stored_text(values.description).split())
