"""The names of what is mapped, kept in the state so that a table shows them without asking ConnectWise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import MappingKind
from cwtui.engine.planning.desk import PlanningDesk
from cwtui.engine.workspace import Feature

_NAMES = "names"


@dataclass(slots=True)
class KnownNames(Feature):
    """Names of companies, catalog items and agreements, as ConnectWise spelt them last."""

    _names: dict[str, str] = field(default_factory=dict)

    def of(self, kind: MappingKind, number: int) -> str:
        """The name of what something is mapped to; empty if it is not known."""
        return self._known().get(f"{kind}:{number}", "")

    def remember(self, kind: MappingKind, names: Iterable[tuple[int, str]]) -> None:
        """Keep names of what a kind is mapped to."""
        known, found = self._known(), {f"{kind}:{number}": name for number, name in names}
        if any(known.get(key) != name for key, name in found.items()):
            known.update(found)
            if not self.store.is_read_only:
                self.store.save_fact(_NAMES, dict(known))

    def remember_planned(self, desk: PlanningDesk) -> None:
        """Keep the names that were read for plans: screens show the written additions later, too."""
        agreements = [held for held in desk.agreements.values() if held is not None]
        self.remember(MappingKind.AGREEMENT, [(held.id, held.name) for held in agreements])
        self.remember(MappingKind.PRODUCT, [(held.id, held.identifier) for held in desk.items.values()])

    def _known(self) -> dict[str, str]:
        if not self._names:
            kept = self.store.fact(_NAMES)
            self._names = {str(key): str(name) for key, name in kept.items()} if isinstance(kept, dict) else {}
        return self._names
