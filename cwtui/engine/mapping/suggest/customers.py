"""Which ConnectWise company a marketplace customer probably is (mapping.md#suggestions)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from cwtui.domain.ids import CompanyId, CustomerId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Customer
from cwtui.domain.psa import Company
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest.evidence import MatchEvidence, Traits, compare
from cwtui.engine.mapping.suggest.legal_forms import split_legal_form
from cwtui.engine.mapping.suggest.names import numbers_of, plain_code, plain_name
from cwtui.engine.mapping.suggest.similar import SimilarNames
from cwtui.engine.mapping.suggest.spellings import spelt_out_company

_IDENTIFIER, _ACCOUNT, _NAME, _NAME_FORM, _NAME_NO_FORM, _NAME_OTHER_FORM = 0.99, 0.98, 0.95, 0.93, 0.92, 0.88
_LETTERS, _WORDS, _SIMILAR = 0.86, 0.85, 0.84
_INITIALS, _DOMAIN, _OWN_ID = 0.70, 0.68, 0.60
_SHOWN_FROM = 0.60
"""Similar names below this likeness are left out: no suggestion is better than a wrong one."""
_OTHER_NUMBERS = 0.20
_TAKEN = 0.15
_GOOD = 0.9
"""With such a suggestion that is still free, merely similar names are not looked for."""
_TIE_BREAK, _TIE_BREAK_SIMILAR = 0.01, 0.10
_FEWEST_INITIALS = 3


@dataclass(frozen=True, slots=True)
class _Name:
    plain: str
    core: str
    form: str
    spelt_out: str
    numbers: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Name:
        plain = plain_name(text)
        core, form = split_legal_form(plain)
        return cls(plain, core, form, spelt_out_company(core), numbers_of(frozenset(core.split())))

    @property
    def initials(self) -> str:
        words = self.core.split()
        return "".join(word[0] for word in words) if len(words) >= _FEWEST_INITIALS else ""


@dataclass(frozen=True, slots=True)
class _Found:
    position: int
    score: float
    reason: str
    exact: bool = False
    by_name: bool = False
    evidence: MatchEvidence = MatchEvidence()


@dataclass(frozen=True, slots=True)
class RankedCompanies:
    """What was found for one customer.

    Attributes:
        suggestions: Best first, each company once.
        exact: Every company that matches exactly, taken or not: more than one is for a person to decide.
    """

    suggestions: tuple[Suggestion, ...]
    exact: frozenset[CompanyId]


class CompanyMatcher:
    """An index over the companies that may be mapped; built once, asked for one customer at a time."""

    def __init__(self, companies: Sequence[Company], *, taken: Collection[CompanyId] = ()) -> None:
        """Index the companies, deleted ones left out.

        Args:
            companies: As ConnectWise lists them.
            taken: Companies that another mapping uses: still proposed, lower and never as exact.
        """
        self._companies = [company for company in companies if not company.is_deleted]
        self._taken = frozenset(taken)
        self._names = [_Name.of(company.name) for company in self._companies]
        self._traits = [Traits.of(company.address, (company.website,)) for company in self._companies]
        self._similar = SimilarNames([name.spelt_out for name in self._names])
        self._by_identifier = self._index(lambda at: plain_code(self._companies[at].identifier))
        self._by_account = self._index(lambda at: plain_code(self._companies[at].account_number))
        self._by_plain = self._index(lambda at: self._names[at].plain)
        self._by_core = self._index(lambda at: self._names[at].core)
        self._by_initials = self._index(lambda at: self._names[at].initials)
        self._by_domain = self._index(lambda at: next(iter(self._traits[at].domains), ""))

    def _index(self, key_of: Callable[[int], str]) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for position in range(len(self._companies)):
            if key := key_of(position):
                index[key].append(position)
        return dict(index)

    def ranked(self, customer: Customer) -> RankedCompanies:
        """All companies worth proposing for one customer."""
        name, traits = _Name.of(customer.name), Traits.of(customer.address, customer.emails)
        best: dict[int, _Found] = {}
        for found in self._all(customer, name, traits):
            weighed = self._weighed(found, compare(traits, self._traits[found.position]))
            known = best.get(found.position)
            if known is None or weighed.score > known.score:
                best[found.position] = weighed
        in_order = sorted(best.values(), key=lambda found: (-found.score, self._order(found)))
        exact = [found for found in in_order if found.exact]
        # The same name in another country is often a sister company: for a person to decide.
        alone = exact[0] if len(exact) == 1 and not (exact[0].by_name and exact[0].evidence.other_country) else None
        return RankedCompanies(
            suggestions=tuple(self._suggestion(found, is_exact=found is alone) for found in in_order),
            exact=frozenset(self._companies[found.position].id for found in exact),
        )

    def _order(self, found: _Found) -> tuple[str, int]:
        company = self._companies[found.position]
        return (company.name.casefold(), company.id)

    def _all(self, customer: Customer, name: _Name, traits: Traits) -> Iterator[_Found]:
        found = [*self._by_ids(customer), *self._same_name(name)]
        yield from found
        for domain in sorted(traits.domains):
            for at in self._by_domain.get(domain, ()):
                yield _Found(at, _DOMAIN, "another name")
        good = (at for at in found if at.by_name and at.score >= _GOOD)
        if not any(self._companies[at.position].id not in self._taken for at in good):
            yield from self._similar_name(name)

    def _by_ids(self, customer: Customer) -> Iterator[_Found]:
        if external := plain_code(customer.external_id):
            for at in self._by_identifier.get(external, ()):
                yield _Found(at, _IDENTIFIER, "external id is the company's identifier", exact=True)
            for at in self._by_account.get(external, ()):
                yield _Found(at, _ACCOUNT, "external id is the company's account number", exact=True)
        # Both sides number their own records: an equal number may be a coincidence, so it is never exact.
        own = plain_code(customer.id)
        for at in (*self._by_identifier.get(own, ()), *self._by_account.get(own, ())):
            yield _Found(at, _OWN_ID, "customer id is the company's identifier or account number")

    def _same_name(self, name: _Name) -> Iterator[_Found]:
        for at in self._by_plain.get(name.plain, ()):
            yield _Found(at, _NAME, "same name", exact=True, by_name=True)
        for at in self._by_core.get(name.core, ()):
            theirs = self._names[at]
            if theirs.plain == name.plain:
                continue
            if theirs.form == name.form:
                yield _Found(at, _NAME_FORM, "same name, legal form written differently", by_name=True)
            elif theirs.form and name.form:
                yield _Found(at, _NAME_OTHER_FORM, "same name with another legal form", by_name=True)
            else:
                yield _Found(at, _NAME_NO_FORM, "same name without legal form", by_name=True)

    def _similar_name(self, name: _Name) -> Iterator[_Found]:
        initials = [*self._by_initials.get(name.core, ()), *self._by_core.get(name.initials, ())]
        for at in initials if len(name.core) >= _FEWEST_INITIALS else ():
            yield _Found(at, _INITIALS, "initials of the name")
        for like in self._similar.like(name.spelt_out, at_least=_SHOWN_FROM, limit=6):
            theirs = self._names[like.position]
            if like.same_letters:
                score, reason = _LETTERS, "same name apart from spaces, abbreviations or spelling"
            elif like.same_words:
                score, reason = _WORDS, "same words in another order"
            else:
                score, reason = _SIMILAR * like.score, "similar name"
            if name.numbers - theirs.numbers and theirs.numbers - name.numbers:
                score, reason = score - _OTHER_NUMBERS, f"{reason}, other numbers"
            yield _Found(like.position, score, reason)

    def _weighed(self, found: _Found, evidence: MatchEvidence) -> _Found:
        if found.score > _SIMILAR + _TIE_BREAK:
            score = found.score + _TIE_BREAK * evidence.weight
        else:
            score = min(found.score + _TIE_BREAK_SIMILAR * evidence.weight, _SIMILAR + _TIE_BREAK)
        if self._is_taken(found):
            score -= _TAKEN
        return replace(found, score=score, evidence=evidence)

    def _is_taken(self, found: _Found) -> bool:
        return self._companies[found.position].id in self._taken

    def _suggestion(self, found: _Found, *, is_exact: bool) -> Suggestion:
        company, taken = self._companies[found.position], self._is_taken(found)
        used = ("already used by another mapping",) if taken else ()
        return Suggestion(
            connectwise_id=company.id,
            name=company.name,
            score=round(min(max(found.score, 0.0), 1.0), 4),
            reason=", ".join((found.reason, *found.evidence.words, *used)),
            is_exact=is_exact and not taken,
        )


def suggest_companies(
    customers: Sequence[Customer],
    companies: Sequence[Company],
    *,
    taken: Collection[CompanyId] = (),
    limit: int = 3,
) -> dict[CustomerId, tuple[Suggestion, ...]]:
    """Propose companies for customers (reconciling.md#customers-import): same id, then same name, then similar name.

    Args:
        customers: The customers to map.
        companies: All companies; deleted ones are never proposed.
        taken: Companies that other mappings use: proposed last, never as exact.
        limit: Suggestions per customer.

    Returns:
        For each customer its suggestions, best first, perhaps none. `is_exact` stands on a suggestion only if
        exactly one company matches that customer exactly, it is free, and no other of `customers` matches it
        exactly: hand over all customers that are not mapped yet.
    """
    matcher = CompanyMatcher(companies, taken=taken)
    found = {customer.id: matcher.ranked(customer) for customer in customers}
    claims = Counter(company for ranked in found.values() for company in ranked.exact)
    return {
        customer: tuple(
            replace(suggestion, is_exact=suggestion.is_exact and claims[CompanyId(suggestion.connectwise_id)] == 1)
            for suggestion in ranked.suggestions[: max(limit, 0)]
        )
        for customer, ranked in found.items()
    }
