"""A reading of an agreement's additions, taken before it is known what will be written there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Link
from cwtui.domain.psa import Addition
from cwtui.engine.clock import suspended_s
from cwtui.engine.protocols import Store
from cwtui.engine.workspace import Workspace

FRESH_S = 10.0
"""A reading of this age is as good as one that is taken now: a plan of many changes is not written any faster."""


@dataclass(frozen=True, slots=True)
class ReadingAhead:
    """What an agreement held, and what was known of it then.

    Attributes:
        since: The store's position when it was asked for.
    """

    agreement_id: AgreementId
    additions: Mapping[AdditionId, Addition]
    since: int
    _at_s: float
    _links: frozenset[Link]

    @classmethod
    async def taken(cls, workspace: Workspace, agreement_id: AgreementId) -> Self:
        """Ask for the additions; `ServiceError` where they cannot be read."""
        store, at_s = workspace.store, suspended_s()
        since, links = store.position, frozenset(store.links_in(agreement_id))
        additions = {held.id: held for held in await workspace.psa.additions(agreement_id)}
        return cls(agreement_id, additions, since, at_s, links)

    def holds(self, store: Store) -> bool:
        """It is fresh, and no cwtui wrote to the agreement since; asked by who may write there now."""
        name = self.agreement_id
        if suspended_s() - self._at_s > FRESH_S or store.is_written_by_others(name, self.since):
            return False
        if store.open_intents(name) or store.doubts(name):
            return False
        return self._links == frozenset(store.links_in(name))
