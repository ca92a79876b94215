"""Mapping suggestions at 5,000 × 5,000 customers and 2,000 × 20,000 products, against difflib and plain rapidfuzz.

`python -m benchmarks.suggestions` prints the rows. The references are scaled from a few queries: difflib would take
minutes. All names are made up; every customer and product asked for is a damaged copy of one that is known.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from rapidfuzz import process
from rapidfuzz.fuzz import WRatio

from benchmarks.report import BenchmarkRow, medians, seconds_of
from cwtui.domain.ids import CatalogItemId, CompanyId, CustomerId, ProductId
from cwtui.domain.marketplace import Customer, Product
from cwtui.domain.psa import CatalogItem, Company
from cwtui.domain.suggestions import Suggestion
from cwtui.engine.mapping.suggest import SearchEntries, suggest_catalog_items, suggest_companies

CUSTOMER_SIZES = (500, 1_000, 2_000, 5_000)
CATALOG_SIZES = (2_000, 5_000, 10_000, 20_000)
PRODUCTS = 2_000
DIFFLIB_QUERIES, WRATIO_QUERIES = 4, 40
KEYSTROKES = ("mic", "microso", "microsoft bus", "micorsoft buisness", "acronis p1 annual")


def _words(text: str) -> list[str]:
    return text.split()


_PLACES = _words(
    "Acme Blue Green Silver North South East West River Lake Hill Stone Oak Maple Cedar Iron Copper Golden Bright"
    " Grand Royal First United Global Pacific Atlantic Alpine Summit Harbor Falcon Eagle Lion Wolf Bear Fox Star Sun"
    " Moon Sky Cloud Data Net Soft Nova Vertex Apex Delta Omega Sigma Quantum Prime Swift Clear True Noble Liberty"
    " Heritage Pioneer Frontier Horizon Vista Crystal Diamond Emerald Ruby Phoenix Titan Atlas Orion Mercury Saturn"
)
_ENDINGS = _words(
    "ton ford field brook wood well land man son berg stein burg dale worth ley ham by wick stad haus bach mont"
)
_TRADES = _words(
    "Consulting Logistics Plumbing Dental Legal Partners Holdings Foods Media Travel Energy Systems Software"
    " Construction Engineering Design Studio Pharmacy Clinic School Bank Insurance Motors Transport Farms Textiles"
    " Interiors Architects Marketing Security Manufacturing Services Solutions Group Technologies Electric Roofing"
)
_FORMS = ("Ltd", "Limited", "LLC", "Inc", "GmbH", "AG", "SARL", "B.V.", "S.r.l.", "Pty Ltd", "Corp", "", "")
_VENDORS = _words("Microsoft Google Adobe Cisco Sophos Acronis Veeam Dropbox Zoom Slack Datto ESET")
_KINDS = _words(
    "Business Enterprise Cloud Mail Backup Security Teams Office Exchange Defender Project Visio Power Endpoint"
    " Server Storage Voice Archive Analytics Copilot"
)
_EDITIONS = ("Basic", "Standard", "Premium", "Plan 1", "Plan 2", "E1", "E3", "E5", "F1", "F3", "Starter", "Advanced")
_TERMS = ("Monthly", "Annual", "3 Year", "")


def company_name(chance: random.Random) -> str:
    """Something like `Oakford Silver Dental GmbH`."""
    words = [chance.choice(_PLACES) + (chance.choice(_ENDINGS) if chance.random() < 0.6 else "")]
    if chance.random() < 0.4:
        words.append(chance.choice(_PLACES))
    words.append(chance.choice(_TRADES))
    if chance.random() < 0.3:
        words.append(chance.choice(_TRADES))
    return " ".join([*words, chance.choice(_FORMS)]).strip()


def product_name(chance: random.Random) -> str:
    """Something like `Acronis Backup Server Plan 2 Annual 50 GB`: few words in many combinations, the hard case."""
    words = [chance.choice(_VENDORS), *chance.sample(_KINDS, 2), chance.choice(_EDITIONS), chance.choice(_TERMS)]
    if chance.random() < 0.4:
        words.append(f"{chance.choice((5, 10, 25, 50, 100, 500))} GB")
    return " ".join(word for word in words if word)


def distinct(size: int, make: Callable[[random.Random], str], seed: int) -> list[str]:
    """So many different names, the same on every machine."""
    chance, names = random.Random(seed), dict[str, None]()
    while len(names) < size:
        names[make(chance)] = None
    return list(names)


def damaged(name: str, chance: random.Random, *, may_lose_its_end: bool) -> str:
    """The name as somebody else keeps it: other case, no legal form, swapped words, one or two typos."""
    kind = chance.random()
    if kind < 0.3:
        return name.upper()
    if kind < 0.5 and may_lose_its_end:
        return name.rpartition(" ")[0]
    if kind < 0.6:
        first, _, rest = name.partition(" ")
        return f"{rest} {first}"
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.choice([at for at in range(1, len(name) - 1) if name[at].isalpha() and name[at + 1].isalpha()])
        typo = (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], swapped(name, at))
        name = chance.choice(typo)
    return name


def swapped(name: str, at: int) -> str:
    """Two neighbouring letters in the other order."""
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


@dataclass(slots=True)
class Series:
    """What one kind of matching took, by size."""

    seconds: dict[int, float] = field(default_factory=dict)
    times_difflib: dict[int, float] = field(default_factory=dict)
    times_wratio: dict[int, float] = field(default_factory=dict)
    in_three: dict[int, float] = field(default_factory=dict)

    def add(self, size: int, queries: Sequence[str], known: Sequence[str], run: Callable[[], float]) -> None:
        """Measure one size: ours on all queries, the references on a few, scaled."""
        self.seconds[size] = seconds_of(lambda: self.in_three.__setitem__(size, run()))
        few = queries[:: len(queries) // DIFFLIB_QUERIES][:DIFFLIB_QUERIES]
        difflib_s = seconds_of(lambda: [get_close_matches(query, known, n=3) for query in few])
        more = queries[:: len(queries) // WRATIO_QUERIES][:WRATIO_QUERIES]
        wratio_s = seconds_of(lambda: [process.extract(query, known, scorer=WRatio, limit=3) for query in more])
        self.times_difflib[size] = difflib_s * len(queries) / len(few) / self.seconds[size]
        self.times_wratio[size] = wratio_s * len(queries) / len(more) / self.seconds[size]


def customers(sizes: Sequence[int]) -> Series:
    """As many customers as companies."""
    series = Series()
    for size in sizes:
        known = distinct(size, company_name, seed=1)
        chance = random.Random(2)
        asked = [damaged(name, chance, may_lose_its_end=True) for name in known]
        companies = [Company(CompanyId(at), f"C{at}", name) for at, name in enumerate(known)]
        wanted = [Customer(CustomerId(f"M{at}"), name) for at, name in enumerate(asked)]

        def run(wanted: Sequence[Customer] = wanted, companies: Sequence[Company] = companies) -> float:
            return right(suggest_companies(wanted, companies), range(len(wanted)))

        series.add(size, asked, known, run)
    return series


def products(sizes: Sequence[int]) -> Series:
    """2,000 products without an MPN in a growing catalog: the MPN would make it a dictionary look-up."""
    series = Series()
    for size in sizes:
        known = distinct(size, product_name, seed=3)
        chance = random.Random(4)
        picked = chance.sample(range(size), min(PRODUCTS, size))
        asked = [damaged(known[at], chance, may_lose_its_end=False) for at in picked]
        items = [CatalogItem(CatalogItemId(at), f"SKU-{at}", name) for at, name in enumerate(known)]
        wanted = [Product(ProductId(f"P{at}"), name) for at, name in zip(picked, asked, strict=True)]

        def run(
            wanted: Sequence[Product] = wanted,
            items: Sequence[CatalogItem] = items,
            picked: Sequence[int] = picked,
        ) -> float:
            return right(suggest_catalog_items(wanted, items), picked)

        series.add(size, asked, known, run)
    return series


def right(found: Mapping[CustomerId, Sequence[Suggestion]] | Mapping[ProductId, Sequence[Suggestion]],
          expected: Sequence[int]) -> float:  # fmt: skip
    """The share of queries whose original is among the first three."""
    hits = (
        target in {suggestion.connectwise_id for suggestion in proposed}
        for proposed, target in zip(found.values(), expected, strict=True)
    )
    return sum(hits) / len(expected)


def searching(sizes: Sequence[int]) -> tuple[dict[int, float], dict[int, float]]:
    """Seconds of one keystroke over prepared entries, and how many times faster than one pass of WRatio."""
    seconds, ratios = {}, {}
    for size in sizes:
        known = distinct(size, product_name, seed=3)
        prepared = SearchEntries(known)

        def ours(prepared: SearchEntries = prepared) -> object:
            return [prepared.search(query, 50) for query in KEYSTROKES]

        def reference(known: Sequence[str] = known) -> object:
            return [process.extract(query, known, scorer=WRatio, limit=50) for query in KEYSTROKES]

        ours_s, reference_s = medians(ours, reference, rounds=3)
        seconds[size], ratios[size] = ours_s / len(KEYSTROKES), reference_s / ours_s
    return seconds, ratios


def rows(customer_sizes: Sequence[int] = CUSTOMER_SIZES, catalog_sizes: Sequence[int] = CATALOG_SIZES) -> list[
    BenchmarkRow
]:  # fmt: skip
    """Measure everything at every size; ratios say how many times faster than the reference."""
    found: list[BenchmarkRow] = []
    matchings = (
        ("suggest companies, n customers × n companies", customers(customer_sizes), 100.0, 5.0, 0.95),
        ("suggest catalog items, 2,000 products × n items", products(catalog_sizes), 100.0, 5.0, 0.90),
    )
    for what, series, difflib_reach, wratio_reach, share in matchings:
        largest = max(series.seconds)
        found += [
            BenchmarkRow(what, reference, ratios[largest], reach, unit, ratios, seconds, at_least=True)
            for reference, ratios, reach, unit, seconds in (
                ("difflib.get_close_matches, scaled", series.times_difflib, difflib_reach, "×", series.seconds),
                ("rapidfuzz extract WRatio, scaled", series.times_wratio, wratio_reach, "×", series.seconds),
                ("damaged copies whose original is in the first three", series.in_three, share, "share", {}),
            )
        ]
    seconds, ratios = searching(catalog_sizes)
    largest = max(ratios)
    reference = "rapidfuzz extract WRatio over the same entries"
    found.append(
        BenchmarkRow("search, one keystroke", reference, ratios[largest], 2.0, "×", ratios, seconds, at_least=True)
    )
    return found


if __name__ == "__main__":
    for row in rows():
        figures = "  ".join(f"{size:,}: {ratio:.2f}" for size, ratio in row.sizes.items())
        times = "  ".join(f"{seconds * 1000:.1f} ms" for seconds in row.seconds.values())
        grows = "" if row.exponent is None else f"n^{row.exponent:.2f}"
        print("ok  " if row.is_reached else "MISS", row.what, "/", row.reference, "≥", row.reach, row.unit)
        print("      ", figures, "|", times, grows)
