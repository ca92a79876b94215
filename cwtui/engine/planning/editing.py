"""A plan being edited: what the operator typed, what is wrong with it, and what it makes of the plan.

Rule: plans.md#edits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from cwtui.domain.addition_words import label_of
from cwtui.domain.errors import InputError
from cwtui.domain.ledger import Operation
from cwtui.domain.money import parse_amount, plain, price_text
from cwtui.domain.periods import ONE_DAY
from cwtui.domain.plan_edits import edited_change, replaced_on, with_edits
from cwtui.domain.planning.dates import AgreementDates
from cwtui.domain.plans import Change, Edit, Plan, PlanEdits, PriceSource
from cwtui.domain.psa import AdditionValues, BillCustomer
from cwtui.domain.tasks import Task

FIELDS = ("effective", "cancelled", "quantity", "unit_price", "unit_cost", "bill", "taxable", "description")
"""Fields of an addition that the operator may edit, in the order they are shown."""
DESCRIPTION_LENGTH = 6000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YES, _NO = "yes", "no"
_Plan = Callable[[PriceSource | None, Mapping[str, PriceSource]], Plan]
"""Plans anew with a price source for the whole task, and one for single changes."""


def field_text(name: str, values: AdditionValues) -> str:
    """A field's value as it is typed."""
    value = getattr(values, name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, Decimal):
        return plain(value) if name == "quantity" else price_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def field_value(name: str, text: str) -> object:
    """What was typed, as a value of an addition.

    Raises:
        ValueError: It is none; the message says what is expected.
    """
    match name:
        case "effective" | "cancelled":
            return _day(name, text.strip())
        case "quantity" | "unit_price" | "unit_cost":
            return _amount(name, text)
        case "bill":
            return BillCustomer(text)
        case "taxable":
            return text == _YES
        case _:
            if not text.strip():
                raise ValueError("The invoice needs a text.")
            if len(text) > DESCRIPTION_LENGTH:
                raise ValueError(f"At most {DESCRIPTION_LENGTH} characters; these are {len(text)}.")
            return text


def _day(name: str, text: str) -> date | None:
    if not text and name == "cancelled":
        return None
    if not _DAY.fullmatch(text):
        raise ValueError("Write the day as YYYY-MM-DD.")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"There is no day {text}.") from error


def _amount(name: str, text: str) -> Decimal:
    try:
        amount = parse_amount(text)
    except ValueError as error:
        raise ValueError("Write a plain number, such as 12 or 4.50.") from error
    if name == "quantity" and amount < 0:
        raise ValueError("A quantity is never negative; a credit has a negative price.")
    return amount


def date_refusals(
    values: AdditionValues,
    before: AdditionValues | None,
    dates: AgreementDates | None,
    ends: date | None,
    computed: AdditionValues | None = None,
) -> dict[str, str]:
    """Which dates ConnectWise would refuse, and why (plans.md#billing-period).

    Args:
        values: As they shall be.
        before: As ConnectWise holds the addition; None for a new one.
        dates: The agreement's; None asks only what does not depend on them.
        ends: The agreement's last day.
        computed: As they were computed: a last day that was is not refused.

    Returns:
        The reason by field.
    """
    refused = {}
    last = values.cancelled
    if last is not None and last < values.effective:
        refused["cancelled"] = f"The last day is before the first, {values.effective}."
    elif last is not None and ends is not None and last > ends and (computed is None or computed.cancelled != last):
        refused["cancelled"] = f"The agreement ends on {ends}."
    if before is not None and before.effective == values.effective:
        return refused
    if ends is not None and values.effective > ends:
        refused["effective"] = f"The agreement ends on {ends}."
    if dates is None:
        return refused
    if values.effective < dates.first_billable:
        refused["effective"] = f"The agreement bills from {dates.first_billable}; ConnectWise refuses earlier days."
    elif not dates.prorates and dates.is_billed(values.effective):
        refused["effective"] = (
            f"Billed through {dates.billed_through}, and the agreement does not prorate:"
            f" {dates.first_open_day} is the first day ConnectWise accepts."
        )
    return refused


class PlanEditing:
    """The operator's edits of one plan while they are made.

    Attributes:
        plan: As it is computed with the price sources now chosen, before edits.
        price_source: Override for the whole task; None is the setting.
        default_source: The setting.
        dropped: Stored edits that did not fit the plan any more.
        stored: The edits as they were when they were opened, or saved here last.
    """

    def __init__(
        self,
        task: Task,
        make_plan: _Plan,
        *,
        dates: AgreementDates | None,
        ends: date | None,
        stored: PlanEdits | None,
        default_source: PriceSource,
    ) -> None:
        self.task, self.default_source, self.stored = task, default_source, stored
        self._make_plan, self._dates, self._ends = make_plan, dates, ends
        self.price_source = stored.price_source if stored else None
        self._sources = {edit.key: edit.price_source for edit in stored.edits if edit.price_source} if stored else {}
        self._texts: dict[tuple[str, str], str] = {}
        self._left_out: set[str] = set()
        self._kept: PlanEdits | None = None
        self.plan = make_plan(self.price_source, self._sources)
        self.dropped = with_edits(self.plan, stored).dropped_edits
        if stored is not None and not self.dropped:
            self._take(stored)
        self._saved = self._state()

    def _take(self, stored: PlanEdits) -> None:
        self._kept = stored
        for edit in stored.edits:
            change = self.change(edit.key)
            if change is None:
                continue
            if edit.left_out:
                self._left_out.add(edit.key)
            kept = edited_change(change, replace(edit, left_out=False)).after
            if kept is not None:
                self._texts |= {(edit.key, name): field_text(name, kept) for name in edit.values}

    # what is there

    @property
    def changes(self) -> tuple[Change, ...]:
        """The plan's changes with the edits that can be used."""
        return tuple(self._edited(change) for change in self.plan.changes)

    def change(self, key: str) -> Change | None:
        """One change as it was computed."""
        return next((change for change in self.plan.changes if change.key == key), None)

    def text(self, key: str, name: str) -> str:
        """What stands in a field: as typed, else as computed; of a deletion, what is deleted, and no last day."""
        change = self.change(key)
        return self._texts.get((key, name), _computed_text(change, name) if change else "")

    def fields_of(self, key: str) -> Sequence[str]:
        """The fields of a change that can be edited (plans.md#an-end-in-place-of-a-deletion)."""
        change = self.change(key)
        if change is None:
            return ()
        if change.operation is Operation.DELETE:
            return ("cancelled",) if change.before else ()
        return FIELDS

    def is_edited(self, key: str, name: str) -> bool:
        """The operator typed something else there."""
        return (key, name) in self._texts

    def is_touched(self, key: str) -> bool:
        """Something of this change was edited."""
        return key in self._left_out or key in self._sources or any(place[0] == key for place in self._texts)

    def source_of(self, key: str) -> PriceSource | None:
        """The price source chosen for one change; None follows the task's."""
        return self._sources.get(key)

    def errors(self, key: str) -> dict[str, str]:
        """What is wrong with a change, by field; of one left out nothing is."""
        change = self.change(key)
        if change is None or key in self._left_out:
            return {}
        wrong: dict[str, str] = {}
        values = self._values(key, wrong)
        after = edited_change(change, Edit(key, values)).after
        if not values or after is None:
            return wrong
        before = change.before.values if change.before else None
        refused = date_refusals(after, before, self._dates, self._ends, change.after)
        twice = self._bills_twice(change, after.cancelled) if "cancelled" in values else ""
        if twice and "cancelled" not in refused:
            refused["cancelled"] = twice
        return wrong | {name: text for name, text in refused.items() if name not in wrong}

    def _values(self, key: str, wrong: dict[str, str]) -> dict[str, object]:
        """What was typed of one change, as values; `wrong` takes what cannot be one."""
        values = {}
        for name in FIELDS:
            if (key, name) in self._texts:
                try:
                    values[name] = field_value(name, self._texts[key, name])
                except ValueError as error:
                    wrong[name] = str(error)
        return values

    # an end in place of a deletion

    def could_end(self, key: str) -> date | None:
        """The day that is offered to end an addition on that would be deleted; None if there is none."""
        change = self.change(key)
        if change is None or change.before is None or change.operation is not Operation.DELETE:
            return None
        begins, replaced = change.before.values.effective, self._replaced_on(change)
        day = change.could_end
        if day is None:
            day = replaced - ONE_DAY if replaced else self.plan.effective or begins
        latest = [one for one in (self._ends, replaced - ONE_DAY if replaced else None) if one is not None]
        day = min([max(day, begins), *latest])
        return day if day >= begins else None

    def why_no_end(self, key: str) -> str:
        """Why a deletion cannot become an end date; empty if it can, or is none."""
        change = self.change(key)
        if change is None or change.before is None or change.operation is not Operation.DELETE:
            return ""
        if self.could_end(key) is not None:
            return ""
        return self._bills_twice(change, change.before.values.effective) or f"The agreement ends on {self._ends}."

    def _bills_twice(self, change: Change, last: date | None) -> str:
        """Why an addition cannot last so long: its replacement has begun by then; empty if it can."""
        computed, replaced = change.after.cancelled if change.after else None, self._replaced_on(change)
        is_as_computed = change.after is not None and last == computed
        if replaced is None or change.before is None or is_as_computed or (last is not None and last < replaced):
            return ""
        begins = change.before.values.effective
        if begins >= replaced:
            return f"It begins on {begins}, and its replacement on {replaced}: both would be billed." + (
                "" if change.replaced_from else " Leave that out, or let it begin later."
            )
        return f"Its replacement begins on {replaced}: both would be billed. The day before is the latest."

    def _replaced_on(self, change: Change) -> date | None:
        """The day on which its replacement begins, as the plan is edited now."""
        if not change.is_standing or change.operation is Operation.CREATE:
            return None
        return replaced_on(change, [edited_change(one, self._edit(one.key)) for one in self.plan.changes])

    @property
    def has_errors(self) -> bool:
        """Something cannot be saved as it stands."""
        return any(self.errors(change.key) for change in self.plan.changes)

    @property
    def is_changed(self) -> bool:
        """Something was edited since it was opened or saved."""
        return self._state() != self._saved

    # what is done

    def type(self, key: str, name: str, text: str) -> None:
        """Put something into a field; what was computed is no edit."""
        change = self.change(key)
        if change is None or name not in self.fields_of(key):
            return
        if text == _computed_text(change, name):
            self._texts.pop((key, name), None)
        else:
            self._texts[key, name] = text

    def turn_left_out(self, key: str) -> None:
        """Leave a change out of the plan, or put it back."""
        self._left_out ^= {key}

    def choose_source(self, key: str | None, source: PriceSource | None) -> None:
        """Take prices from elsewhere: for one change, or (None) for the whole task."""
        if key is None:
            self.price_source = source
        elif source is None:
            self._sources.pop(key, None)
        else:
            self._sources[key] = source
        self.plan = self._make_plan(self.price_source, self._sources)

    def reset(self, key: str) -> None:
        """Put one change back to what was computed."""
        self._texts = {place: text for place, text in self._texts.items() if place[0] != key}
        self._left_out.discard(key)
        self.choose_source(key, None)

    def reset_all(self) -> None:
        """Put everything back to what was computed."""
        self._texts.clear()
        self._left_out.clear()
        self._sources.clear()
        self.choose_source(None, None)

    def edits(self) -> PlanEdits | None:
        """What is to be kept; None if nothing was edited.

        Raises:
            InputError: A value cannot be used.
        """
        for change in self.plan.changes:
            for name, text in self.errors(change.key).items():
                raise InputError(
                    f"{label_of(name).capitalize()} of {change.charge} cannot be saved: {text}",
                    changed="The edits were not saved.",
                    next_step="Correct it, or reset that addition.",
                )
        edits = [self._edit(change.key) for change in self.plan.changes if self.is_touched(change.key)]
        if not edits and self.price_source is None:
            return None
        is_same = self._kept is not None and self._kept.price_source is self.price_source
        by = self._kept.by if self._kept is not None and is_same else None
        return PlanEdits(self.task.id, self.plan.digest, tuple(edits), self.price_source, by)

    def mark_saved(self, kept: PlanEdits | None) -> None:
        """What stands there now is kept, and was signed."""
        self._saved, self._kept, self.stored = self._state(), kept, kept
        self.dropped = ()

    def _edit(self, key: str) -> Edit:
        """What was decided of one change; as it was saved, who signed it then still stands for it."""
        wrong: dict[str, str] = {}
        values = self._values(key, wrong)  # of a change left out, what cannot be used is let go
        made = Edit(key, values, left_out=key in self._left_out, price_source=self._sources.get(key))
        before = next((edit for edit in self._kept.edits if edit.key == key), None) if self._kept else None
        return before if before is not None and replace(before, by=None) == made else made

    def _edited(self, change: Change) -> Change:
        """As it stands; what would be refused does not count."""
        edit, wrong = self._edit(change.key), self.errors(change.key)
        usable = {name: value for name, value in edit.values.items() if name not in wrong}
        return edited_change(change, replace(edit, values=usable))

    def _state(self) -> object:
        return (self.price_source, dict(self._sources), dict(self._texts), frozenset(self._left_out))


def _computed_text(change: Change, name: str) -> str:
    """A field as it was computed; of a deletion, as ConnectWise holds it, without a last day."""
    if change.after is not None:
        return field_text(name, change.after)
    return field_text(name, change.before.values) if change.before and name != "cancelled" else ""
