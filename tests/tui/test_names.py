"""An operator trusts names: they stand beside the ids wherever they are known."""

from __future__ import annotations

from pathlib import Path

from cwtui.domain.mappings import MappingKind
from cwtui.domain.tasks import Task, TaskStatus
from cwtui.tui.activity.screen import ActivityScreen
from cwtui.tui.names import BareIds, EngineNames
from cwtui.tui.why.screen import WhyScreen
from tests.tui.demo_app import Demo, demo


async def first_ready(app: Demo) -> Task:
    return (await app.engine.tasks([TaskStatus.READY]))[0]


async def test_a_plan_names_its_agreement_and_its_catalog_items(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        plan = await app.engine.preview((await first_ready(app)).id)
        assert plan.agreement_id is not None
        assert plan.changes[0].after is not None
        names = EngineNames(app.engine)
        assert names.agreement(plan.agreement_id) == f"Green Lane Cloud Services ({plan.agreement_id})"
        item = plan.changes[0].after.catalog_item_id
        assert f"Agreement {names.agreement(plan.agreement_id)}" in app.detail
        assert f"catalog item  {names.item(item)}" in app.detail
        assert names.item(item).endswith(f" ({item})")


async def test_what_was_written_keeps_its_names_over_a_restart(tmp_path: Path) -> None:
    async with demo(tmp_path) as app:
        task = await first_ready(app)
        await app.engine.sync([task.id])
        row = next(iter(app.engine.store.audit()))
        agreement = EngineNames(app.engine).agreement(row.agreement_id)
    async with demo(tmp_path) as app:
        assert agreement in app.detail
        await app.press("3")
        await app.until(ActivityScreen)
        assert f"  {task.id}" in app.detail  # the run of the process before this one
        await app.press("j")
        assert f"in agreement {agreement}" in app.detail
        assert f"({row.subscription_id})" in app.detail
        app.app.open_why(task.id)
        await app.until(WhyScreen)
        assert f"of agreement {agreement}" in app.detail


async def test_what_is_not_known_is_its_id(tmp_path: Path) -> None:
    async with demo(tmp_path, checked=False) as app:
        for names in (EngineNames(app.engine), BareIds()):
            assert names.agreement(4711) == names.item(4711) == "4711"
            assert names.subscription("S1") == names.product("S1", "S2") == "S1"
        assert app.engine.workbench.named(MappingKind.CUSTOMER, 4711) == "4711"
