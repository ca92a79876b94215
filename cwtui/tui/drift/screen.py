"""Drift: linked additions that were edited, ended or removed in ConnectWise; keep theirs or restore ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from cwtui.domain.addition_words import label_of
from cwtui.engine.writing.drift import Drifted, DriftReport
from cwtui.tui.names import named_value
from cwtui.tui.screens.list_screen import ListScreen
from cwtui.tui.session import Session
from cwtui.tui.widgets.columns import Column
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone
from cwtui.tui.words import counted

_NOTHING = "Nothing drifted: ConnectWise holds what cwtui wrote."


_ADOPTED = {True: "what ConnectWise holds counts", False: "the addition is forgotten"}


class DriftScreen(ListScreen[Drifted]):
    """Find, keep, restore."""

    HELP_TITLE = "Drift"
    HELP = "Additions that are no longer what cwtui wrote. Keep what ConnectWise holds, or restore what was written."
    COLUMNS = (
        Column("what", "What", 10, toned=True),
        Column("addition", "Addition", 8, right=True),
        Column("customer", "Customer", 14, share=2, widest=40),
        Column("subscription", "Subscription", 14, share=2, widest=40, rank=2),
        Column("how", "Ours → theirs", 30, share=3),
        Column("agreement", "Agreement", 14, share=1, widest=40, rank=1),
    )
    EMPTY = "f looks for additions that are no longer what cwtui wrote."
    ABOUT = (
        "What was changed behind cwtui's back",
        "An addition drifts when somebody edits, ends or deletes it in ConnectWise after cwtui wrote it.",
        "f compares every addition that cwtui wrote or adopted with what ConnectWise holds now.",
        "K keeps theirs, A adopts theirs as the new truth, R restores ours; each shows what it does and asks first.",
    )
    WRITES = frozenset({"keep", "adopt", "restore"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "find", "Find", id="drift.find", tooltip="Read the additions and compare"),
        Binding("K", "keep", "Keep theirs", id="drift.keep", tooltip="Let what ConnectWise holds stand"),
        Binding("A", "adopt", "Adopt theirs", id="drift.adopt", tooltip="What ConnectWise holds is the new truth"),
        Binding("R", "restore", "Restore ours", id="drift.restore", tooltip="Write back what cwtui wrote"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._report: DriftReport | None = None
        self._wanted = ""

    @work(group="work")
    async def action_find(self) -> None:
        """Read the additions of every agreement with links, and compare."""
        await self._find()

    def find_one(self, addition: str) -> None:
        """Look for drift, and show this addition's."""
        self._wanted = addition
        self.action_find()

    async def _find(self) -> None:
        drift, marks = self.session.engine.drift, not self.session.is_read_only

        async def job() -> str:
            self._report = await drift.find(mark=marks)
            found = len(self._report.found)
            return f"{counted(found, 'addition')} drifted." if found else _NOTHING

        if await self.read("Looking for drift", job) and self._report is not None:
            self.table.empty_text = _NOTHING
            self.show_rows(self._report.found)
            place = self.rows.index_of(self._wanted) if self._wanted else None
            self._wanted = ""
            if place is not None:
                self.table.cursor = place

    def key_of(self, row: Drifted) -> str:
        """The addition."""
        return str(row.link.addition_id)

    def cells_of(self, row: Drifted) -> Sequence[str]:
        """One value per column."""
        link = row.link
        return (
            f"! {row.kind}",
            str(link.addition_id),
            self.session.names.customer_of(link.subscription_id),
            row.subscription_name,
            "; ".join(self._differences(row)) or "is gone",
            self.session.names.agreement(link.agreement_id),
        )

    def tone_of(self, row: Drifted) -> Tone:
        """A removed addition is worse than an edited one."""
        return Tone.ATTENTION if row.held else Tone.BAD

    def lines_of(self, row: Drifted | None) -> Iterable[Line]:
        """The differences field by field, and what the keys would do."""
        if row is not None:
            yield Line(f"Addition {row.link.addition_id} was {row.kind} in ConnectWise", Tone.HEADING)
            names, link = self.session.names, row.link
            yield Line(f"Customer {names.customer_of(link.subscription_id) or 'not known'}")
            yield Line(f"Subscription {names.subscription(link.subscription_id)}")
            yield Line(f"Product {names.product(link.product_id, link.subscription_id)}, {link.charge}")
            yield Line(f"Agreement {names.agreement(link.agreement_id)}")
            for text in self._differences(row):
                yield Line(text, Tone.ATTENTION, indent=2)
            if row.held:
                yield Line(
                    "K: lets ConnectWise's stand; what cwtui wrote stays what later orders count from.", Tone.MUTED
                )
            yield Line(f"A: {_ADOPTED[bool(row.held)]} from now on; nothing is written to it.", Tone.MUTED)
            again = "writes back what cwtui wrote" if row.held else "creates the addition again"
            yield Line(f"R: {again}.", Tone.MUTED)
        for failure in self._report.failures if self._report else ():
            yield Line(f"! {failure}", Tone.BAD)

    def _differences(self, row: Drifted) -> list[str]:
        names = self.session.names
        return [
            f"{label_of(name)} {named_value(names, name, ours)} → {named_value(names, name, theirs)}"
            for name, (ours, theirs) in row.differences.items()
        ]

    @property
    def title_text(self) -> str:
        """How many drifted."""
        if self._report is None:
            return "Drift · not looked for yet: f"
        found = len(self._report.found)
        return f"Drift · {counted(found, 'addition')} drifted" if found else "Drift · nothing drifted"

    @work(group="work")
    async def action_keep(self) -> None:
        """Keep ConnectWise's values without agreeing to them, after asking."""
        row = self.current
        if row is None:
            return
        what = "Let it stand, without counting on it?" if row.held else "Forget the addition?"
        if not await self.confirmed("Keep theirs", self.lines_of(row), what, "Keep"):
            return
        drift = self.session.engine.drift

        async def job() -> str:
            kept = await drift.keep(row.link.addition_id)
            return f"{kept.message} {'It stands.' if kept.held else 'It is forgotten.'}"

        if await self.do_work("Keeping theirs", job):
            await self._find()

    @work(group="work")
    async def action_adopt(self) -> None:
        """Adopt ConnectWise's values, after asking."""
        row = self.current
        if row is None:
            return
        what = f"Adopt it: {_ADOPTED[bool(row.held)]} from now on?"
        if not await self.confirmed("Adopt theirs", self.lines_of(row), what, "Adopt"):
            return
        drift = self.session.engine.drift

        async def job() -> str:
            adopted = await drift.adopt(row.link.addition_id)
            return f"{adopted.message} {'It counts from now on.' if adopted.held else 'It is forgotten.'}"

        if await self.do_work("Adopting theirs", job):
            await self._find()

    @work(group="work")
    async def action_restore(self) -> None:
        """Write back what cwtui wrote, after asking."""
        row = self.current
        if row is None:
            return
        what = "Write back what cwtui wrote?" if row.held else "Create the addition again?"
        if not await self.confirmed("Restore ours", self.lines_of(row), what, "Restore"):
            return
        drift = self.session.engine.drift

        async def job() -> str:
            return await drift.restore(row.link.addition_id)

        if await self.do_work("Restoring", job):
            await self._find()
