"""Doctor: exactly the missing permissions, nothing changed, and those of vendors' files where they are in use.

Rules: reconciling.md#doctor, reconciling.md#permissions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cwtui.domain.mappings import Mapping, MappingKey, MappingKind
from cwtui.engine.doctor import FILE_PROBES, PROBES
from tests.engine.upkeep_world import Running, running, small_world


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(small_world(), tmp_path) as opened:
        yield opened


def link_an_account(at: Running) -> None:
    at.state.save_mapping(Mapping(MappingKey(MappingKind.CUSTOMER, "intermedia:IM1"), 251))


async def asked(at: Running) -> list[tuple[str, str, str]]:
    report = await at.engine.doctor()
    return [(one.module, one.permission, one.level) for one in report.permissions]


async def test_the_table_of_the_specification_and_no_more(at: Running) -> None:
    assert await asked(at) == [(probe.module, probe.permission, probe.level) for probe in PROBES]


async def test_what_vendors_files_need_where_an_account_is_linked(at: Running) -> None:
    link_an_account(at)
    assert await asked(at) == [(probe.module, probe.permission, probe.level) for probe in (*PROBES, *FILE_PROBES)]


@pytest.mark.parametrize("probe", [*PROBES, *FILE_PROBES], ids=lambda probe: f"{probe.permission} {probe.level}")
async def test_exactly_what_is_missing_is_listed_and_nothing_is_changed(at: Running, probe: object) -> None:
    link_an_account(at)
    missing = (probe.module, probe.permission, probe.level)  # type: ignore[attr-defined]
    before = at.world.to_json()
    assert all(one.granted for one in (await at.engine.doctor()).permissions)
    at.sandbox.behaviour.lacks = {missing}
    report = await at.engine.doctor()
    assert [(one.module, one.permission, one.level) for one in report.permissions if not one.granted] == [missing]
    assert at.world.to_json() == before
    assert at.engine.record_writes() == ()
