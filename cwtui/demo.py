"""The demo: the sandbox in-process, with its credentials, kept beside the state file where one is named (SPEC 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.engine.protocols import Store
from cwtui.sandbox.app import create_app
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import announcement
from cwtui.sandbox.world import World
from cwtui.settings import Settings
from cwtui.store.files import write_atomically

_ORIGIN = "http://127.0.0.1"


@dataclass(slots=True)
class DemoWorld:
    """A sandbox and where it is kept; `path` is None for one that is thrown away."""

    world: World
    path: Path | None

    @classmethod
    def open(cls, state: Path, today: date, *, keeps: bool) -> DemoWorld:
        """The world that belongs to a state file, or a new one seeded around `today`."""
        path = state.with_name(f"{state.name}.sandbox") if keeps else None
        if path is not None and path.exists():
            return cls(World.from_json(path.read_bytes()), path)
        return cls(World.seeded(today), path)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Both services, without a port."""
        return httpx.ASGITransport(create_app(self.world, Behaviour(orders_ripen=True)))

    def settings(self) -> Settings:
        """The sandbox's addresses and credentials."""
        given = announcement(_ORIGIN)
        return Settings.model_validate({name: given[name] for name in ("marketplace", "connectwise")})

    def seed_mappings(self, store: Store) -> None:
        """The mappings the demo begins with."""
        with store.batch():
            for kind, marketplace_id, charge, target in self.world.demo_mappings():
                key = MappingKey(MappingKind(kind), marketplace_id, charge or "")
                store.save_mapping(Mapping(key, int(target)))

    def save(self) -> None:
        """Keep what the PSA now holds."""
        if self.path is not None:
            write_atomically(self.path, [self.world.to_json()])
