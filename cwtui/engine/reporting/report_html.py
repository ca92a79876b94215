"""The report as one self-contained HTML page (report.md#report-files)."""

from __future__ import annotations

from decimal import Decimal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cwtui.domain.money import ZERO, plain, price_text
from cwtui.domain.month_report import MonthReport
from cwtui.domain.plain_text import plain_text

_WIDTH = 200
"""Of a bar's field in the page, in its own units."""


def report_html(report: MonthReport) -> str:
    """The page. Text from outside is escaped, and its control characters are made visible."""
    environment = Environment(
        loader=PackageLoader("cwtui.engine.reporting", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) or not isinstance(value, str) else plain_text(value),
    )
    most: dict[str, Decimal] = {}
    for one in report.agreements:
        most[one.currency] = max(most.get(one.currency, ZERO), one.now.price, one.now.cost, one.before.price)
    page = environment.get_template("report.html.j2")
    return page.render(report=report, most=most, width=_bar_width, plain=plain, price=price_text)


def _bar_width(amount: Decimal, most: Decimal) -> str:
    """A bar's length; a credit has none."""
    return f"{max(amount, ZERO) * _WIDTH / most:.1f}" if most else "0"
