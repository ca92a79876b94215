"""The settings and where each came from. Imports pydantic, so `--version` and `tasks list` do not load it.

Rule: commands.md#task-list.
"""

from __future__ import annotations

from cwtui.settings.fields import Auth, MapAuto, NotifyOn
from cwtui.settings.loading import load_settings
from cwtui.settings.model import (
    ALLOWED,
    REQUIRED_KEYS,
    SECRET_KEYS,
    ConnectWise,
    Guard,
    Intermedia,
    MappingRules,
    Marketplace,
    Notify,
    Origin,
    Settings,
    Sync,
    environment_name,
)

__all__ = [
    "ALLOWED",
    "REQUIRED_KEYS",
    "SECRET_KEYS",
    "Auth",
    "ConnectWise",
    "Guard",
    "Intermedia",
    "MapAuto",
    "MappingRules",
    "Marketplace",
    "Notify",
    "NotifyOn",
    "Origin",
    "Settings",
    "Sync",
    "environment_name",
    "load_settings",
]
