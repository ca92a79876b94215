"""Creating records that have a natural key, each exactly once (synchronising.md#exactly-once)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from cwtui.domain.errors import OutcomeUnknown, Refused

Record = TypeVar("Record")
RESENDS = 5
"""How often a create whose outcome stays unknown is looked for and sent again."""


@dataclass(frozen=True, slots=True)
class Once:
    """Creates records exactly once: a create of unknown outcome is looked for by its natural key before a repeat.

    A killed run needs no journal here: the next one reads what there is, by the same key, before it creates anything.

    Attributes:
        settle_s: Seconds a create of unknown outcome is given to appear.
        wait: Sleeps; tests replace it.
    """

    settle_s: float = 3.0
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def create(
        self, send: Callable[[], Awaitable[Record]], look: Callable[[], Awaitable[Record | None]]
    ) -> Record:
        """Create a record, or adopt the one that an unanswered create left.

        Args:
            send: Creates it; `OutcomeUnknown` when no answer says whether it did.
            look: Finds it by its natural key, read afresh.

        Raises:
            ServiceError: It was refused or could not be sent; `OutcomeUnknown` only after looking repeatedly.
        """
        for attempt in range(RESENDS):
            try:
                return await send()
            except OutcomeUnknown as unknown:
                if found := await self._look(look):
                    return found
                if attempt == RESENDS - 1:
                    raise unknown from None
            except Refused:
                # The one before it may have arrived late: then this one is refused for being there already.
                if attempt and (found := await look()):
                    return found
                raise
        raise AssertionError("the loop above returns or raises")

    async def _look(self, look: Callable[[], Awaitable[Record | None]]) -> Record | None:
        if found := await look():
            return found
        await self.wait(self.settle_s)
        return await look()
