"""Evidence beside the name that a customer is a company: web domain and address (mapping.md#suggestions)."""

from __future__ import annotations

from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Address
from cwtui.engine.mapping.suggest.names import bare_code, plain_name

_PUBLIC_MAIL = frozenset(
    {"gmail", "googlemail", "outlook", "hotmail", "live", "msn", "yahoo", "ymail", "icloud", "me", "mac", "aol",
     "gmx", "web", "t-online", "freenet", "proton", "protonmail", "mail", "zoho", "comcast", "verizon", "att",
     "btinternet", "orange", "wanadoo", "free", "laposte", "libero", "virgilio", "yandex", "qq", "163", "bigpond"}
)  # fmt: skip
"""First labels of domains that belong to a provider: shared by strangers, they say nothing."""
_SHARED_HOSTS = frozenset(
    {"onmicrosoft.com", "wixsite.com", "wordpress.com", "facebook.com", "linkedin.com", "business.site",
     "google.com", "squarespace.com", "weebly.com", "blogspot.com", "github.io", "azurewebsites.net"}
)  # fmt: skip
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne"})
_COUNTRY_CODE = 2


def domain_of(address: str) -> str:
    """The registrable domain of an e-mail address or website: `https://www.acme.co.uk/about` → `acme.co.uk`.

    Returns:
        Empty for public mail providers, shared hosts (whose customers keep their own name in front:
        `acme.onmicrosoft.com`) and what is no domain at all.
    """
    host = address.strip().casefold().rpartition("//")[2].rpartition("@")[2]
    for end in "/?#:":
        host = host.partition(end)[0]
    labels = [label for label in host.strip(".").split(".") if label]
    if len(labels) < 2:  # noqa: PLR2004  # a name and a top level
        return ""
    size = 2
    if len(labels[-1]) == _COUNTRY_CODE and labels[-2] in _SECOND_LEVEL:
        size = 3
    if ".".join(labels[-size:]) in _SHARED_HOSTS:
        size += 1
    domain = labels[-size:]
    return "" if len(domain) < size or len(labels) < size or domain[0] in _PUBLIC_MAIL | {"www"} else ".".join(domain)


@dataclass(frozen=True, slots=True)
class Traits:
    """What identifies a customer or company besides its name, ready to compare."""

    domains: frozenset[str]
    postal_code: str
    city: str
    country: str

    @classmethod
    def of(cls, address: Address, web: tuple[str, ...]) -> Traits:
        """Take them from an address and from e-mail addresses or a website."""
        country = address.country_code.strip().casefold()
        return cls(
            domains=frozenset(domain for text in web if (domain := domain_of(text))),
            postal_code=bare_code(address.postal_code),
            city=plain_name(address.city),
            country=country if len(country) == _COUNTRY_CODE else "",
        )


@dataclass(frozen=True, slots=True)
class MatchEvidence:
    """How far the traits of two agree.

    Attributes:
        weight: −1 … 1; 0 where nothing is known of both.
        words: What agrees, as the operator reads it.
        other_country: Both are known to be in different countries.
    """

    weight: float = 0.0
    words: tuple[str, ...] = ()
    other_country: bool = False


_NOTHING = MatchEvidence()


def compare(mine: Traits, theirs: Traits) -> MatchEvidence:
    """Compare the traits of a customer and a company; what only one of them names counts for nothing."""
    other_country = bool(mine.country and theirs.country and mine.country != theirs.country)
    checks = (
        ("same web domain", 0.5, bool(mine.domains & theirs.domains)),
        ("same postal code", 0.25, bool(mine.postal_code) and mine.postal_code == theirs.postal_code),
        ("same city", 0.15, bool(mine.city) and mine.city == theirs.city),
    )
    words = tuple(text for text, _, agrees in checks if agrees)
    weight = sum(weight for _, weight, agrees in checks if agrees)
    if other_country:
        return MatchEvidence(weight - 0.5, (*words, "another country"), other_country=True)
    if mine.country and mine.country == theirs.country:
        return MatchEvidence(weight + 0.1, words)
    return MatchEvidence(weight, words) if words else _NOTHING
