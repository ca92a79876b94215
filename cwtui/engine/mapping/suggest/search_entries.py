"""Search in a long list while someone types."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.fuzz import partial_ratio

from cwtui.engine.mapping.suggest.names import plain_name

_FUZZY_FROM = 4
"""Shorter queries resemble everything."""
_SHOWN_FROM = 75


class SearchEntries:
    """Texts prepared once for many searches, one per keystroke."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._texts = [f" {plain_name(entry)} " for entry in entries]
        self._raw = [entry.casefold() for entry in entries]

    def __len__(self) -> int:
        return len(self._texts)

    def search(self, query: str, limit: int) -> list[int]:
        """Positions of the entries that fit, best first.

        What holds every word comes first (from its beginning, then at beginnings of words, then anywhere; shorter
        entries before longer), then what resembles the query. An empty query finds the first entries as they stand.
        """
        if not query.strip() or limit <= 0:
            return list(range(min(max(limit, 0), len(self._texts))))
        plain = plain_name(query)
        if not plain:
            sought = query.strip().casefold()
            return [position for position, text in enumerate(self._raw) if sought in text][:limit]
        found = self._holding(plain)[:limit]
        if len(found) < limit and len(plain) >= _FUZZY_FROM:
            found += self._resembling(plain, limit, frozenset(found))
        return found[:limit]

    def _holding(self, plain: str) -> list[int]:
        texts, words = self._texts, sorted(plain.split(), key=len, reverse=True)
        found = [position for position, text in enumerate(texts) if words[0] in text]
        for word in words[1:]:
            found = [position for position in found if word in texts[position]]
        start, beginnings = f" {plain}", [f" {word}" for word in words]

        def rank(position: int) -> tuple[bool, bool, int, int]:
            text = texts[position]
            at_words = all(beginning in text for beginning in beginnings)
            return (not text.startswith(start), not at_words, len(text), position)

        return sorted(found, key=rank)

    def _resembling(self, plain: str, limit: int, known: frozenset[int]) -> list[int]:
        alike = process.extract(
            plain, self._texts, scorer=partial_ratio, limit=limit + len(known), score_cutoff=_SHOWN_FROM
        )
        return [position for _, _, position in alike if position not in known]


def search(query: str, entries: SearchEntries | Sequence[str], limit: int) -> list[int]:
    """Search entries (see `SearchEntries.search`); prepare them once where they are searched more than once.

    Returns:
        Positions in `entries`, best first, at most `limit`.
    """
    prepared = entries if isinstance(entries, SearchEntries) else SearchEntries(entries)
    return prepared.search(query, limit)
