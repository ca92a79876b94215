"""Leases: among all processes on one state, one works on an agreement at a time, and one checks.

Rule: hands.md#leases.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cwtui.domain.errors import StateLocked
from cwtui.domain.ids import AgreementId
from cwtui.engine.protocols import Holder, Progress
from cwtui.engine.workspace import Workspace

CHECK = "check"
"""The lease of who checks changes."""
RECORDS = "records"
"""The lease of who creates records that are no additions: two who look for one at once would both create it."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25


class Taken(Exception):  # no error of anybody's
    """Somebody else is at it."""


def lease_of(agreement_id: AgreementId) -> str:
    """The lease for writing to an agreement."""
    return f"agreement/{agreement_id}"


@asynccontextmanager
async def turn(workspace: Workspace, name: str, what: str, *, waits: bool = True) -> AsyncIterator[None]:
    """Hold a lease for a block: wait for its holder, then take over the changes made meanwhile.

    Args:
        workspace: Its rules limit the wait; its listener hears whom it waits for.
        name: The lease.
        what: What it is for, such as "agreement 10".
        waits: Wait for its holder.

    Raises:
        Taken: Somebody holds it, and it is not waited for.
        StateLocked: Somebody held it for so long, or the run is to end; says who.
    """
    leases, pause, until = workspace.store.leases, _FIRST_PAUSE_S, time.monotonic() + workspace.rules.wait_s
    while (holder := leases.take(name)) is not None:
        if not waits:
            raise Taken
        if time.monotonic() >= until or workspace.run.is_stopping:
            raise _refusal(what, holder)
        workspace.listener.progress(Progress(f"Waiting for {holder.who} at {what}", 0, None))
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
    try:
        workspace.store.catch_up()
        yield
    finally:
        leases.give_back(name)


def _refusal(what: str, holder: Holder) -> StateLocked:
    return StateLocked(
        f"Somebody else works on {what}: {holder}.",
        next_step="Start again when they have finished, or wait longer.",
    )
