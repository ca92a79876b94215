"""The settings the engine uses (settings.md#where-settings-come-from)."""

from __future__ import annotations

from datetime import time

from cwtui.domain.lazily import dataclass


@dataclass(frozen=True, slots=True)
class EngineRules:
    """Settings of the engine itself (settings.md#where-settings-come-from).

    Attributes:
        at_once: Requests in flight per service.
        settle_s: Seconds a create of unknown outcome is given to appear.
        timeout_s: Seconds that one request may take.
        who: The operator, for the audit.
        maps_exact, creates_items: mapping.auto = exact; mapping.create_catalog_items.
        reads_files: Vendors' files are set up (`intermedia`, `usage`), so their permissions matter.
        wait_s: How long to wait for another process that works on the same agreement, or checks.
        only_customers: sync.auto_customers; empty is all.
        round_at: The time of day for periods of whole days, in UTC.
    """

    at_once: int = 16
    settle_s: float = 3.0
    timeout_s: float = 30.0
    who: str = ""
    guards_empty_feed: bool = True
    maps_exact: bool = False
    creates_items: bool = False
    reads_files: bool = False
    wait_s: float = 300.0
    only_customers: frozenset[str] = frozenset()
    round_at: time | None = None
