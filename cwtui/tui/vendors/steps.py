"""The steps of the vendor screen, each with its key and its file (files.md#intermedia-files, files.md#profiles)."""

from __future__ import annotations

from dataclasses import dataclass

from cwtui.vendors.layouts import INTERMEDIA

TITLES = {INTERMEDIA: "Intermedia"}
"""The titles of vendors; a column profile goes by its own name."""


@dataclass(frozen=True, slots=True)
class VendorStep:
    """One step: the letter that runs it, and the file it reads (empty if none).

    Attributes:
        short: Its title in the line of keys.
    """

    key: str
    name: str
    title: str
    short: str
    what: str
    file: str = ""


STEPS = (
    VendorStep(
        "s", "setup", "Setup tables", "Tables", "Product type, agreement type, unit, category, solution, integration."
    ),
    VendorStep(
        "a", "accounts", "Accounts", "Accounts", "Link each account to a company, or create it.", "accounts.csv"
    ),
    VendorStep(
        "i", "items", "Billable items", "Items", "One catalog item per SKU and unit cost, once.", "sku_sheet.csv"
    ),
    VendorStep(
        "x", "cross_reference", "Cross-reference", "X-ref", "Associate each exported SKU with solution and type."
    ),
    VendorStep(
        "n", "counts", "Product counts", "Counts", "A task for each account, to be synchronised.", "billing_report.csv"
    ),
    VendorStep(
        "r",
        "compare",
        "Reconcile",
        "Compare",
        "The report beside the additions, by account and SKU.",
        "billing_report.csv",
    ),
)
"""In the order of files.md#intermedia-files."""
USAGE_STEPS = (
    VendorStep("i", "items", "Billable items", "Items", "One catalog item per SKU of the file, once."),
    VendorStep("n", "counts", "Product counts", "Counts", "A task for each account, to be synchronised."),
    VendorStep("r", "compare", "Reconcile", "Compare", "The file beside the additions, by account and SKU."),
)
"""The steps of every other vendor: its accounts are companies that exist already."""
USAGE_ACTIONS = frozenset(step.name for step in USAGE_STEPS)
INTERMEDIA_ONLY = (frozenset(step.name for step in STEPS) - USAGE_ACTIONS) | {"toggle_manage"}
