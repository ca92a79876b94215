"""The terminal interface in headless Chromium: the task list is there, a key works, strangers stay out."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="needs Chromium: install it to run this test"
)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    yield from served(tmp_path)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    yield from served(tmp_path, "--token", "--most", "1")


def served(folder: Path, *options: str) -> Iterator[str]:
    state = folder / "state.json"
    command = [sys.executable, "-m", "cwtui.cli.main", "--demo", "--as-of", "2026-11-23", "--state", str(state), "web"]
    with subprocess.Popen(  # noqa: S603  # our own command
        [*command, "--port", str(free_port()), *options], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("Open http://127.0.0.1:"), line
        yield line.removeprefix("Open ").strip()
        server.terminate()
        server.wait(timeout=20)


class Page:
    """One page of a browser, over the DevTools protocol: what its terminal is sent, and keys for it."""

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line, self._number = line, 0
        self.terminal = ""

    async def tell(self, method: str, **parameters: object) -> None:
        """Ask the browser for something and wait until it is done."""
        self._number += 1
        await self._line.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(60):
            while (await self._read()).get("id") != self._number:
                pass

    async def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads((await self._line.receive()).data)
        if message.get("method") == "Network.webSocketFrameReceived":
            self._take(message["params"]["response"])
        return message

    async def until(self, text: str) -> None:
        """Wait until the terminal was sent a text; fail with what it was sent instead."""
        try:
            await self._read_until(text)
        except TimeoutError:
            pytest.fail(f"{text!r} never came; the terminal ended with {self.terminal[-500:]!r}")

    async def _read_until(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.terminal:
                await self._read()

    def _take(self, frame: dict[str, object]) -> None:
        data = str(frame["payloadData"])
        is_binary = frame["opcode"] == 2
        self.terminal += base64.b64decode(data).decode(errors="replace") if is_binary else data

    async def press(self, key: str) -> None:
        await self.tell("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.tell("Runtime.evaluate", expression="document.querySelector('textarea').focus()")
        for kind in ("keyDown", "keyUp"):
            text = key if kind == "keyDown" else ""
            await self.tell(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                text=text,
                code=f"Key{key.upper()}",
                windowsVirtualKeyCode=ord(key.upper()),
            )


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    port = free_port()
    options = [*QUIET, f"--remote-debugging-port={port}", f"--user-data-dir={tmp_path / 'browser'}", "about:blank"]
    browser = await asyncio.create_subprocess_exec(
        str(CHROMIUM), *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as session:
            target = await first_page(session, port)
            async with session.ws_connect(target, max_msg_size=0) as line:
                yield Page(line)
    finally:
        browser.terminate()
        await browser.wait()


async def first_page(session: aiohttp.ClientSession, port: int) -> str:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    pages = [found for found in await answer.json() if found["type"] == "page"]
            except aiohttp.ClientConnectionError:
                pages = []
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(0.1)


@needs_chromium
async def test_the_task_list_is_there_and_a_key_works(address: str, page: Page) -> None:
    await page.tell("Network.enable")
    await page.tell("Page.navigate", url=address)
    await page.until("Green Lane LLC")
    await page.press("?")
    await page.until("Look for new and ended orders")


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        pytest.param("/", {}, 200, id="its own page"),
        pytest.param("/", {"Host": "evil.example"}, 403, id="a foreign name made to point here"),
        pytest.param("/ws", {"Origin": "http://evil.example"}, 403, id="another page's connection"),
    ],
)
async def test_strangers_stay_out(address: str, path: str, headers: dict[str, str], expected: int) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(address.rstrip("/") + path, headers=headers) as answer,
    ):
        assert answer.status == expected
        if expected == 200:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_the_token_leaves_the_address_and_the_terminals_are_bounded(locked: str) -> None:
    base, _, token = locked.partition("/?token=")
    jar = aiohttp.CookieJar(unsafe=True)  # an address is no name a cookie is usually kept for
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with session.get(base) as refused:
            assert refused.status == 403
        async with session.get(locked, allow_redirects=False) as moved:
            assert (moved.status, moved.headers["Location"]) == (303, "/")
            assert token not in moved.headers["Location"]
        async with session.get(base) as page:
            assert page.status == 200
            assert token not in await page.text()
        async with session.ws_connect(f"{base}/ws"), session.get(f"{base}/ws") as second:
            assert second.status == 503
