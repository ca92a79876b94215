"""Rules: synchronising.md#what-a-failure-says."""

from __future__ import annotations

import httpx
import pytest

from cwtui.services.answers import one_line, read_refusal_text


def words_of(answer: httpx.Response) -> tuple[str, str]:
    its = read_refusal_text(answer, ())
    return its.code, its.message


INVALID = {
    "code": "InvalidObject",
    "message": "addition object is invalid",
    "errors": [
        {"code": "OutOfRange", "message": "must not be negative", "resource": "addition", "field": "quantity"},
        {"code": "MissingRequiredField", "message": "is required", "field": "product"},
    ],
}
INVALID_WORDS = (
    "addition object is invalid; quantity: must not be negative (OutOfRange); "
    "product: is required (MissingRequiredField)"
)
SECURITY = {"code": "Security", "message": "SSL is required.", "errors": None}
BUSY = {"error": "ConnectWiseAPI", "message": "Too many requests."}


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        pytest.param(INVALID, "InvalidObject", INVALID_WORDS, id="ConnectWise, with errors"),
        pytest.param(SECURITY, "Security", "SSL is required.", id="ConnectWise, errors null"),
        pytest.param(BUSY, "ConnectWiseAPI", "Too many requests.", id="ConnectWise 429"),
        pytest.param({"statusCode": 401, "message": "Access denied."}, "401", "Access denied.", id="API gateway"),
        pytest.param({"error": {"code": "x1", "message": "No such order"}}, "x1", "No such order", id="nested error"),
        pytest.param({"errors": ["first", "second"]}, "", "first; second", id="errors as texts"),
        pytest.param([{"code": "a", "message": "b"}], "", "b (a)", id="a list of errors"),
        pytest.param({"title": "Bad", "detail": "Very bad"}, "", "Very bad", id="problem details"),
        pytest.param("just words", "", "just words", id="a JSON text"),
        pytest.param({}, "", "", id="nothing"),
        pytest.param({"code": None, "message": ["?"]}, "", "", id="other types"),
    ],
)
def test_the_services_own_message_and_code(answer: object, code: str, message: str) -> None:
    assert words_of(httpx.Response(400, json=answer)) == (code, message)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            "<html><head><title> 502 Bad\nGateway &amp; more</title></head>",
            'a web page titled "502 Bad Gateway & more"',
        ),
        ("<html><body>hello</body></html>", "a web page"),
        ("upstream connect error", ""),
    ],
    ids=["title", "no title", "text"],
)
def test_of_a_web_page_no_more_than_its_title(page: str, message: str) -> None:
    assert words_of(httpx.Response(502, text=page)) == ("", message)


def test_one_line_is_one_printable_line() -> None:
    assert one_line("a\x1b[31mb\r\n\tc\u2028d\u202ee\x00 ") == "a [31mb c d e"
    assert one_line("x" * 50, 10) == "xxxxxxxxx…"
