"""The command palette: every action of the screen in sight, from its bindings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode

_ITSELF, _OFTEN = "app.palette", 10
Action = partial[Coroutine[Any, Any, bool]]


class ActionProvider(Provider):
    """Offers the actions of the keys by name, the most used first; those that cannot be used now are left out."""

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for _, name, keys, help_text, run in sorted(self._actions(), key=lambda action: -self._used[action[0]]):
            yield DiscoveryHit(f"{name}  ({keys})", run, help=help_text)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed."""
        matcher = self.matcher(query)
        for action, name, keys, help_text, run in self._actions():
            score = matcher.match(f"{name} {help_text}")
            if score > 0:
                yield Hit(
                    score * (1 + min(self._used[action], _OFTEN) / _OFTEN / 10),
                    f"{name}  ({keys})",
                    run,
                    help=help_text,
                )

    @property
    def _used(self) -> Counter[str]:
        """How often each action was started from here."""
        used: Counter[str] = self.app.session.preferences.used  # type: ignore[attr-defined]  # the app is CwTui
        return used

    async def _run(self, name: str, action: str, node: DOMNode) -> bool:
        self._used[name] += 1
        self.app.keep_preferences()  # type: ignore[attr-defined]  # the app is CwTui
        return await self.app.run_action(action, default_namespace=node)

    def _actions(self) -> Iterator[tuple[str, str, str, str, Action]]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            is_new = binding.id and binding.id not in seen and binding.id != _ITSELF
            if not active.enabled or not binding.description or not is_new:
                continue
            seen.add(str(binding.id))
            key = self.app.get_key_display(binding)
            run = partial(self._run, str(binding.id), binding.action, active.node)
            yield str(binding.id), binding.description, key, active.tooltip or binding.tooltip, run
