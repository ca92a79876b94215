"""Mapping suggestions (mapping.md#suggestions): pure functions from what both services hold to ranked proposals."""

from cwtui.engine.mapping.suggest.agreements import suggest_agreements, why_not
from cwtui.engine.mapping.suggest.customers import CompanyMatcher, suggest_companies
from cwtui.engine.mapping.suggest.exact import exact_matches
from cwtui.engine.mapping.suggest.namesakes import namesakes_of
from cwtui.engine.mapping.suggest.products import CatalogMatcher, suggest_catalog_items
from cwtui.engine.mapping.suggest.search_entries import SearchEntries, search

__all__ = [
    "CatalogMatcher",
    "CompanyMatcher",
    "SearchEntries",
    "exact_matches",
    "namesakes_of",
    "search",
    "suggest_agreements",
    "suggest_catalog_items",
    "suggest_companies",
    "why_not",
]
