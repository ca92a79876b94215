"""Rules: synchronising.md#retries, settings.md#quotas."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
import stamina

from cwtui.domain.errors import (
    OutcomeUnknown,
    QuotaReached,
    Refused,
    ServiceError,
    Transient,
)
from cwtui.services.http_policy import HttpPolicy

OK = {"fine": True}


def status(code: int, document: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(code, json={} if document is None else document, headers=headers)


async def refused(policy: HttpPolicy, method: str = "GET", path: str = "/x") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await policy.ask(method, path, body={"a": 1} if method in {"POST", "PATCH"} else None)
    return caught.value


# Retries

UNKNOWN_OUTCOMES = [
    pytest.param(status(500), id="500"),
    pytest.param(status(502), id="502"),
    pytest.param(status(503), id="503"),
    pytest.param(httpx.Response(504, html="<title>Gateway Timeout</title>"), id="504 as HTML"),
    pytest.param(httpx.ReadTimeout("slow"), id="read timeout"),
    pytest.param(httpx.WriteError("broken pipe"), id="write error"),
    pytest.param(httpx.ReadError("reset"), id="reset"),
    pytest.param(httpx.RemoteProtocolError("disconnected"), id="disconnected"),
]
NOT_SENT = [
    pytest.param(httpx.ConnectError("refused"), id="connection refused"),
    pytest.param(httpx.ConnectTimeout("slow"), id="connect timeout"),
    pytest.param(httpx.PoolTimeout("busy"), id="pool timeout"),
]


@pytest.mark.parametrize("fault", UNKNOWN_OUTCOMES + NOT_SENT)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_may_be_repeated_is_repeated(method: str, fault: Any, policy: HttpPolicy, script: Any) -> None:
    script.then(fault, fault, OK)
    assert (await policy.ask(method, "/x")).document == OK
    assert policy.sent == {method: 3}


@pytest.mark.parametrize("fault", UNKNOWN_OUTCOMES)
async def test_a_create_with_an_unknown_outcome_is_never_sent_again(
    fault: Any, policy: HttpPolicy, script: Any
) -> None:
    script.then(fault, OK)
    error = await refused(policy, "POST")
    assert isinstance(error, OutcomeUnknown)
    assert error.changed == "Whether it was created is not known yet."
    assert policy.sent == {"POST": 1}


@pytest.mark.parametrize("fault", [*NOT_SENT, pytest.param(status(429), id="429: not processed")])
async def test_a_create_that_was_not_taken_is_sent_again(fault: Any, policy: HttpPolicy, script: Any) -> None:
    script.then(fault, OK)
    assert (await policy.ask("POST", "/x", body={})).document == OK
    assert policy.sent == {"POST": 2}


async def test_a_create_refused_after_a_first_try_that_was_not_sent_changed_nothing(
    policy: HttpPolicy, script: Any
) -> None:
    script.then(httpx.ConnectError("refused"), status(400))
    error = await refused(policy, "POST")
    assert isinstance(error, Refused)
    assert error.changed == "Nothing was changed."


async def test_a_repeatable_post_is_repeated(policy: HttpPolicy, script: Any) -> None:
    script.then(status(500), OK)
    assert (await policy.ask("POST", "/token", body={}, repeatable=True)).document == OK


async def test_five_tries_then_it_says_so(policy: HttpPolicy, script: Any) -> None:
    script.then(status(500, {"code": "Boom", "message": "It broke."}))
    error = await refused(policy, "GET", "/finance/agreements")
    assert isinstance(error, Transient)
    assert policy.sent == {"GET": 5}
    assert str(error) == (
        "ConnectWise answered 500 (Boom) to GET /finance/agreements: It broke. Nothing was changed. "
        "Try again later; test the connections to see whether it answers."
    )
    assert (error.service, error.status, error.code) == ("PSA", 500, "Boom")


async def test_a_change_that_never_got_an_answer_does_not_claim_that_nothing_changed(
    policy: HttpPolicy, script: Any
) -> None:
    script.then(httpx.ReadError("reset"))
    assert (await refused(policy, "PATCH")).changed == "Whether the change was made is not known."


async def test_a_change_refused_after_a_try_in_doubt_is_still_in_doubt(policy: HttpPolicy, script: Any) -> None:
    script.then(httpx.ReadError("reset"), status(400))
    error = await refused(policy, "PATCH")
    assert isinstance(error, Refused)
    assert error.changed == "Whether the change was made is not known."


async def test_the_pauses_between_tries_grow_and_differ(
    policy: HttpPolicy, script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    script.then(status(500))
    with stamina.set_testing(testing=False):
        await refused(policy)
        first, pauses = pauses, []
        await refused(policy)
    assert len(first) == 4
    assert all(earlier < later for earlier, later in pairwise(first))
    assert sum(first) < 30
    assert first != pauses


# 429 and 503


@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_is_kept_to(code: int, policy: HttpPolicy, script: Any, fake_time: Any) -> None:
    script.then(status(code, **{"Retry-After": "17"}), OK)
    await policy.ask("GET", "/x")
    assert fake_time.slept == [17]


async def test_retry_after_as_a_date_counts_from_the_answers_own_clock(
    policy: HttpPolicy, script: Any, fake_time: Any
) -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2026 09:00:42 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"}
    script.then(status(429, **headers), OK)
    await policy.ask("GET", "/x")
    assert fake_time.slept == [42]


async def test_retry_after_as_a_date_without_a_date_counts_from_here(
    policy: HttpPolicy, script: Any, fake_time: Any
) -> None:
    script.then(status(429, **{"Retry-After": "Sun, 22 Nov 2026 12:00:08 GMT"}), OK)
    await policy.ask("GET", "/x")
    assert fake_time.slept == [8]


@pytest.mark.parametrize("text", ["", "soon", "-5"], ids=["none", "unreadable", "negative"])
async def test_without_a_usable_retry_after_the_pauses_grow(
    text: str, policy: HttpPolicy, script: Any, fake_time: Any
) -> None:
    throttled = status(429, **({"Retry-After": text} if text else {}))
    script.then(throttled, throttled, throttled, OK)
    await policy.ask("GET", "/x")
    assert len(fake_time.slept) == 3
    assert fake_time.slept[0] < 2 <= fake_time.slept[2] <= 8


async def test_a_retry_after_of_hours_is_not_waited_for(policy: HttpPolicy, script: Any, fake_time: Any) -> None:
    document = {"error": "ConnectWiseAPI", "message": "Too many requests. Slow down."}
    script.then(status(429, document, **{"Retry-After": "7200"}))
    error = await refused(policy, "POST")
    assert isinstance(error, QuotaReached)
    assert error.happened == (
        "ConnectWise takes no more requests for now: it answered 429 to POST /x (Too many requests. Slow down)."
    )
    assert error.goes_on_at == datetime(2026, 11, 22, 14, tzinfo=UTC)
    assert "2026-11-22 14:00 UTC" in error.next_step
    assert error.changed == "Nothing was changed."
    assert fake_time.slept == []


async def test_while_a_quota_is_used_up_nothing_is_asked(policy: HttpPolicy, script: Any, fake_time: Any) -> None:
    script.then(status(403, **{"Retry-After": "7200"}), OK)
    assert isinstance(await refused(policy), QuotaReached)
    assert isinstance(await refused(policy, path="/y"), QuotaReached)
    assert policy.sent == {"GET": 1}
    fake_time.seconds += 7201
    assert (await policy.ask("GET", "/y")).document == OK


async def test_a_403_with_retry_after_is_a_quota_and_waited_for(
    policy: HttpPolicy, script: Any, fake_time: Any
) -> None:
    script.then(status(403, **{"Retry-After": "9"}), OK)
    assert (await policy.ask("GET", "/x")).document == OK
    assert fake_time.slept == [9]


ABSURD = ["1 Jan 99999999999999999999999 0:0:0 +0", "9" * 400, "1e9", "\u00b2", "Sun, 22 Nov 9999 00:00:00 GMT", "nan"]


@pytest.mark.parametrize("text", ABSURD)
async def test_an_absurd_retry_after_counts_as_none(text: str, policy: HttpPolicy, script: Any, fake_time: Any) -> None:
    script.then(httpx.Response(429, headers=[(b"Retry-After", text.encode("latin-1"))]), OK)
    await policy.ask("GET", "/x")
    assert 0 < fake_time.slept[0] < 4


@pytest.mark.parametrize("code", [408, 499])
async def test_after_a_gateway_gave_up_the_outcome_of_a_create_is_unknown(
    code: int, policy: HttpPolicy, script: Any
) -> None:
    script.then(status(code), OK)
    assert isinstance(await refused(policy, "POST"), OutcomeUnknown)
    assert policy.sent == {"POST": 1}


@pytest.mark.parametrize("code", [408, 499])
async def test_what_may_be_repeated_is_repeated_after_a_gateway_gave_up(
    code: int, policy: HttpPolicy, script: Any
) -> None:
    script.then(status(code), OK)
    assert (await policy.ask("PATCH", "/x", body=[])).document == OK


async def test_no_minute_sees_more_than_what_was_granted(script: Any, fake_time: Any) -> None:
    sent_at: list[float] = []

    def note(_: httpx.Request) -> dict[str, bool]:
        sent_at.append(fake_time.seconds)
        return OK

    script.then(note)
    policy = HttpPolicy(
        "https://psa.example",
        service="marketplace",
        headers={},
        secrets=(),
        transport=httpx.MockTransport(script),
        timing=fake_time.timing(),
        per_minute=60,
    )
    await asyncio.gather(*(policy.ask("GET", f"/{number}") for number in range(200)))
    assert len(sent_at) == 200
    assert all(later - earlier > 60 for earlier, later in zip(sent_at, sent_at[60:], strict=False))
    assert max(sent_at) - min(sent_at) < 200


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("headers", "tries"),
    [
        pytest.param({"Retry-After": "1"}, 10, id="it says how long to wait"),
        pytest.param({}, 5, id="it does not: as other answers of that kind"),
    ],
)
async def test_a_service_that_stays_busy_is_given_up(
    code: int, headers: dict[str, str], tries: int, policy: HttpPolicy, script: Any
) -> None:
    script.then(status(code, **headers))
    assert isinstance(await refused(policy), Transient)
    assert policy.sent == {"GET": tries}


async def test_one_429_holds_back_every_request_to_the_service(policy: HttpPolicy, script: Any, fake_time: Any) -> None:
    sent_at: list[float] = []

    def note(_: httpx.Request) -> dict[str, bool]:
        sent_at.append(fake_time.seconds)
        return OK

    script.then(status(429, **{"Retry-After": "60"}), note)
    await policy.ask("GET", "/first")
    await asyncio.gather(*(policy.ask("GET", f"/{number}") for number in range(5)))
    assert min(sent_at) == 1060
    assert policy.gate.limit == 8


@pytest.mark.parametrize(
    ("code", "pause", "told"),
    [
        pytest.param(429, "60", ["takes no more requests within its quota (429)"], id="a quota"),
        pytest.param(403, "60", ["takes no more requests within its quota (403)"], id="a gateway's quota"),
        pytest.param(503, "60", ["is busy (503)"], id="busy"),
        pytest.param(429, "2", [], id="a moment"),
    ],
)
async def test_a_pause_is_told_once_with_its_end(
    code: int, pause: str, told: list[str], policy: HttpPolicy, script: Any, fake_time: Any
) -> None:
    """Rule: settings.md#quotas."""
    said: list[str] = []
    policy.tell_pause = said.append

    async def refuse(_: httpx.Request) -> httpx.Response:
        for _turn in range(20):
            await asyncio.sleep(0)  # the others are under way meanwhile
        return status(code, **{"Retry-After": pause})

    script.then(refuse, refuse, refuse, OK)
    until = fake_time.timing().now() + timedelta(seconds=60)
    await asyncio.gather(*(policy.ask("GET", f"/{number}") for number in range(3)))
    assert said == [f"ConnectWise {why}: the run waits, and goes on at {until:%Y-%m-%d %H:%M:%S} UTC." for why in told]


async def test_never_more_in_flight_than_the_concurrency(script: Any, fake_time: Any) -> None:
    policy = HttpPolicy(
        "https://psa.example", service="PSA", headers={}, secrets=(), concurrency=4,
        transport=httpx.MockTransport(script), timing=fake_time.timing(),
    )  # fmt: skip
    now = peak = 0

    async def answer(_: httpx.Request) -> dict[str, bool]:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0)
        now -= 1
        return OK

    script.then(answer)
    await asyncio.gather(*(policy.ask("GET", "/x") for _ in range(50)))
    assert peak == 4
    await policy.aclose()


async def test_who_waits_for_a_place_sends_before_an_answer_is_worked_on(script: Any, fake_time: Any) -> None:
    policy = HttpPolicy(
        "https://psa.example", service="PSA", headers={}, secrets=(), concurrency=1,
        transport=httpx.MockTransport(script), timing=fake_time.timing(),
    )  # fmt: skip
    happened: list[str] = []

    def note(request: httpx.Request) -> dict[str, bool]:
        happened.append(f"sent {request.url.path}")
        return OK

    async def work(path: str) -> None:
        await policy.ask("POST", path, body={})
        happened.append(f"worked on {path}")

    script.then(note)
    await asyncio.gather(work("/1"), work("/2"))
    assert happened == ["sent /1", "sent /2", "worked on /1", "worked on /2"]
    await policy.aclose()


async def test_a_create_whose_answer_nobody_hears_any_more_is_in_doubt(
    policy: HttpPolicy, script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cwtui.services.http_policy._STOP_GRACE_S", 0.0)

    def stop(_: httpx.Request) -> dict[str, bool]:
        policy.stop()
        return OK

    script.then(stop)
    assert isinstance(await refused(policy, "POST"), OutcomeUnknown)
