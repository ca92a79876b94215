"""The vendors as the vendor screen uses them; the composition root implements this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cwtui.vendors.exports import VendorExports


class Vendors(Protocol):
    """Vendors whose files can be read, and how to add one. A layout is the content of `[usage.NAME]`."""

    @property
    def place(self) -> str:
        """Where a column profile is saved, in words."""

    def names(self) -> Sequence[str]:
        """Intermedia, then those of the settings, then those that come with the program."""

    def steps(self, name: str) -> VendorExports:
        """A vendor's steps, on the settings as they are now.

        Raises:
            ConfigError: There is no such vendor.
        """

    def draft(self, name: str, layout: Mapping[str, object]) -> VendorExports:
        """The steps of a vendor that is not saved.

        Raises:
            ConfigError: The name is taken, or the layout is wrong.
        """

    async def save(self, name: str, layout: Mapping[str, object]) -> None:
        """Save it, and make the session's engine anew.

        Raises:
            ConfigError: As `draft`; or the settings file cannot be written. Nothing was changed then.
        """
