"""Proposes a column profile for a file by the names of its headers (files.md#profiles)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cwtui.domain.lazily import dataclass
from cwtui.engine.tables import Header, open_table
from cwtui.vendors.profiles import shipped_names, shipped_profile

_SHOWN_ROWS = 5
_WORDS: Mapping[str, Sequence[str]] = {
    "account_id": (
        "account_id", "customer_id", "client_id", "tenant_id", "company_id", "account_number", "account_no",
        "customer_number", "customer", "client", "tenant", "company", "organization", "account", "customer_name",
        "company_name", "client_name", "tenant_name", "account_name", "domain", "domain_name",
    ),
    "sku": (
        "sku", "sku_id", "part_number", "mpn", "product_id", "product_code", "item", "item_code", "product", "service",
        "plan", "offer_id", "offer", "product_name", "service_name", "license", "subscription",
    ),
    "quantity": (
        "billable_quantity", "quantity", "qty", "count", "units", "seats", "licenses", "used", "usage", "billed_units",
        "total_usage", "users",
    ),
    "unit_cost": (
        "unit_cost", "cost", "effective_unit_price", "partner_cost", "net_price", "buy_price", "cost_per_unit",
        "unit_price",
    ),
    "price": ("retail_price", "sell_price", "msrp", "list_price", "price"),
    "description": ("description", "sku_name", "product_name", "service_name", "item_name"),
    "period_end": ("period_end", "charge_end_date", "end_date", "end_period", "billing_period_end", "usage_end"),
}  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ProfileProposal:
    """The layout of a file, and the profile that would read it.

    Attributes:
        headers: As the file spells them.
        line: The header's.
        columns: Column → header; a column that nothing fits is missing.
        shipped: The profile that comes with the program and fits; empty if none does.
        rows: The first rows below the header.
    """

    headers: tuple[str, ...]
    line: int
    columns: Mapping[str, str]
    shipped: str = ""
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def lacks(self) -> tuple[str, ...]:
        """Columns without which nothing can be counted, and that no header fits."""
        return tuple(name for name in ("account_id", "sku", "quantity") if name not in self.columns)


def propose(path: Path, *, sheet: str = "") -> ProfileProposal:
    """Look at a file's first rows and propose a profile.

    Raises:
        InputError: It cannot be read.
    """
    with open_table(path, "counts", sheet=sheet) as table:
        found = table.find(lambda header: len(_WORDS) * 2 - _fit(header))
        rows = []
        for _, _, cells, _ in table.rows(found):
            if any(map(str.strip, cells)):
                rows.append(tuple(cells))
            if len(rows) == _SHOWN_ROWS:
                break
    columns = _columns(found.spelt)
    shipped = next((name for name in shipped_names() if _fits(shipped_profile(name)["columns"], found.spelt)), "")
    return ProfileProposal(found.spelt, found.line, columns, shipped, tuple(rows))


def _fit(header: Header) -> int:
    """How much a line looks like a header: a column that counting needs weighs twice."""
    columns = _columns(header)
    return sum(2 if name in {"account_id", "sku", "quantity"} else 1 for name in columns)


def _columns(headers: Iterable[str]) -> dict[str, str]:
    spelt = {_word(header): header for header in headers if header}
    found: dict[str, str] = {}
    for column, words in _WORDS.items():
        known = next((word for word in words if word in spelt and spelt[word] not in found.values()), None)
        if known is not None:
            found[column] = spelt[known]
    return found


def _word(header: str) -> str:
    return re.sub(r"[\s_\-./]+", "_", _CAMEL.sub("_", header)).strip("_").casefold()


def _fits(columns: Mapping[str, str | list[str]], headers: Sequence[str]) -> bool:
    words = {_word(header) for header in headers}
    wanted = [one for value in columns.values() for one in ([value] if isinstance(value, str) else value)]
    return all(_word(one) in words for one in wanted)
