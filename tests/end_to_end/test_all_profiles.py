"""`--auto --all-profiles` and a slow notification server, as processes (commands.md#auto).

Rules: hands.md#all-profiles.
"""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.end_to_end.running import Sandbox, serve


@pytest.fixture
def sandbox(stack: ExitStack) -> Sandbox:
    """With the demo's data."""
    return serve(stack, "--host", "127.0.0.1")


_SECTION = "[profiles.{name}.{section}]\n{lines}\n"


def _profile(name: str, announced: dict[str, Any], **instead: str) -> str:
    parts = []
    for section in ("connectwise", "marketplace"):
        values = {**announced[section], **instead} if section == "connectwise" else announced[section]
        lines = "\n".join(f'{key} = "{value}"' for key, value in values.items())
        parts.append(_SECTION.format(name=name, section=section, lines=lines))
    return "".join(parts)


@pytest.fixture
def settings(sandbox: Any, tmp_path: Path) -> Path:
    path = tmp_path / "profiles.toml"
    path.write_text(_profile("east", sandbox.announced) + _profile("west", sandbox.announced, private_key=""))
    path.chmod(0o600)
    return path


def test_every_profile_has_its_report_and_the_worst_status_counts(settings: Path, cwtui: Any) -> None:
    process = cwtui.started_plainly(
        "--auto", "--all-profiles", "--json", "--config", str(settings), "--as-of", cwtui.as_of,
        XDG_DATA_HOME=str(settings.parent / "data"),
        **{name: "" for name in cwtui.environment if name.startswith("CWTUI_")},
    )  # fmt: skip
    ran = cwtui.ended(process)
    documents = orjson.loads(ran.out)["profiles"]
    assert [(each["profile"], each["status"]) for each in documents] == [("east", 3), ("west", 2)]
    assert documents[0]["created"] > 0
    assert "private_key" in documents[1]["errors"][0]
    assert ran.status == 2


def test_connections_of_the_environment_are_refused_for_all_profiles(settings: Path, cwtui: Any) -> None:
    process = cwtui.started_plainly("--auto", "--all-profiles", "--config", str(settings))
    ran = cwtui.ended(process)
    assert ran.status == 2
    assert "would connect every profile to the same service" in ran.err


@pytest.mark.parametrize("arguments", [(), ("--every", "1h"), ("--dry-run",)], ids=["once", "on a period", "dry run"])
def test_an_address_to_notify_that_is_none_is_told_before_anything_is_read(
    sandbox: Any, cwtui: Any, arguments: tuple[str, ...]
) -> None:
    """Rule: settings.md#settings-first."""
    sandbox.forget_requests()
    ran = cwtui.run("--auto", *arguments, CWTUI_NOTIFY__URLS="foo://hush@nowhere")
    assert ran.status == 2
    assert "Error: notify.urls is wrong: address 1 is none that a notification service understands." in ran.err
    assert "hush" not in ran.err
    assert not any(sandbox.requests()["peak"].values())


def test_a_slow_notification_server_cannot_keep_the_process_alive(cwtui: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"json://127.0.0.1:{mute.getsockname()[1]}"
        process = cwtui.start("--auto", CWTUI_NOTIFY__URLS=url)
        connection, _ = mute.accept()
        with connection:
            process.terminate()
            began = time.monotonic()
            ran = cwtui.ended(process)
            assert time.monotonic() - began < 10
    assert "was not waited for" in ran.err
    assert "need action" in ran.out
