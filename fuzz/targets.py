"""What is fuzzed: each target takes any bytes and lets nothing out but `CwtuiError`, the tree of told errors.

Used by atheris (`python -m fuzz`), which follows coverage for hours, and by hypothesis in tests/security, which
tries a few hundred inputs in every run of the suite.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import httpx
import orjson
import stamina
from pydantic import SecretStr

from cwtui.composition import close_services, open_services
from cwtui.domain.errors import CwtuiError
from cwtui.domain.ids import (
    AdditionId,
    AgreementId,
    CatalogItemId,
    CompanyId,
    CustomerId,
    OrderId,
    SubscriptionId,
    TaskId,
)
from cwtui.engine.mapping.csv import read_mappings_csv
from cwtui.engine.text_file import decoded
from cwtui.options import DEFAULT_PROFILE
from cwtui.sandbox.credentials import MARKETPLACE, MARKETPLACE_BASE, PSA
from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.gate import Timing
from cwtui.settings import Settings
from cwtui.settings.file import parse_document, profile_table
from cwtui.settings.loading import settings_from
from cwtui.store import schema
from cwtui.store.journal import line_of
from cwtui.store.layout import Content, NotAState, content_of, render
from cwtui.store.recovery import recover
from cwtui.store.state import State, open_state
from cwtui.vendors.layouts import ACCOUNT_COLUMNS
from cwtui.vendors.numbers import CellError
from cwtui.vendors.vendor_file import read_vendor_text

Target = Callable[[bytes], bool]
"""Any bytes in; True if they were taken, False if they were refused in words."""


@cache
def _folder() -> Path:
    """A folder for state files, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108  # mkdtemp below makes a private folder of an unguessable name
    folder = Path(tempfile.mkdtemp(prefix="cwtui-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _empty_folder() -> Iterator[Path]:
    folder = _folder()
    for file in folder.iterdir():
        file.unlink()
    yield folder


def _read_everything(state: State) -> None:
    """Make every value of every table: documents are decoded only when somebody looks."""
    readers: list[Callable[[], object]] = [
        lambda: list(state.tasks()),
        lambda: list(state.documents.task_documents()),
        lambda: list(state.open_tasks()),
        lambda: state.tasks_of(SubscriptionId("2000")),
        lambda: list(state.customers()),
        lambda: list(state.products()),
        state.cursor,
        state.mappings,
        lambda: list(state.links()),
        lambda: state.links_of(SubscriptionId("2000")),
        lambda: state.links_in(AgreementId(10)),
        state.open_intents,
        lambda: list(state.audit()),
        lambda: state.repair(TaskId("1000.2000")),
        lambda: state.differences(TaskId("1000.2000")),
        lambda: state.counts(TaskId("1000.2000")),
        lambda: state.last_report("intermedia"),
        *(partial(state.note, one.of) for one in schema.NOTES),
        lambda: state.fact("feeds"),
    ]
    for read in readers:
        with contextlib.suppress(CwtuiError):
            read()


def state_file(data: bytes) -> bool:
    """The state file: the bytes as they are, or, after a first byte above 0x7f, as tables with a fitting seal."""
    if data[:1] > b"\x7f":
        try:
            data = b"".join(render(content_of(orjson.loads(data[1:]))))
        except (orjson.JSONDecodeError, NotAState):
            return False
    with _empty_folder() as folder:
        path = folder / "state.json"
        path.write_bytes(data)
        taken = _opened(path)
        if not taken and path.read_bytes() != data:
            raise AssertionError("a state that was refused was changed")
        return taken


def journal(data: bytes) -> bool:
    """The journal beside a good state: the bytes as they are, or, after a byte above 0x7f, as records that check out.

    Those are the records' operations, one JSON list a line.
    """
    if data[:1] > b"\x7f":
        data = b"".join(_lines_of(data[1:]))
    with _empty_folder() as folder:
        path = folder / "state.json"
        path.write_bytes(b"".join(render(Content())))
        path.with_name("state.json.journal").write_bytes(data)
        return _opened(path)


def _lines_of(data: bytes) -> Iterator[bytes]:
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            ops = orjson.loads(line)
            yield line_of(number, [(str(table), "", orjson.dumps(change)) for table, change in ops])
        except (ValueError, TypeError):
            continue


def _opened(path: Path) -> bool:
    try:
        state = open_state(path)
    except CwtuiError:
        with contextlib.suppress(CwtuiError):
            recover(path)
        return False
    _read_everything(state)
    with contextlib.suppress(CwtuiError):
        state.close()
    return True


def csv_files(data: bytes) -> bool:
    """A mappings file, or one of a vendor's, in whatever encoding."""
    text = decoded(data)
    if text is None:
        return False
    taken = False
    for read in _READERS:
        with contextlib.suppress(CwtuiError):
            read(text)
            taken = True
    return taken


def _read_vendor(text: str, columns: Sequence[str]) -> None:
    file = read_vendor_text(text, "file.csv", needed=columns, columns={})
    for row in file.rows:
        with contextlib.suppress(CellError):
            file.numbers.read(row[columns[-1]])


_READERS: tuple[Callable[[str], object], ...] = (
    lambda text: read_mappings_csv(text, "mappings.csv"),
    lambda text: _read_vendor(text, ACCOUNT_COLUMNS[:1]),
    lambda text: _read_vendor(text, ("sku", "description", "unit_cost", "retail_price")),
    lambda text: _read_vendor(text, ("account_id", "sku", "quantity", "unit_cost")),
)


_STATUSES = (200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 502, 503)
_TYPES = (
    "application/json",
    "text/html; charset=utf-8",
    "text/html; charset=hex",
    "application/json; charset=zlib",
    "text/plain; charset=utf-7",
    "application/json; charset=idna",
    "",
)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer of a service, chosen by the first bytes of an input; the body is the rest."""

    which: int
    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    @classmethod
    def of(cls, data: bytes) -> RawAnswer:
        """Byte 0: which question; 1: status; 2: content type; 3: whether the body begins with header values."""
        head, body = data[:4].ljust(4, b"\0"), data[4:]
        headers = {b"Content-Type": _TYPES[head[2] % len(_TYPES)].encode()}
        if head[3] % 4 == 1:
            value, _, body = body.partition(b"\n")
            shown = bytes(each for each in value if 0x20 <= each < 0x7F)  # noqa: PLR2004  # what h11 lets through
            name = (b"Retry-After", b"Date", b"Link", b"Content-Encoding")[head[3] // 4 % 4]
            headers[name] = shown
        return cls(head[0], _STATUSES[head[1] % len(_STATUSES)], headers, body)

    def response(self, request: httpx.Request) -> httpx.Response:
        """A fresh response; the marketplace's token is given as it should be, unless that is what is asked for."""
        if request.url.path.endswith("/token") and self.which % len(_QUESTIONS):
            return httpx.Response(200, json={"token": "token-of-a-fuzzed-service", "expiresInSeconds": 1500})
        return httpx.Response(self.status, headers=list(self.headers.items()), stream=httpx.ByteStream(self.body))


async def _all(pages: AsyncIterable[object]) -> None:
    async for _ in pages:
        pass


_QUESTIONS: tuple[Callable[[CloudBlue, ConnectWise], Awaitable[object]], ...] = (
    lambda market, _: market.sign_in(),
    lambda market, _: _all(market.orders()),
    lambda market, _: market.order(OrderId("2000001")),
    lambda market, _: _all(market.subscriptions()),
    lambda market, _: market.subscription(SubscriptionId("1000048531")),
    lambda market, _: _all(market.customers()),
    lambda market, _: market.customer(CustomerId("1000011")),
    lambda market, _: _all(market.products()),
    lambda market, _: market.total("customers"),
    lambda market, _: market.create_customer({"name": "x"}),
    lambda _, psa: _all(psa.companies()),
    lambda _, psa: _all(psa.companies([CompanyId(1)])),
    lambda _, psa: _all(psa.contacts([1])),
    lambda _, psa: _all(psa.agreements()),
    lambda _, psa: _all(psa.agreements([AgreementId(1)])),
    lambda _, psa: _all(psa.catalog_items([CatalogItemId(1)])),
    lambda _, psa: psa.latest_invoice(AgreementId(101)),
    lambda _, psa: psa.additions(AgreementId(101)),
    lambda _, psa: psa.delete_addition(AgreementId(1), AdditionId(1)),
    lambda _, psa: psa.probe("GET", "/company/companies"),
    lambda _, psa: psa.version(),
    lambda _, psa: psa.table("agreement_types"),
    lambda _, psa: psa.billing_cycles(),
    lambda _, psa: psa.country_codes(),
    lambda _, psa: psa.management_solutions(),
    lambda _, psa: psa.manage_ids(CompanyId(251)),
    lambda _, psa: psa.located(),
)


def questions() -> int:
    """How many questions there are; the first byte of an input to `api_answers` chooses one."""
    return len(_QUESTIONS)


class _Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def timing(self) -> Timing:
        return Timing(lambda: datetime(2026, 11, 22, tzinfo=UTC), lambda: self.seconds, self.sleep)


async def answers_of(which: int, transport: httpx.AsyncBaseTransport) -> None:
    """Put one question to a service behind `transport`, without ever waiting."""
    timing = _Time().timing()
    market = CloudBlue(
        f"http://127.0.0.1{MARKETPLACE_BASE}",
        MARKETPLACE.username,
        SecretStr(MARKETPLACE.password),
        SecretStr(MARKETPLACE.subscription_key),
        MARKETPLACE.marketplace,
        transport=transport,
        timing=timing,
    )
    psa = ConnectWise(
        "http://127.0.0.1",
        PSA.company_id,
        PSA.public_key,
        SecretStr(PSA.private_key),
        PSA.client_id,
        transport=transport,
        timing=timing,
    )
    try:
        await _QUESTIONS[which % len(_QUESTIONS)](market, psa)
    finally:
        await market.aclose()
        await psa.aclose()


def api_answers(data: bytes) -> bool:
    """Both clients: any status, type, header and body as the answer to any question."""
    with stamina.set_testing(testing=True, attempts=2):
        given = RawAnswer.of(data)
        try:
            asyncio.run(answers_of(given.which, httpx.MockTransport(given.response)))
        except CwtuiError:
            return False
    return True


def settings_file(data: bytes) -> bool:
    """A settings file, and what its texts become in addresses and headers of both services."""
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    path = Path("settings.toml")
    try:
        table = profile_table(parse_document(data, path), DEFAULT_PROFILE, path)
        settings = settings_from(table, path=path, profile=DEFAULT_PROFILE)
        settings.require_connections()
        asyncio.run(_asked_with(settings))
    except CwtuiError:
        return False
    return True


async def _asked_with(settings: Settings) -> None:
    answer = {"token": "token", "access_token": "token", "version": "v2026.4"}
    market, psa = open_services(settings, httpx.MockTransport(lambda _: httpx.Response(200, json=answer)))
    try:
        await psa.version()
        await psa.located()
        if isinstance(market, CloudBlue):
            await market.sign_in()
    finally:
        await close_services(market, psa)


TARGETS: Mapping[str, Target] = {
    "state": state_file,
    "journal": journal,
    "csv": csv_files,
    "answers": api_answers,
    "settings": settings_file,
}
"""By the name `python -m fuzz NAME` takes."""
