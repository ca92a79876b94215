"""What may be mapped to what, proposed to the operator with a score and a reason in words (mapping.md#suggestions)."""

from __future__ import annotations

from cwtui.domain.lazily import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One ConnectWise entry proposed for one entry of the marketplace.

    Attributes:
        connectwise_id: Of the company, catalog item or agreement.
        name: Its name, as ConnectWise holds it: text from outside.
        score: 0 … 1, for ranking and showing only; nothing is ever billed by it.
        reason: Why it is proposed, in words: `same name without legal form, same city`.
        is_exact: It matches exactly and nothing else does: what `mapping.auto = exact` may accept without asking.
    """

    connectwise_id: int
    name: str
    score: float
    reason: str
    is_exact: bool = False
