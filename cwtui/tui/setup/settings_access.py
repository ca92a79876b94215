"""The settings as the setup screen uses them; the composition root implements this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cwtui.engine.reports import DoctorReport


@dataclass(frozen=True, slots=True)
class StoredSetting:
    """A setting as it stands.

    Attributes:
        text: Its value as one would type it; for a secret, what may be shown of it (never itself), or nothing.
        source: `environment CWTUI_…`, `file …`, `keyring …` or `default`.
    """

    text: str
    source: str

    @property
    def is_fixed(self) -> bool:
        """The environment sets it, and overrules the saved value."""
        return self.source.startswith("environment")


class SettingsAccess(Protocol):
    """Settings to look at, try and save. Changes are key (`connectwise.base_url`) → text; empty takes it out."""

    @property
    def place(self) -> str:
        """Where settings are saved, in words."""

    def stored(self, key: str) -> StoredSetting:
        """A setting as it stands."""

    def problem(self, key: str, text: str) -> str:
        """What is wrong with a value, in the settings' own words; empty if nothing is."""

    async def examine(self, changes: Mapping[str, str]) -> DoctorReport:
        """Try both connections and every permission with these changes, saving nothing.

        Raises:
            ConfigError: A value is wrong, or one is missing.
        """

    async def save(self, changes: Mapping[str, str]) -> Mapping[str, str]:
        """Save, and make the session's engine anew with the new settings.

        Returns:
            Where each secret went: key → `keyring`, `file` or `this session`.

        Raises:
            ConfigError: A value is wrong, or the file cannot be written. Nothing was changed then.
        """
