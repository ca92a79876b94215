"""The command palette: every action of the screen in sight, from its bindings."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

_ITSELF = "app.palette"
Action = partial[Coroutine[Any, Any, bool]]


class ActionProvider(Provider):
    """Offers what the keys offer, by name; a key that cannot be used now is not offered."""

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for name, keys, help_text, run in self._actions():
            yield DiscoveryHit(f"{name}  ({keys})", run, help=help_text)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed."""
        matcher = self.matcher(query)
        for name, keys, help_text, run in self._actions():
            score = matcher.match(f"{name} {help_text}")
            if score > 0:
                yield Hit(score, f"{name}  ({keys})", run, help=help_text)

    def _actions(self) -> Iterator[tuple[str, str, str, Action]]:
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            binding = active.binding
            is_new = binding.id and binding.id not in seen and binding.id != _ITSELF
            if not active.enabled or not binding.description or not is_new:
                continue
            seen.add(str(binding.id))
            key = self.app.get_key_display(binding)
            run = partial(self.app.run_action, binding.action, default_namespace=active.node)
            yield binding.description, key, active.tooltip or binding.tooltip, run
