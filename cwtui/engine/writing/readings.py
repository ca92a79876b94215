"""Links remember what ConnectWise keeps: the first reading after a write shows it."""

from __future__ import annotations

from collections.abc import Mapping

from cwtui.domain.ids import AdditionId, AgreementId
from cwtui.domain.psa import Addition
from cwtui.engine.protocols import Store


def note_reading(store: Store, agreement_id: AgreementId, additions: Mapping[AdditionId, Addition]) -> None:
    """Compare the links of an agreement with its additions, which were read afresh.

    Rule: synchronising.md#links-remember-what-was-read.
    """
    unread = [link for link in store.links_in(agreement_id) if link.is_unread and link.addition_id in additions]
    if not unread or store.is_read_only:
        return
    with store.batch():
        for link in unread:
            store.save_link(link.as_read(additions[link.addition_id].values))
