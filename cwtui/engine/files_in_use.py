"""Whether vendors' files are in use: each start asks this, because it decides which settings are required."""

from __future__ import annotations

from cwtui.domain.mappings import MappingKind, is_account
from cwtui.engine.protocols import Store


def counts_files(store: Store) -> bool:
    """Accounts of a vendor's file are linked: its steps are in use."""
    return any(is_account(row.key) for row in store.mappings().of_kind(MappingKind.CUSTOMER))
