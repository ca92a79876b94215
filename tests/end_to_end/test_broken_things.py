"""Bad input, bad answers, bad files: a clear error of three sentences, and nothing is lost (commands.md#errors)."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.end_to_end.conftest import Opened
from tests.end_to_end.reseller import MAIL, Reseller, reseller_in
from tests.end_to_end.running import Cwtui, Ran, Sandbox, wait_until_begun


@pytest.fixture
def reseller(sandbox: Sandbox) -> Reseller:
    return reseller_in(sandbox)


@pytest.fixture
def synced(reseller: Reseller, cwtui: Cwtui) -> Cwtui:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    assert cwtui.auto()["synced"] == 1
    return cwtui


def assert_says(ran: Ran, *words: str, status: int) -> None:
    assert (ran.status, ran.out) == (status, ""), ran
    for word in words:
        assert re.search(word, ran.err), f"{word!r} is not in {ran.err!r}"
    lines = [line for line in ran.err.splitlines() if line]
    assert len(lines) == 3, ran.err
    assert lines[0].startswith("Error: ")


def test_an_emptied_feed_is_an_error_and_changes_nothing(
    synced: Cwtui, reseller: Reseller, new_sandbox: Callable[[], Sandbox]
) -> None:
    empty = new_sandbox().announced["marketplace"]["base_url"]
    before = reseller.sandbox.billed()
    ran = synced.run("--auto", CWTUI_MARKETPLACE__BASE_URL=empty)
    assert_says(ran, "list of customers came back empty; the last one had 1", "empty_feed", status=1)
    report = synced.auto(status=1, CWTUI_MARKETPLACE__BASE_URL=empty)
    assert (len(report["errors"]), len(report["tasks"]), sum(report["writes"].values())) == (1, 1, 0)
    assert reseller.sandbox.billed() == before
    allowed = {"CWTUI_MARKETPLACE__BASE_URL": empty, "CWTUI_GUARD__EMPTY_FEED": "false"}
    accepted = synced.auto(status=3, **allowed)
    assert accepted["writes"] == {"post": 0, "patch": 0, "delete": 0}
    told = [problem["code"] for task in accepted["tasks"] for problem in task["problems"]]
    assert told == ["not_carried_over"]  # its subscription is gone, its additions go on


def test_a_damaged_state_is_kept_and_the_last_good_one_offered(synced: Cwtui) -> None:
    damaged = b'{"tasks": ' + synced.state.read_bytes()[40:900]
    synced.state.write_bytes(damaged)
    ran = synced.run("--auto")
    assert_says(ran, "is damaged", "left as it is", "--state", status=1)
    assert synced.state.read_bytes() == damaged
    offered = re.search(r"cwtui --state (\S+?)`", ran.err)
    assert offered
    synced.state = type(synced.state)(offered[1])
    assert [task["status"] for task in synced.tasks().values()] == ["synced"]
    assert synced.auto()["writes"] == {"post": 0, "patch": 0, "delete": 0}


def test_a_state_of_a_newer_version_is_not_touched(synced: Cwtui) -> None:
    document = json.loads(synced.state.read_bytes())
    text = json.dumps(document)
    newer = re.sub(r'("version": ?)\d+', r"\g<1>999", text)
    assert newer != text
    synced.state.write_text(newer)
    ran = synced.run("--auto")
    assert_says(ran, "newer cwtui", "left as it is", "Upgrade", status=1)
    assert synced.state.read_text() == newer


def test_half_a_journal_line_is_forgotten(synced: Cwtui, reseller: Reseller) -> None:
    journal = synced.state.with_name("state.json.journal")
    with journal.open("ab") as opened:
        opened.write(b'{"crc":"00000000","seq":')
    assert synced.auto()["synced"] == 0
    assert [task["status"] for task in synced.tasks().values()] == ["synced"]
    assert len(reseller.sandbox.billed()) == 1


def test_a_second_process_works_beside_one_that_sleeps(synced: Cwtui) -> None:
    with ExitStack() as stack:
        first = synced.start("--auto", "--every", "1h")
        stack.callback(first.kill)
        wait_until_begun(synced, first)
        assert synced.auto()["synced"] == 0
        first.send_signal(signal.SIGTERM)
        assert synced.ended(first).status == 0
    assert synced.auto()["synced"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("sync = [", "TOML", id="no TOML"),
        pytest.param('[sync]\nprice_sauce = "x"\n', "price_source", id="a wrong key, and the nearest right one"),
        pytest.param('[connectwise]\nbase_url = "http://example.com"\n', "https", id="plain http elsewhere"),
    ],
)
def test_wrong_settings_name_their_file(text: str, said: str, cwtui: Cwtui) -> None:
    path = cwtui.state.with_name("config.toml")
    path.write_text(text)
    path.chmod(0o600)
    cwtui.environment.pop("CWTUI_CONNECTWISE__BASE_URL")
    ran = cwtui.run("--auto", "--config", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert re.search(said, ran.err)
    assert str(path) in ran.err


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({"CWTUI_CONNECTWISE__PRIVATE_KEY": "not-this-one"}, "test the connections", id="the PSA's key"),
        pytest.param(
            {"CWTUI_MARKETPLACE__PASSWORD": "not-this-one"}, "test the connections", id="the marketplace's password"
        ),
    ],
)
def test_wrong_credentials(environment: dict[str, str], said: str, reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    ran = cwtui.ended(cwtui.start("--auto", "--json", **environment))
    assert ran.status == 1
    assert re.search(said, ran.err)
    assert "not-this-one" not in ran.err + ran.out
    assert reseller.sandbox.billed() == []
    assert cwtui.auto()["synced"] == 1


def test_a_missing_permission_fails_the_task_and_says_which(reseller: Reseller, cwtui: Cwtui) -> None:
    reseller.subscribe(10)
    reseller.map_all(cwtui)
    reseller.sandbox.behave(lacks=[["Finance", "Agreements", "Add"]])
    report = cwtui.auto(status=1)
    assert (report["failed"], report["synced"]) == (1, 0)
    assert "403" in report["tasks"][0]["note"]
    doctor = cwtui.run("doctor", "--json", status=3).json
    missing = [row for row in doctor["permissions"] if not row["granted"]]
    assert missing == [{"module": "Finance", "permission": "Agreements", "level": "Add", "granted": False}]
    reseller.sandbox.behave(lacks=[])
    assert cwtui.auto()["synced"] == 1
    assert len(reseller.sandbox.billed()) == 1


class WebPage(BaseHTTPRequestHandler):
    """What stands in front of a service that is being maintained."""

    def answer(self) -> None:
        page = b"<html><head><title>Back soon</title></head></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = answer  # noqa: N815  # http.server's names

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def web_page() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), WebPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("service", ["MARKETPLACE", "CONNECTWISE"])
def test_a_web_page_in_the_place_of_a_service(service: str, web_page: str, synced: Cwtui, reseller: Reseller) -> None:
    reseller.order("2000001", "change", [["recurring", MAIL, 1, "4.50"]], created="2026-11-23")
    before = reseller.sandbox.billed()
    ran = synced.ended(synced.start("--auto", as_of="2026-11-24", **{f"CWTUI_{service}__BASE_URL": web_page}))
    assert ran.status == 1
    assert 'a web page titled "Back soon"' in ran.err
    assert reseller.sandbox.billed() == before
    assert [task["status"] for task in synced.tasks("--status", "synced").values()] == ["synced"]


def test_a_service_that_is_not_there(synced: Cwtui, reseller: Reseller) -> None:
    nowhere = "http://127.0.0.1:9/marketplace"
    ran = synced.run("--auto", CWTUI_MARKETPLACE__BASE_URL=nowhere)
    assert_says(ran, "was not reached", "No task was made", "test the connections", status=1)
    assert len(reseller.sandbox.billed()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--auto", "--every", "soon"], "soon"),
        (["--every", "5m"], "--auto"),
        (["--auto", "--as-of", "2026-13-01"], "2026-13-01"),
        (["tasks", "show", "nothing"], "no task nothing"),
        (["nonsense"], "nonsense"),
        (["map", "set", "customer", "C1", "999999"], "999999"),
    ],
    ids=["soon", "every alone", "a 13th month", "no such task", "no such command", "no such company"],
)
def test_wrong_usage(arguments: list[str], said: str, cwtui: Cwtui) -> None:
    ran = cwtui.run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_a_signal_stops_a_service_between_two_writes(reseller: Reseller, cwtui: Cwtui) -> None:
    names = [f"S{number}" for number in range(12)]
    for name in names:
        reseller.subscribe(10, name)
    reseller.map_all(cwtui, *names)
    reseller.sandbox.behave(latency_ms=40)
    process = cwtui.start("--auto", "--every", "1s", "--json")
    patience = time.monotonic() + 60
    while not reseller.sandbox.rows() and time.monotonic() < patience:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    ran = cwtui.ended(process)
    assert ran.status == 0
    report = ran.json
    assert 0 < report["synced"] < len(names)
    assert report["synced"] == len(reseller.sandbox.billed()) == report["writes"]["post"]
    assert "Stopping before the next write" in ran.err
    reseller.sandbox.behave(latency_ms=0)
    assert cwtui.auto()["synced"] == len(names) - report["synced"]
    assert len(reseller.sandbox.billed()) == len(names)


def test_every_goes_on_after_a_failure(synced: Cwtui, reseller: Reseller) -> None:
    reseller.sandbox.behave(script=[{"kind": "html", "status": 200, "service": "marketplace", "path": "/customers"}])
    reseller.order("2000001", "change", [["recurring", MAIL, 1, "4.50"]], created="2026-11-23")
    process = synced.start("--auto", "--every", "1s", as_of="2026-11-24")
    patience = time.monotonic() + 60
    while len(reseller.sandbox.rows()) < 2 and time.monotonic() < patience:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    ran = synced.ended(process)
    assert ran.status == 3, "the order adds one, the subscription does not hold it"
    assert "a web page" in ran.err
    assert "1 addition created" in ran.out


def test_the_demo_leaves_nothing_behind(opened: Opened, sandbox: Sandbox) -> None:
    cwtui = opened(sandbox)
    home = cwtui.state.with_name("home")
    home.mkdir()
    temporary = cwtui.state.with_name("temporary")
    temporary.mkdir()
    nowhere = {"HOME": str(home), "TMPDIR": str(temporary)}
    nowhere |= {f"XDG_{name}_HOME": str(home / name) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    process = cwtui.ended(cwtui.started_plainly("--auto", "--demo", "--json", "--as-of", "2026-11-23", **nowhere))
    report = process.json
    assert process.status == 3
    assert report["synced"] > 0
    assert report["needs_action"] > 0
    assert list(home.iterdir()) == []
    assert list(temporary.iterdir()) == []
