"""A grammar of damaged spreadsheets, and the oracle: what is counted without a doubt is the whole.

`python -m fuzz.spreadsheets NUMBER [SEED]` tries that many files; the suite tries a few hundred. A file begins as rows
of which the truth is known. Each is then written as portals and spreadsheets write them, and damaged as they are
damaged. A count of an account and SKU that no refused row could belong to has to be the sum of all its rows.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from cwtui.domain.errors import InputError
from cwtui.vendors.billing_report import BillingReport, report_of
from cwtui.vendors.doubts import concerns
from cwtui.vendors.layouts import Layout
from cwtui.vendors.vendor_file import read_vendor_text

LAYOUT = Layout(name="fuzz", priced_names=False, unsupported="", one_time="", recurring="")
_ACCOUNTS = ("Kestrel", "IM100201", "0042", "Linden-Co")
_SKUS = ("EXO-P1", "WIN-SRV", "WIN-SRV_2022", "MR")
_COLUMNS = ("account_id", "sku", "quantity", "note")
_MOMENT = datetime(2026, 11, 30, tzinfo=UTC)
_PREAMBLES = ("Usage of November 2026", "", "Made by; the portal, v2", 'Screen 27" report', "Page 1,of 2")
_NOTES = ("", "monthly", "27 inch", "a note; of words", "two\nlines", 'said "so"', "tab\there", "1,5")


@dataclass
class Sheet:
    """One file in the making.

    Attributes:
        truth: (account, SKU) → all units of its rows, as far as each row has a number at all.
        unknown: Of these, some row has no number: nothing right can be counted.
        is_parted: Some row has a cell too many.
    """

    random: random.Random
    delimiter: str = ","
    lines: list[str] = field(default_factory=list)
    truth: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    unknown: set[tuple[str, str]] = field(default_factory=set)
    is_parted: bool = False

    def cell(self, text: str) -> str:
        """A cell as a writer of CSV writes it."""
        if any(sign in text for sign in (self.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return f'"{text}"' if self.random.random() < 0.1 else text  # noqa: PLR2004

    def row(self, account: str, sku: str, quantity: str, note: str) -> str:
        """A line of the file."""
        return self.delimiter.join(map(self.cell, (account, sku, quantity, note)))


def _dressed(sheet: Sheet, text: str) -> str:
    """A cell as a spreadsheet dresses it: it has one meaning still."""
    dress: Callable[[str], str] = sheet.random.choice(
        (
            lambda one: f'="{one}"',
            lambda one: f"'{one}",
            lambda one: f"\u00a0{one} ",
            lambda one: f"{one}\u200b",
            str.upper,
            lambda one: f"  {one}",
        )
    )
    return dress(text)


def _damaged_name(sheet: Sheet) -> str:
    return sheet.random.choice(("", "#N/A", "1.00201E+11", "#REF!", "####", "   ", "\u200b"))


def _damaged_number(sheet: Sheet) -> str:
    return sheet.random.choice(("", "2.5", "-3", "two", "2 seats", "#N/A", "1E+05", "1,000", "1.2.3", "(4)", "7-", "٣"))


def _written(sheet: Sheet, quantity: int) -> str:
    whole = str(quantity)
    return sheet.random.choice((whole, whole, whole, f" {whole}", f"{whole}\u00a0", f"+{whole}", f'="{whole}"'))


def make(seed: int) -> tuple[str, Sheet]:
    """A damaged file and what is true of it."""
    chance = random.Random(seed)  # noqa: S311  # the same seed gives the same file
    sheet = Sheet(chance, chance.choice(",;\t|"))
    lines = [chance.choice(_PREAMBLES) for _ in range(chance.choice((0, 0, 0, 1, 3)))]
    if chance.random() < 0.1:  # noqa: PLR2004
        lines = [f"sep={sheet.delimiter}"]
    lines.append(sheet.delimiter.join(_COLUMNS))
    for _ in range(chance.randint(1, 9)):
        lines += _rows(sheet)
    end = chance.choice(("\n", "\r\n", "\n"))
    text = end.join(lines) + chance.choice(("", end))
    # two faults of one row may make a row without fault: then nobody can tell
    if not sheet.is_parted and chance.random() < 0.1:  # noqa: PLR2004
        text = _with_stray_quotes(chance, text, sheet)
    return text, sheet


def _rows(sheet: Sheet) -> list[str]:  # noqa: PLR0911  # one way to be written or damaged a return
    """One row of the truth, as the file has it; perhaps a line beside it that is none."""
    chance = sheet.random
    account, sku, quantity = chance.choice(_ACCOUNTS), chance.choice(_SKUS), chance.randint(0, 40)
    key = account.casefold(), sku.casefold()
    sheet.truth[key] += quantity
    note = chance.choice(_NOTES)
    number = _written(sheet, quantity)
    kind = chance.random()
    if kind < 0.06:  # noqa: PLR2004
        sheet.unknown.add(key)
        return [sheet.row(account, sku, _damaged_number(sheet), note)]
    if kind < 0.12:  # noqa: PLR2004
        sheet.unknown.add(key)
        return [sheet.row(_damaged_name(sheet), sku, number, note)]
    if kind < 0.16:  # noqa: PLR2004
        sheet.unknown.add(key)
        return [sheet.row(account, _damaged_name(sheet), number, note)]
    if kind < 0.22:  # noqa: PLR2004
        return [_parted(sheet, account, sku, number, key)]
    if kind < 0.26:  # noqa: PLR2004
        return [sheet.row(account, sku, number, note), sheet.row(chance.choice(("Total", "Summe")), "", "99", "")]
    if kind < 0.3:  # noqa: PLR2004
        return [sheet.row(account, sku, number, note), chance.choice(("", sheet.delimiter * 3, "   "))]
    if kind < 0.5:  # noqa: PLR2004
        return [sheet.row(_dressed(sheet, account), _dressed(sheet, sku), number, note)]
    return [sheet.row(account, sku, number, note)]


def _parted(sheet: Sheet, account: str, sku: str, number: str, key: tuple[str, str]) -> str:
    """A row of which one cell has the delimiter in it, without quotes: everything behind it is shifted."""
    sheet.unknown.add(key)
    sheet.is_parted = True
    cells = [account, sku, number, "note"]
    at = sheet.random.randrange(4)
    cells[at] = f"{cells[at]}{sheet.delimiter}{sheet.random.choice(('Inc', ' Co', '5', _SKUS[0]))}"
    return sheet.delimiter.join(cells)


def _with_stray_quotes(chance: random.Random, text: str, sheet: Sheet) -> str:
    """The text with a quotation mark or two at the beginning of cells, or anywhere."""
    places = [at + 1 for at, char in enumerate(text) if char in {sheet.delimiter, "\n"}] or [0]
    for _ in range(chance.choice((1, 2, 2, 3))):
        at = chance.choice(places) if chance.random() < 0.8 else chance.randrange(len(text) + 1)  # noqa: PLR2004
        text = text[:at] + '"' + text[at:]
    return text


def read(text: str) -> BillingReport:
    """The file as the program reads it."""
    file = read_vendor_text(text, "usage.csv", needed=_COLUMNS[:3], columns={})
    return report_of(file.rows, LAYOUT, name="usage.csv", moment=_MOMENT, refused=file.refused, numbers=file.numbers)


def check(seed: int) -> bool:
    """Try one file; whether anything of it was counted.

    Raises:
        AssertionError: Something was counted without a doubt, and is not the whole.
    """
    text, sheet = make(seed)
    try:
        found = read(text)
    except InputError:
        return False
    for account, lines in found.counts.items():
        doubts = found.doubts.of(account)
        for line in lines:
            key = account.casefold(), line.sku.casefold()
            if concerns(doubts, line.sku):
                continue
            if key in sheet.unknown or sheet.truth.get(key) != line.quantity:
                raise AssertionError(
                    f"seed {seed}: {key} is counted as {line.quantity}, the truth is {sheet.truth.get(key)}"
                    f"{' and more' if key in sheet.unknown else ''}:\n{text}"
                )
    return bool(found.counts)


def main() -> None:
    """Try as many files as the first argument says, from the seed that the second says."""
    number, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0  # noqa: PLR2004
    counted = sum(check(seed) for seed in range(first, first + number))
    sys.stdout.write(f"{number} files, {counted} of them with something counted\n")


if __name__ == "__main__":
    main()
