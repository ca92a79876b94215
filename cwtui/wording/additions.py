"""Differences of an addition in ConnectWise, in words."""

from __future__ import annotations

from cwtui.domain.planning.ground import Differences, exact
from cwtui.domain.psa import Addition
from cwtui.wording.sentences import changes_text


def link_difference(differences: Differences | None, held: Addition | None) -> str:
    """How a linked addition differs from what cwtui wrote; empty if it does not."""
    if held is None or differences is None:
        return "was removed in ConnectWise"
    return f"was edited in ConnectWise ({changes_text(exact(differences))})" if differences else ""
