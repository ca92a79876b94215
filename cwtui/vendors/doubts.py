"""Accounts and SKUs that refused rows could belong to: none is written (files.md#a-part-is-never-the-whole)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import field

from cwtui.domain.counts import SkuLines
from cwtui.domain.lazily import dataclass
from cwtui.vendors.rows import Refusal

_MOST_LINES = 20
"""The most lines kept of one account and SKU: they show a person where to look."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """Accounts (folded; empty for any) → SKUs → lines."""

    by_account: Mapping[str, SkuLines] = field(default_factory=dict)

    @classmethod
    def of_refused(cls, refused: Iterable[Refusal]) -> Doubts:
        """The accounts and SKUs that these rows could belong to."""
        found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for one in refused:
            for account, sku in one.could_be:
                lines = found[account.casefold()][sku.casefold()]
                if len(lines) < _MOST_LINES:
                    lines.append(one.line)
        return cls({account: {sku: tuple(lines) for sku, lines in skus.items()} for account, skus in found.items()})

    def of(self, account: str) -> SkuLines:
        """The doubts that concern an account."""
        found: dict[str, tuple[int, ...]] = {}
        for key in dict.fromkeys(("", account.casefold())):
            for sku, lines in self.by_account.get(key, {}).items():
                both = sorted({*found.get(sku, ()), *lines})
                found[sku] = tuple(both[:_MOST_LINES])
        return found


def concerns(doubts: SkuLines, sku: str) -> bool:
    """Whether a refused row could belong to a SKU."""
    return "" in doubts or sku.casefold() in doubts
