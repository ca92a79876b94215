"""Creates a record exactly once: if no answer comes, it looks for the record before it sends it again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cwtui.domain.errors import OutcomeUnknown, Refused, ServiceError
from cwtui.domain.lazily import dataclass
from cwtui.domain.ledger import Outcome

Made = TypeVar("Made")
SENDS = 5
"""How often a create whose outcome stays unknown is sent in all."""


@dataclass(frozen=True, slots=True)
class CreateOnce:
    """Creates records exactly once (synchronising.md#exactly-once).

    A record with a natural key needs no journal: a later run reads what there is, by the same key, before it creates.

    Attributes:
        settle_s: Seconds a create of unknown outcome is given to appear.
        wait: Sleeps; tests replace it.
    """

    settle_s: float = 3.0
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def create(self, send: Callable[[], Awaitable[Made]], look: Callable[[], Awaitable[Made | None]]) -> Made:
        """The record, created or adopted; see `create_or_adopt`."""
        record, _ = await self.create_or_adopt(send, look)
        return record

    async def create_or_adopt(
        self,
        send: Callable[[], Awaitable[Made]],
        look: Callable[[], Awaitable[Made | None]],
        *,
        before_resend: Callable[[], Awaitable[None]] | None = None,
        sends: int = SENDS,
    ) -> tuple[Made, Outcome]:
        """Create a record, or adopt the one that an unanswered create left.

        Args:
            send: Creates it; `OutcomeUnknown` when no answer says whether it did.
            look: Finds it, read afresh.
            before_resend: Awaited before each send but the first.
            sends: How often it is sent in all.

        Raises:
            ServiceError: It was refused or could not be sent; `OutcomeUnknown` only after looking for it.
        """
        for attempt in range(sends):
            if attempt and before_resend is not None:
                await before_resend()
            try:
                return await send(), Outcome.CONFIRMED
            except OutcomeUnknown as unknown:
                found = await self._look(look, unknown)
                if found is not None:
                    return found, Outcome.ADOPTED
                if attempt == sends - 1:
                    raise unknown from None
            except Refused:
                # The send before it may have arrived late: then this one is refused because it is there already.
                if attempt and (found := await look()) is not None:
                    return found, Outcome.ADOPTED
                raise
        raise AssertionError("the loop above returns or raises")

    async def _look(self, look: Callable[[], Awaitable[Made | None]], unknown: OutcomeUnknown) -> Made | None:
        """Look at once, and again when the record had time to appear."""
        try:
            if (found := await look()) is not None:
                return found
            await self.wait(self.settle_s)
            return await look()
        except ServiceError as error:
            raise unknown from error
