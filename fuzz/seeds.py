"""Where fuzzing starts from: what the program really reads, taken from a run on the sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import httpx
import orjson

import cwtui
from cwtui.domain.errors import CwtuiError
from cwtui.sandbox.app import create_app
from cwtui.sandbox.world import World
from cwtui.store.layout import parse
from fuzz.targets import answers_of, questions

_TODAY = "2026-11-23"
_ROWS = 2
"""Documents of each table in a seed: small ones are mutated faster."""


@cache
def _ran() -> tuple[bytes, bytes]:
    """The state file of a demo after one run, and its journal."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        command = [sys.executable, "-m", "cwtui.cli.main", "--demo", "--state", str(state), "--as-of", _TODAY, "--auto"]
        subprocess.run(command, check=False, capture_output=True, env=dict(os.environ))  # noqa: S603  # ours
        journals = [state.with_name(f"state.json.journal{end}") for end in (".1", "")]
        return state.read_bytes(), b"".join(file.read_bytes() for file in journals if file.exists())


def state_seeds() -> Iterator[bytes]:
    """Whole files, and after 0x80 a few documents of each table, to be sealed by the target."""
    state, _ = _ran()
    document = parse(state).document()
    few = {name: dict(list(table.items())[:_ROWS]) for name, table in document.items()}
    yield b"\x80" + orjson.dumps(few)
    yield from (b"\x80" + orjson.dumps({"cwtui": few["cwtui"], name: table}) for name, table in few.items())
    yield orjson.dumps(few)
    yield state[:4096]


def journal_seeds() -> Iterator[bytes]:
    """Lines as they were written, and after 0x80 the operations of each, to be numbered and checked by the target."""
    lines = _ran()[1].splitlines()[:40]
    yield b"\n".join(lines[:5]) + b"\n"
    for line in lines:
        yield b"\x80" + orjson.dumps(orjson.loads(line)["ops"][:_ROWS])


def csv_seeds() -> Iterator[bytes]:
    """Mapping files as spreadsheets save them, and the demo's files of a vendor."""
    text = 'kind,marketplace_id,charge,connectwise_id\ncustomer,"1000,011",,250\nproduct,\'=PRD,setup,501\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"):
        yield text.encode(encoding)
    yield text.replace(",", ";").encode()
    for file in sorted((Path(cwtui.__file__).parent / "sandbox" / "demo_files").glob("*.csv")):
        yield file.read_bytes()


def answer_seeds() -> Iterator[bytes]:
    """What the sandbox answers to each question."""
    sandbox = create_app(World.seeded(date.fromisoformat(_TODAY)))
    for which in range(questions()):
        answered: list[bytes] = []
        with contextlib.suppress(CwtuiError):
            asyncio.run(answers_of(which, _Recording(httpx.ASGITransport(sandbox), answered)))
        for body in answered[-1:]:
            yield bytes([which, 0, 0, 0]) + _shortened(body)
            yield bytes([which, 7, 0, 0]) + _shortened(body)
            yield bytes([which, 12, 1, 1]) + b"Mon, 23 Nov 2026 12:00:00 GMT\n" + _shortened(body)


class _Recording(httpx.AsyncBaseTransport):
    """Hands requests on and keeps the bodies of the answers."""

    def __init__(self, inner: httpx.AsyncBaseTransport, answered: list[bytes]) -> None:
        self._inner, self._answered = inner, answered

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the inner transport."""
        response = await self._inner.handle_async_request(request)
        self._answered.append(await response.aread())
        return httpx.Response(response.status_code, headers=response.headers, content=self._answered[-1])


def _shortened(body: bytes) -> bytes:
    """A list cut to its first records."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if isinstance(document, list):
        return orjson.dumps(document[:_ROWS])
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        rows = document["data"][:_ROWS]
        return orjson.dumps(document | {"data": rows, "pagination": {"offset": 0, "limit": 100, "total": len(rows)}})
    return body


_CONNECTED = """\
[connectwise]
base_url = "https://na.myconnectwise.net"
company_id = "Größe & Co"
public_key = "public"
private_key = "private"
client_id = "00000000-0000-4000-8000-000000000001"
[marketplace]
base_url = "https://market.example/api"
subscription_key = "key"
"""
_BASIC = 'username = "me"\npassword = "wörd"\n'
_OAUTH = 'auth = "oauth"\ntoken_url = "https://login.example/t"\nclient_id = "ü"\nclient_secret = "s"\nscope = "a b"\n'
_TAIL = (
    '[sync]\nevery = "5m"\n[notify]\nurls = ["json://localhost"]\nremind = "1d"\n[guard]\nmax_quantity_change = "off"\n'
)


def settings_seeds() -> list[bytes]:
    """Settings that connect, by both ways to sign in."""
    return [text.encode() for text in (_CONNECTED + _BASIC, _CONNECTED + _OAUTH, _CONNECTED + _BASIC + _TAIL)]


SEEDS = {
    "settings": settings_seeds,
    "state": state_seeds,
    "journal": journal_seeds,
    "csv": csv_seeds,
    "answers": answer_seeds,
}
"""By the name of their target."""
