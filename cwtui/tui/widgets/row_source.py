"""The protocol of a table's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.text import Text

from cwtui.tui.widgets.tone import Tone


class RowSource(Protocol):
    """Where a table's rows come from; it is asked for the lines in sight only, and may be asked again."""

    @property
    def row_count(self) -> int:
        """How many rows there are now."""

    def key(self, index: int) -> str:
        """What names a row, wherever it moves to."""

    def index_of(self, key: str) -> int | None:
        """Where that row is now; None if it is gone."""

    def cells(self, index: int) -> Sequence[str | Text]:
        """One value per column, hidden ones too. Strings are outside text and never read as markup."""

    def tone(self, index: int) -> Tone:
        """What the row's colour says; `MUTED` is laid over the whole row, others over toned columns."""

    def is_selected(self, index: int) -> bool:
        """Whether it bears the selection's mark."""


class NoRows:
    """The source of a table that was not given one."""

    row_count = 0

    def key(self, index: int) -> str:
        """Never asked."""
        raise IndexError(index)

    def index_of(self, key: str) -> int | None:  # noqa: ARG002 - the protocol's shape
        """Nothing is anywhere."""
        return None

    def cells(self, index: int) -> Sequence[str | Text]:
        """Never asked."""
        raise IndexError(index)

    def tone(self, index: int) -> Tone:
        """Never asked."""
        raise IndexError(index)

    def is_selected(self, index: int) -> bool:
        """Never asked."""
        raise IndexError(index)
