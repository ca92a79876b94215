"""Which catalog item a marketplace product probably is (mapping.md#suggestions)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from cwtui.domain.ids import Mpn, ProductId
from cwtui.domain.lazily import dataclass
from cwtui.domain.psa import CatalogItem
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest.names import bare_code, numbers_of, plain_code, plain_name
from cwtui.engine.mapping.suggest.similar import SimilarNames
from cwtui.engine.mapping.suggest.spellings import spelt_out_product

_MANUFACTURER, _VENDOR, _IDENTIFIER, _BARE_MPN = 1.0, 0.99, 0.98, 0.95
_NAME, _LETTERS, _WORDS, _SIMILAR = 0.92, 0.88, 0.86, 0.85
_ONE_SIDED, _OTHER_MPN = 0.04, 0.03
_SHOWN_FROM = 0.60
_NAMES_ASKED = 12

_DECISIVE = (
    frozenset({"monthly", "annual", "quarterly", "biennial", "triennial", "quinquennial", "weekly", "daily"}),
    frozenset({"basic", "standard", "premium", "essentials", "professional", "enterprise", "starter", "plus",
               "advanced", "ultimate", "lite", "free", "trial", "kiosk", "complete", "entry", "silver", "gold",
               "platinum", "diamond", "advantage", "small", "medium", "large", "datacenter", "business"}),
    frozenset({"education", "government", "nonprofit", "student", "faculty"}),
    frozenset({"setup", "recurring", "overuse", "cancellation"}),
    frozenset({"linux", "windows", "mac", "android"}),
)  # fmt: skip
"""Words that tell one product from its neighbour: term, edition, audience, charge, platform."""


class HasNameAndMpn(Protocol):
    """A `Product` or a `SubscriptionProduct`."""

    @property
    def id(self) -> ProductId:
        """The marketplace's id of the product."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def mpn(self) -> Mpn:
        """Its MPN, perhaps empty."""


@dataclass(frozen=True, slots=True)
class _Found:
    position: int
    score: float
    reason: str
    exact: bool = False


class CatalogMatcher:
    """An index over the active catalog items; built once, asked for one product at a time."""

    def __init__(self, items: Sequence[CatalogItem]) -> None:
        """Index the items, inactive ones left out."""
        self._items = [item for item in items if not item.is_inactive]
        self._codes = (
            (self._index(lambda item: plain_code(item.manufacturer_part_number)), _MANUFACTURER, "same MPN"),
            (self._index(lambda item: plain_code(item.vendor_sku)), _VENDOR, "same MPN as the vendor SKU"),
            (self._index(lambda item: plain_code(item.identifier)), _IDENTIFIER, "same MPN as the identifier"),
        )
        self._bare = self._index(lambda item: bare_code(plain_code(item.manufacturer_part_number or item.vendor_sku)))
        self._by_name: dict[str, list[int]] = defaultdict(list)
        spelt_out: dict[str, list[int]] = defaultdict(list)
        for position, item in enumerate(self._items):
            for plain in _names_of(item):
                self._by_name[plain].append(position)
                spelt_out[spelt_out_product(plain)].append(position)
        self._positions = [list(dict.fromkeys(positions)) for positions in spelt_out.values()]
        self._decisive = [_decisive(name) for name in spelt_out]
        self._similar = SimilarNames(list(spelt_out))

    def _index(self, key_of: Callable[[CatalogItem], str]) -> dict[str, list[int]]:
        index: dict[str, list[int]] = defaultdict(list)
        for position, item in enumerate(self._items):
            if key := key_of(item):
                index[key].append(position)
        return dict(index)

    def suggest(self, product: HasNameAndMpn, *, limit: int = 3) -> tuple[Suggestion, ...]:
        """The best catalog items for one product, best first; `is_exact` on the one active item of the same MPN."""
        best: dict[int, _Found] = {}
        for found in self._all(product):
            known = best.get(found.position)
            if known is None or found.score > known.score:
                best[found.position] = found
        ranked = sorted(best.values(), key=lambda found: (-found.score, self._order(found)))
        alone = sum(found.exact for found in ranked) == 1
        return tuple(
            Suggestion(
                connectwise_id=self._items[found.position].id,
                name=self._items[found.position].description or self._items[found.position].identifier,
                score=round(found.score, 4),
                reason=found.reason,
                is_exact=found.exact and alone,
            )
            for found in ranked[: max(limit, 0)]
        )

    def _order(self, found: _Found) -> tuple[str, int]:
        item = self._items[found.position]
        return (item.identifier.casefold(), item.id)

    def _all(self, product: HasNameAndMpn) -> Iterator[_Found]:
        has_same_mpn = False
        if mpn := plain_code(product.mpn):
            for index, score, reason in self._codes:
                for at in index.get(mpn, ()):
                    has_same_mpn = True
                    yield _Found(at, score, reason, exact=True)
            for at in self._bare.get(bare_code(mpn), ()):
                yield _Found(at, _BARE_MPN, "same MPN apart from punctuation")
        if not has_same_mpn:
            yield from self._named_alike(product)

    def _named_alike(self, product: HasNameAndMpn) -> Iterator[_Found]:
        plain = plain_name(product.name)
        for at in self._by_name.get(plain, ()):
            yield self._unless_other_mpn(product, _Found(at, _NAME, "same name"))
        spelt_out = spelt_out_product(plain)
        mine = _decisive(spelt_out)
        for like in self._similar.like(spelt_out, at_least=_SHOWN_FROM, limit=_NAMES_ASKED):
            theirs = self._decisive[like.position]
            differ = any(one - other and other - one for one, other in zip(mine, theirs, strict=True))
            if differ and not like.same_letters:
                continue  # Plan 1 is not Plan 2, monthly is not annual; but 1Password is 1 Password
            if like.same_letters:
                score, reason = _LETTERS, "same name apart from spaces or abbreviations"
            elif like.same_words:
                score, reason = _WORDS, "same words in another order"
            else:
                score, reason = _SIMILAR * like.score, "similar name"
            score -= _ONE_SIDED * sum(one != other for one, other in zip(mine, theirs, strict=True))
            for at in self._positions[like.position]:
                yield self._unless_other_mpn(product, _Found(at, score, reason))

    def _unless_other_mpn(self, product: HasNameAndMpn, found: _Found) -> _Found:
        mine, theirs = plain_code(product.mpn), plain_code(self._items[found.position].manufacturer_part_number)
        if mine and theirs and bare_code(mine) != bare_code(theirs):
            return _Found(found.position, found.score - _OTHER_MPN, f"{found.reason}, another MPN")
        return found


def _names_of(item: CatalogItem) -> tuple[str, ...]:
    """The plain names an item goes by, each once."""
    texts = (item.description, item.customer_description, item.identifier)
    return tuple(dict.fromkeys(plain for text in texts if (plain := plain_name(text))))


def _decisive(spelt_out: str) -> tuple[frozenset[str], ...]:
    """What tells a product from its neighbours: its numbers and plan letters, then its words of each kind."""
    words = frozenset(spelt_out.split())
    return (numbers_of(words), *(words & kind for kind in _DECISIVE))


def suggest_catalog_items(
    products: Sequence[HasNameAndMpn], items: Sequence[CatalogItem], *, limit: int = 3
) -> dict[ProductId, tuple[Suggestion, ...]]:
    """Propose catalog items for products (mapping.md#suggestions): the same MPN, then the name.

    Args:
        products: The products to map, each with its name and MPN.
        items: The whole product catalog; inactive items are never proposed.
        limit: Suggestions per product.

    Returns:
        For each product its suggestions, best first, perhaps none. `is_exact` stands on the only active item whose
        manufacturer part number, vendor SKU or identifier is the product's MPN. Several products may share it.
    """
    matcher = CatalogMatcher(items)
    return {product.id: matcher.suggest(product, limit=limit) for product in products}
