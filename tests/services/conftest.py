"""Services under test: no waiting for real, and answers from a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cwtui.services.cloudblue import CloudBlue
from cwtui.services.connectwise import ConnectWise
from cwtui.services.gate import Timing
from cwtui.services.http_policy import HttpPolicy

_real_sleep = asyncio.sleep


@dataclass
class FakeTime:
    """A clock that only moves when somebody sleeps."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def timing(self) -> Timing:
        start = datetime(2026, 11, 22, 12, tzinfo=UTC)
        return Timing(
            now=lambda: start + timedelta(seconds=self.seconds - 1000), monotonic=lambda: self.seconds, sleep=self.sleep
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.seconds + seconds
        await _real_sleep(0)
        self.seconds = max(self.seconds, until)


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


Handler = Callable[[httpx.Request], Any]


class Script:
    """A service that gives one prepared answer after another; an exception is raised in place of an answer."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[httpx.Request] = []

    def then(self, *answers: Any) -> Script:
        self.answers += answers
        return self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return httpx.Response(200, json=answer)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def policy(script: Script, fake_time: FakeTime) -> AsyncIterator[HttpPolicy]:
    built = HttpPolicy(
        "https://psa.example/apis/3.0",
        service="PSA",
        headers={"Authorization": "Basic c2VjcmV0"},
        secrets=("private-key-1",),
        transport=httpx.MockTransport(script),
        timing=fake_time.timing(),
    )
    yield built
    await built.aclose()


TOKEN = {"token": "token-number-one", "expiresInSeconds": 1500}


@pytest.fixture
async def cloudblue(script: Script, fake_time: FakeTime) -> AsyncIterator[CloudBlue]:
    """A marketplace client; its first request is for a token, which is answered apart from the script."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/m/token" and not script.answers:
            return httpx.Response(200, json=TOKEN)
        if request.url.path == "/m/token" and not any(each.url.path == "/m/token" for each in script.requests):
            script.requests.append(request)
            return httpx.Response(200, json=TOKEN)
        return await script(request)

    built = CloudBlue(
        "https://market.example/m/",
        "reseller",
        SecretStr("market-password"),
        SecretStr("subscription-key"),
        "us",
        concurrency=4,
        transport=httpx.MockTransport(answer),
        timing=fake_time.timing(),
    )
    yield built
    await built.aclose()


@pytest.fixture
async def connectwise(script: Script, fake_time: FakeTime) -> AsyncIterator[ConnectWise]:
    built = ConnectWise(
        "https://psa.example",
        "acme",
        "publicKey1",
        SecretStr("private-key-1"),
        "11111111-2222-4333-8444-555555555555",
        transport=httpx.MockTransport(script),
        timing=fake_time.timing(),
    )
    yield built
    await built.aclose()
