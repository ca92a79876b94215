"""A state copied to PostgreSQL and back holds the same documents, byte for byte (hands.md#copying-a-state)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cwtui.cli.root import cli
from cwtui.domain.errors import StateError
from cwtui.store import copying
from cwtui.store.copying import copy_state
from cwtui.store.documents import Documents
from cwtui.store.layout import Content
from cwtui.store.state import State, open_database, open_state
from tests.engine.upkeep_world import TODAY, small_world
from tests.postgres_server import Server, needs_postgres
from tests.store.conftest import LINK, TASK

pytestmark = [pytest.mark.postgres, needs_postgres]


def test_there_and_back(server: Server, profile: str, tmp_path: Path) -> None:
    source = open_state(tmp_path / "a.json")
    source.save_task(TASK)
    source.fold()
    source.save_link(LINK)
    rows = list(source.documents.rows())
    assert copy_state(source, server.address, profile) == len(rows) == 2
    source.close()

    kept = open_database(server.address, profile)
    assert list(kept.documents.rows()) == rows
    copy_state(kept, str(tmp_path / "b.json"), profile)
    kept.close()
    back = open_state(tmp_path / "b.json")
    assert list(back.documents.rows()) == rows
    assert back.task(TASK.id) == TASK
    back.close()


def test_what_is_kept_there_already_stays(server: Server, profile: str, tmp_path: Path) -> None:
    source, other = open_state(tmp_path / "a.json"), open_state(tmp_path / "b.json")
    source.save_task(TASK)
    other.save_link(LINK)
    other.close()
    copy_state(source, server.address, profile)
    for place in (server.address, str(tmp_path / "b.json")):
        with pytest.raises(StateError, match="is not empty"):
            copy_state(source, place, profile)
    source.close()


@pytest.mark.parametrize("kept_in", ["a file", "a database"])
def test_whoever_begins_to_work_while_it_is_copied_is_told(
    kept_in: str, server: Server, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is changed while it is copied, and nobody takes the copy for the whole afterwards."""
    place = server.address if kept_in == "a database" else str(tmp_path / "a.json")
    source, other = copying.open_place(place, profile), copying.open_place(place, profile)
    source.save_task(TASK)
    late = threading.Thread(target=lambda: other.save_link(LINK))
    take, opened = Documents.take_whole, copying.open_place

    def begin_to_work(documents: Documents, content: Content) -> None:
        late.start()
        late.join(0.3)
        assert late.is_alive(), "it waits"
        take(documents, content)

    def wait_for_it(place: str, profile: str) -> State:
        if late.ident is not None:
            late.join()
        return opened(place, profile)

    monkeypatch.setattr(Documents, "take_whole", begin_to_work)
    monkeypatch.setattr(copying, "open_place", wait_for_it)
    with pytest.raises(StateError, match=r"Somebody began to work on the state .* while it was copied") as caught:
        copy_state(source, str(tmp_path / "b.json"), profile)
    assert "holds what was kept before that" in str(caught.value)
    copy = open_state(tmp_path / "b.json")
    assert [table for table, _, _ in copy.documents.rows()] == ["tasks"]
    for state in (source, other, copy):
        state.close()


def test_a_reseller_moves_to_a_database_and_works_on(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command: copy, name the new place in the settings, list and check there."""

    def cwtui(*args: str) -> Result:
        return CliRunner().invoke(cli, list(args))

    state = tmp_path / "state.json"
    Path(f"{state}.sandbox").write_bytes(small_world().to_json())
    assert cwtui("--demo", "--state", str(state), "--as-of", TODAY.isoformat(), "--auto").exit_code == 0
    before = cwtui("--state", str(state), "tasks", "list", "--json").stdout
    done = cwtui("--state", str(state), "state", "copy", "--to", server.address)
    assert done.exit_code == 0, done.stderr
    monkeypatch.setenv("CWTUI_STATE__URL", server.address)
    assert cwtui("tasks", "list", "--json").stdout == before
    assert cwtui("state", "path").stdout.startswith("postgresql://127.0.0.1/postgres")
