"""Ignores keys that were pressed before a question was in sight."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from time import monotonic

DEAF_S = 0.3
"""How long a question must have been in sight before it hears an answer: less than it takes to read one."""
_FIRST_REPEAT_S = 0.7
"""The longest a keyboard waits before it repeats a key that is held (X11 waits 660 ms)."""
_GIVES_UP = "escape"
_REPEAT_S = 0.2
"""The longest between two repeats of a held key."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key that arrived.

    Attributes:
        at: Monotonic seconds.
        before: When the same key arrived before that; None if it did not.
    """

    key: str
    at: float
    before: float | None = None


@dataclass(slots=True)
class KeyLog:
    """When each key arrived last. The app keeps it for every screen: a key may be held from one to the next."""

    _last: dict[str, float] = field(default_factory=dict)

    def press(self, key: str, at: float) -> Press:
        """Note a key."""
        before = self._last.get(key)
        self._last[key] = at
        return Press(key, at, before)


@dataclass(slots=True)
class KeyGuard:
    """Keeps keys from a question that were pressed before it was in sight, and a key that is held since then.

    A terminal reports that a key arrived, never that it was released: a key that keeps arriving is held.

    Attributes:
        keys: Those it is about; None for every key.
    """

    keys: AbstractSet[str] | None = None
    _since: float | None = None
    _held: set[str] = field(default_factory=set)

    def show(self) -> None:
        """The question is in sight from now on."""
        self._since = monotonic()
        self._held.clear()

    def hide(self) -> None:
        """The question is not in sight, or not yet."""
        self._since = None

    def is_deaf(self, at: float | None = None) -> bool:
        """Whether it is too early for any answer, by key or by mouse."""
        return self._since is None or (monotonic() if at is None else at) < self._since + DEAF_S

    def blocks(self, press: Press) -> bool:
        """Whether the question shall not hear this key; esc answers nothing, and is always heard."""
        if press.key == _GIVES_UP:
            return False
        if self.keys is not None and press.key not in self.keys:
            return False
        if self.is_deaf(press.at) or self._is_held(press):
            self._held.add(press.key)
            return True
        self._held.discard(press.key)
        return False

    def _is_held(self, press: Press) -> bool:
        if press.before is None or self._since is None:
            return False
        if press.before < self._since + DEAF_S:
            return press.at - press.before < _FIRST_REPEAT_S
        return press.key in self._held and press.at - press.before < _REPEAT_S
