"""Similar names, fast: candidates by rare letter triples, then two scorers on the few that are left.

The first scorer compares whole names (rapidfuzz, compiled); the second compares word by word, where a rare word
counts for more than one that half of all names share. Their mean is right more often than either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import nlargest
from itertools import accumulate
from math import log

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import ratio

from cwtui.domain.lazily import dataclass

_POSTINGS_READ = 2500
"""About how many (triple, name) pairs one query reads, rarest triple first: bounds the time of common names."""
_TRIPLES_AT_LEAST = 4
_WORDS_AT_LEAST = 2
_SCANNED_FROM = 50
_CANDIDATES = 80
_FINALISTS = 8
_SAME_WORD = 0.7
"""Below this likeness two words are different words."""
_BEGINS = 0.9
"""How much a word counts for one that it begins (`tech` for `technology`)."""
_SHORTEST_BEGINNING = 3
_INSIDE = 0.7
"""What a name scores by words that stands wholly inside another (`Tidewater` in `Tidewater Boat Repair`)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How similar one known name is to the one asked for.

    Attributes:
        position: Of the name in the sequence the index was made of.
        score: 0 … 1.
        same_words: The same words, perhaps in another order.
        same_letters: The same letters in the same order, perhaps with other spaces.
    """

    position: int
    score: float
    same_words: bool
    same_letters: bool


class SimilarNames:
    """An index over plain names (words separated by single spaces); built once, asked often."""

    def __init__(self, names: Sequence[str]) -> None:
        self._words = [name.split() for name in names]
        self._sorted = [" ".join(sorted(words)) for words in self._words]
        self._letters = ["".join(words) for words in self._words]
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_triple: dict[str, list[int]] = defaultdict(list)
        for position, words in enumerate(self._words):
            for word in set(words):
                self._by_word[word].append(position)
            for triple in _triples(words):
                self._by_triple[triple].append(position)
        self._weights = {word: log(1 + len(names) / len(found)) for word, found in self._by_word.items()}
        self._rarest = log(1 + len(names))

    def like(self, name: str, *, at_least: float, limit: int) -> list[Likeness]:
        """The most similar names, best first.

        Args:
            name: A plain name.
            at_least: Leave out what scores less (0 … 1).
            limit: How many at most.
        """
        words = name.split()
        in_order, letters = " ".join(sorted(words)), "".join(words)
        found = []
        for position, whole in self._finalists(in_order, letters, self._candidates(words, in_order)):
            score = (whole + self._by_words(words, self._words[position])) / 2
            if score >= at_least:
                same_words, same_letters = in_order == self._sorted[position], letters == self._letters[position]
                found.append(Likeness(position, 1.0 if same_words or same_letters else score, same_words, same_letters))
        return sorted(found, key=lambda likeness: (-likeness.score, likeness.position))[:limit]

    def _candidates(self, words: Sequence[str], in_order: str) -> list[int]:
        """Names that share rare triples; where no triple is rare (a catalogue of few words), that share rare words."""
        lists = sorted((found for triple in _triples(words) if (found := self._by_triple.get(triple))), key=len)
        read = _how_many(lists, _POSTINGS_READ, at_least=_TRIPLES_AT_LEAST)
        if read < len(lists) / 3:
            return self._sharing_words(words, in_order)
        shared: Counter[int] = Counter()
        for positions in lists[:read]:
            shared.update(positions)
        if len(shared) <= _CANDIDATES:
            return list(shared)
        return nlargest(_CANDIDATES, shared, key=shared.__getitem__)

    def _sharing_words(self, words: Sequence[str], in_order: str) -> list[int]:
        lists = sorted((found for word in set(words) if (found := self._by_word.get(word))), key=len)
        read = _how_many(lists, len(self._words) // 10, at_least=_WORDS_AT_LEAST)
        near = set[int]().union(*lists[:read]) if lists else range(len(self._words))
        choices = {position: self._sorted[position] for position in near}
        alike = process.extract(in_order, choices, scorer=ratio, limit=_CANDIDATES, score_cutoff=_SCANNED_FROM)
        return [position for _, _, position in alike]

    def _finalists(self, in_order: str, letters: str, candidates: Sequence[int]) -> list[tuple[int, float]]:
        """The candidates whose whole names are most alike, by either spelling, with that likeness (0 … 1)."""
        best: dict[int, float] = {}
        for query, texts in ((in_order, self._sorted), (letters, self._letters)):
            choices = {position: texts[position] for position in candidates}
            for _, score, position in process.extract(query, choices, scorer=ratio, limit=len(choices)):
                best[position] = max(best.get(position, 0.0), score / 100)
        return nlargest(_FINALISTS, best.items(), key=lambda entry: entry[1])

    def _by_words(self, mine: Sequence[str], theirs: Sequence[str]) -> float:
        """How much of both names is in the other, by weight of words; one wholly inside the other counts for more."""
        matched = total = inside = 0.0
        for words, others in ((mine, theirs), (theirs, mine)):
            found = whole = 0.0
            for word in words:
                weight = self._weights.get(word, self._rarest)
                whole += weight
                found += weight * (1.0 if word in others else max(_word_likeness(word, other) for other in others))
            matched, total = matched + found, total + whole
            inside = max(inside, found / whole)
        return max(matched / total, _INSIDE * inside)


def _how_many(lists: Sequence[Sequence[int]], budget: int, *, at_least: int) -> int:
    """How many of the lists, from the first, may be read within a budget of entries."""
    return max(bisect_right(list(accumulate(len(found) for found in lists)), budget), at_least)


def _triples(words: Iterable[str]) -> set[str]:
    return {padded[at : at + 3] for word in words for padded in (f" {word} ",) for at in range(len(word))}


@lru_cache(maxsize=200_000)
def _word_likeness(word: str, other: str) -> float:
    if not (word.isalpha() and other.isalpha()):
        return 0.0
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) >= _SHORTEST_BEGINNING and longer.startswith(shorter):
        return _BEGINS
    return Levenshtein.normalized_similarity(word, other, score_cutoff=_SAME_WORD)
