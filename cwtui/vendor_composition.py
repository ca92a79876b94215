"""The part of the composition root that knows vendors' files; loaded when one of them is asked for."""

from __future__ import annotations

from typing import Any

from cwtui.domain.errors import ConfigError
from cwtui.engine.facade import Engine
from cwtui.engine.protocols import Store
from cwtui.engine.writing.create_once import CreateOnce
from cwtui.settings import Settings
from cwtui.settings.model import VendorFiles
from cwtui.vendors.count_source import CountSource
from cwtui.vendors.desk import VendorDesk
from cwtui.vendors.layouts import INTERMEDIA, Layout


def count_source(settings: Settings, store: Store) -> CountSource:
    """Where the plans of count tasks come from."""
    return CountSource(store, layouts_of(settings))


def layouts_of(settings: Settings) -> dict[str, Layout]:
    """Intermedia's layout and every `[usage.NAME]`, by name."""
    own = settings.intermedia
    intermedia = Layout(category=own.category, subcategory=own.subcategory, taxable=own.taxable, **_layout_values(own))
    others = {
        name: Layout(name=name, priced_names=found.priced_names, links_by_identifier=True, **_layout_values(found))
        for name, found in settings.usage.layouts.items()
    }
    return {**others, INTERMEDIA: intermedia}


def _layout_values(files: VendorFiles) -> dict[str, Any]:
    return {
        "agreement_type": files.agreement_type,
        "columns": files.columns,
        "unsupported": files.unsupported_skus,
        "one_time": files.one_time_skus,
        "recurring": files.recurring_skus,
        "most_shrunk": files.most_shrunk,
    }


def vendor_desk(settings: Settings, engine: Engine, name: str) -> VendorDesk:
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
    return VendorDesk(
        engine.psa,
        engine.desk,
        layouts[name],
        CountSource(engine.store, layouts),
        CreateOnce(settings.sync.settle_s),
        engine.work,
    )
