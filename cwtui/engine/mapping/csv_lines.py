"""The rows of the mapping tables: everything of a kind that is mapped or could be, unmapped first.

Rule: mapping.md#mapping-csv.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field

from cwtui.domain.charges import Charge
from cwtui.domain.ids import CustomerId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MAPPABLE_CHARGES, Mapping, MappingKey, MappingKind, Mappings
from cwtui.domain.tasks import Task
from cwtui.engine.concurrently import in_turns
from cwtui.engine.mapping.mapping import MappingEditor


@dataclass(frozen=True, slots=True)
class MappingLine:
    """One row of a mapping table.

    Attributes:
        name: The marketplace's.
        detail: A customer's external id, a product's MPN, a subscription's customer.
        target: The ConnectWise id it is mapped to; None if it is not mapped.
        target_name: As far as it is known.
        waiting: How many open tasks need it.
        hint: What has to be done before it can be mapped.
    """

    key: MappingKey
    name: str
    detail: str = ""
    target: int | None = None
    target_name: str = ""
    waiting: int = 0
    hint: str = ""

    @property
    def is_missing(self) -> bool:
        """It is not mapped."""
        return self.target is None

    @property
    def _place(self) -> tuple[bool, bool, str, str, str]:
        return (not self.is_missing, not self.waiting, self.name.casefold(), self.key.marketplace_id, self.key.charge)


@dataclass(slots=True)
class _Found:
    """What is being collected: by marketplace id, its name and detail, and how many open tasks need it."""

    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    waiting: Counter[str] = field(default_factory=Counter)
    hints: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, text: str, detail: str = "", *, waits: bool = False) -> None:
        if not self.named.get(name, ("", ""))[0] or detail:
            self.named[name] = (text, detail)
        if waits:
            self.waiting[name] += 1


async def mapping_lines(editor: MappingEditor, kind: MappingKind) -> list[MappingLine]:
    """Every row of a kind: unmapped and needed by open tasks, then other unmapped, then mapped.

    No service is asked; a long state is read in turns with other work.
    """
    found = _Found()
    async for task in in_turns(editor.store.open_tasks()):
        _collect(editor, kind, task, found)
    async for name, text, detail in in_turns(_known(editor, kind)):
        found.add(name, text, detail)
    mappings = editor.store.mappings()
    refined = list(mappings.of_kind(kind))
    async for row in in_turns(refined):
        if row.key.marketplace_id not in found.named:
            found.add(row.key.marketplace_id, editor.marketplace_name(row.key))
    lines = [_line(editor, mappings, MappingKey(kind, name), found) async for name in in_turns(found.named)]
    lines += [_line(editor, mappings, row.key, found) for row in refined if row.key.charge]
    return sorted(_without_needless(lines, refined), key=lambda line: line._place)  # noqa: SLF001  # this module's own


def tasks_needing(editor: MappingEditor, key: MappingKey) -> list[Task]:
    """The open tasks that a mapping concerns."""
    return [task for task in editor.store.open_tasks() if key.marketplace_id in _needed(editor, key, task)]


def _needed(editor: MappingEditor, key: MappingKey, task: Task) -> Iterable[str]:
    match key.kind:
        case MappingKind.CUSTOMER:
            return (task.customer_id,)
        case MappingKind.AGREEMENT:
            return (task.subscription_id,)
        case MappingKind.PRODUCT:
            billed = editor.billed(task)
            return [product.id for product, charges in billed.items() if _concerns(key.charge, charges)]


def _concerns(charge: str, charges: Iterable[Charge]) -> bool:
    """A mapping of one charge concerns that charge; the recurring one's also what uses it, prorated and credit."""
    used = {one if one in MAPPABLE_CHARGES else Charge.RECURRING for one in charges}
    return not charge or charge in used


def _collect(editor: MappingEditor, kind: MappingKind, task: Task, found: _Found) -> None:
    match kind:
        case MappingKind.CUSTOMER if task.customer_id:
            found.add(task.customer_id, task.customer_name, waits=True)
        case MappingKind.PRODUCT:
            for product in editor.billed(task):
                found.add(product.id, product.name, product.mpn, waits=True)
        case MappingKind.AGREEMENT if task.subscription_id:
            found.add(task.subscription_id, task.subscription_name, task.customer_name, waits=True)
            if editor.store.mappings().company(task.customer_id) is None:
                found.hints[task.subscription_id] = "map its customer first"
        case _:
            pass


def _known(editor: MappingEditor, kind: MappingKind) -> Iterable[tuple[str, str, str]]:
    """The names and details that the state knows beside the open tasks."""
    match kind:
        case MappingKind.CUSTOMER:
            return ((one.id, one.name, one.external_id) for one in editor.store.customers())
        case MappingKind.PRODUCT:
            return ((one.id, one.name, one.mpn) for one in editor.store.products())
        case MappingKind.AGREEMENT:
            return _mapped_subscriptions(editor)


def _mapped_subscriptions(editor: MappingEditor) -> Iterable[tuple[str, str, str]]:
    for row in list(editor.store.mappings().of_kind(MappingKind.AGREEMENT)):  # other work may change them meanwhile
        held = editor.store.subscription(SubscriptionId(row.key.marketplace_id))
        if held is not None:
            customer = editor.store.customer(CustomerId(held.customer_id))
            yield held.id, held.name, customer.name if customer else held.customer_id
            continue
        for task in editor.store.tasks_of(SubscriptionId(row.key.marketplace_id))[:1]:
            yield task.subscription_id, task.subscription_name, task.customer_name


def _line(editor: MappingEditor, mappings: Mappings, key: MappingKey, found: _Found) -> MappingLine:
    text, detail = found.named[key.marketplace_id]
    target = mappings.get(key)
    target_name = "" if target is None else editor.connectwise_name(Mapping(key, target))
    return MappingLine(
        key=key,
        name=text or key.marketplace_id,
        detail=detail,
        target=target,
        target_name=target_name,
        waiting=found.waiting[key.marketplace_id],
        hint=found.hints.get(key.marketplace_id, "") if target is None else "",
    )


def _without_needless(lines: Iterable[MappingLine], refined: Sequence[Mapping]) -> Iterable[MappingLine]:
    """The rows without products whose charges are all mapped one by one and that no task needs otherwise."""
    by_charge = {row.key.marketplace_id for row in refined if row.key.charge}
    for line in lines:
        if line.target is None and line.key.marketplace_id in by_charge and not line.waiting:
            continue
        yield line
