"""The demo: the sandbox in-process, with its credentials, kept beside the state file where one is named.

Rule: commands.md#demo.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx

from cwtui.domain.errors import StateError
from cwtui.domain.lazily import dataclass
from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.engine.protocols import Store
from cwtui.sandbox.app import create_app
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.world import World
from cwtui.settings import Settings
from cwtui.store.files import write_atomically

_ORIGIN = "http://127.0.0.1"


class _SavingTransport(httpx.AsyncBaseTransport):
    """Saves the world after each write, before the answer goes out, as a real service does."""

    def __init__(self, inner: httpx.AsyncBaseTransport, save: Callable[[], None]) -> None:
        self._inner, self._save = inner, save

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        response = await self._inner.handle_async_request(request)
        if request.method != "GET":
            self._save()
        return response


@dataclass(slots=True)
class DemoWorld:
    """A sandbox and where it is kept; `path` is None for one that is thrown away."""

    world: World
    path: Path | None

    @classmethod
    def open(cls, state: Path, today: date, *, keeps: bool) -> DemoWorld:
        """The world that belongs to a state file, or a new one seeded around `today`.

        Raises:
            StateError: The one that was kept cannot be read.
        """
        path = state.with_name(f"{state.name}.sandbox") if keeps else None
        if path is None or not path.exists():
            return cls(World.seeded(today), path)
        try:
            return cls(World.from_json(path.read_bytes()), path)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise StateError(
                f"The demo's sandbox {path} cannot be read ({type(error).__name__}).",
                changed="It was left as it is.",
                next_step=f"Remove it together with {state} to begin a new demo, or name another --state.",
            ) from error

    def transport(self) -> httpx.AsyncBaseTransport:
        """Both services, without a port."""
        return _SavingTransport(httpx.ASGITransport(create_app(self.world, Behaviour(orders_ripen=True))), self.save)

    def settings(self) -> Settings:
        """The sandbox's addresses and credentials."""
        given = announcement(_ORIGIN)
        services = {name: given[name] for name in ("marketplace", "connectwise")}
        return Settings.model_validate({**services, "sync": {"settle_s": 0}})  # nothing here comes late

    def seed_mappings(self, store: Store) -> None:
        """The mappings the demo begins with."""
        with store.batch():
            for kind, marketplace_id, charge, target in self.world.demo_mappings():
                key = MappingKey(MappingKind(kind), marketplace_id, charge or "")
                store.save_mapping(Mapping(key, int(target)))

    def save(self) -> None:
        """Save the world as it is now."""
        if self.path is not None:
            write_atomically(self.path, [self.world.to_json()])
