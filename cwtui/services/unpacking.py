"""Bodies that came compressed, unpacked to a bound: two megabytes of gzip can hold four gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import httpx

from cwtui.services.wire import MOST_BODY, TooLarge

_BY_GZIP_HEADER = zlib.MAX_WBITS | 16
_CODINGS = {"gzip": _BY_GZIP_HEADER, "x-gzip": _BY_GZIP_HEADER, "deflate": zlib.MAX_WBITS}
_MOST_CODINGS = 2


def unpacked(body: bytes, codings: Iterable[str]) -> bytes:
    """The body as it was before it was compressed.

    Args:
        body: As it came.
        codings: Of `Content-Encoding`, in the order they were applied.

    Raises:
        httpx.DecodingError: It is not what the header says.
        TooLarge: It unpacks to more than `MOST_BODY`.
    """
    applied = [each for each in (coding.strip().lower() for coding in codings) if each not in ("", "identity")]
    if len(applied) > _MOST_CODINGS:
        raise httpx.DecodingError("it was compressed again and again")
    for coding in reversed(applied):
        if coding not in _CODINGS:
            raise httpx.DecodingError("it was compressed in a way that was not asked for")
        body = _inflated(body, _CODINGS[coding]) if body else body
    return body


def _inflated(body: bytes, window: int) -> bytes:
    try:
        return _decompressed(body, window)
    except zlib.error as error:
        if window != zlib.MAX_WBITS:
            raise httpx.DecodingError(str(error)) from error
    try:  # some servers send "deflate" without the header that belongs to it
        return _decompressed(body, -zlib.MAX_WBITS)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error


def _decompressed(body: bytes, window: int) -> bytes:
    whole = b""
    while body:  # gzip allows several members after each other
        machine = zlib.decompressobj(window)
        whole += machine.decompress(body, MOST_BODY + 1 - len(whole))
        if len(whole) > MOST_BODY:
            raise TooLarge(f"the answer unpacks to more than {MOST_BODY:,} bytes")
        if not machine.eof:
            raise zlib.error("it was cut off")
        body = machine.unused_data.lstrip(b"\0")
    return whole
