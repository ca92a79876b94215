"""The part of the composition root that knows vendors' files; loaded when one of them is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cwtui.domain.errors import ConfigError
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.settings import Settings
from cwtui.settings.model import UsageLayout, VendorFiles
from cwtui.vendors.count_source import CountSource
from cwtui.vendors.exports import VendorExports
from cwtui.vendors.layouts import INTERMEDIA, Layout
from cwtui.vendors.profiles import is_shipped, shipped_names, shipped_profile


def count_source(settings: Settings, store: Store) -> CountSource:
    """Where the plans of count tasks come from."""
    return CountSource(store, layouts_of(settings))


def layouts_of(settings: Settings) -> Mapping[str, Layout]:
    """Intermedia's layout, every `[usage.NAME]` and every profile that comes with the program, by name."""
    own = settings.intermedia
    intermedia = Layout(category=own.category, subcategory=own.subcategory, taxable=own.taxable, **_layout_values(own))
    others = {name: usage_layout(name, found) for name, found in settings.usage.layouts.items()}
    return ShippedLayouts({**others, INTERMEDIA: intermedia})


class ShippedLayouts(Mapping[str, Layout]):
    """Layouts by name; those that come with the program are read when somebody asks for them."""

    def __init__(self, own: Mapping[str, Layout]) -> None:
        self._known = dict(own)

    def __getitem__(self, name: str) -> Layout:
        if name not in self._known and is_shipped(name):
            self._known[name] = usage_layout(name, UsageLayout.model_validate(shipped_profile(name)))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **dict.fromkeys(shipped_names())})

    def __len__(self) -> int:
        return len(list(iter(self)))


def usage_layout(name: str, found: UsageLayout) -> Layout:
    """The layout that a column profile describes."""
    return Layout(
        name=name,
        product_type=found.agreement_type,
        category=found.agreement_type,
        subcategory=found.agreement_type,
        priced_names=found.priced_names,
        joined_by=found.joined_by,
        keep=found.keep,
        skip=found.skip,
        by_name=found.accounts_by == "name",
        adds_up_company=found.same_company == "add_up",
        splits_sku=found.same_sku == "apart",
        multiply_by=found.multiply_by,
        divide_by=found.divide_by,
        round=found.round,
        decimals=found.decimals,
        quantity=found.quantity,
        sku_columns=found.sku_columns,
        price_from_file=found.price_from == "file",
        sign=found.sign,
        header_row=found.header_row,
        sheet=found.sheet,
        decimal_mark=found.decimal_mark,
        links_by_identifier=found.accounts_by == "id",
        **_layout_values(found),
    )


def _layout_values(files: VendorFiles) -> dict[str, Any]:
    return {
        "agreement_type": files.agreement_type,
        "columns": files.columns,
        "unsupported": files.unsupported_skus,
        "one_time": files.one_time_skus,
        "recurring": files.recurring_skus,
        "most_shrunk": files.most_shrunk,
    }


def vendor_exports(settings: Settings, engine: Engine, name: str) -> VendorExports:
    """A vendor's steps on an engine that is open already.

    Raises:
        ConfigError: There is no such layout.
    """
    layouts = layouts_of(settings)
    if name not in layouts:
        known = ", ".join(sorted(layouts))
        raise ConfigError(
            f"There is no column profile {name}; there is {known}.",
            next_step=f"Add [usage.{name}] with an agreement_type to the settings file, or name another one. Other"
            " settings are named before the sub-command: cwtui --profile NAME usage import …",
        )
    return VendorExports(
        engine.psa,
        engine.desk,
        layouts[name],
        CountSource(engine.store, layouts),
        CreateOnce(settings.sync.settle_s),
        engine.work,
    )
