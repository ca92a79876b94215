"""Service addresses: https, or plain http to this machine only (settings.md#loopback-only-without-tls)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_LONGEST_LABEL = 63


def checked_url(value: object) -> str:
    """An address without its closing slash; empty stays empty.

    Raises:
        ValueError: For anything but https, or http to a loopback address, and for an address that carries a user
            name, a password, a query or a fragment. The message never repeats the address: it may hold a secret.
    """
    if not isinstance(value, str):
        raise ValueError("it is not a text")
    text = value.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("it is not a web address") from error
    if parts.scheme not in {"https", "http"} or not host or any(char.isspace() for char in text):
        raise ValueError("it is not a web address that begins with https://")
    if not _is_possible(host):
        raise ValueError("it names no possible host: a dot too many, or a part that is too long")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http:// would send the credentials unencrypted")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it carries a user name, a query or a fragment")
    return text.rstrip("/?#")


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_possible(host: str) -> bool:
    """Whether a name could be looked up: no part of it is empty or too long."""
    if ":" in host:  # the address of IP version 6
        return True
    try:
        known = host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return all(0 < len(label) <= _LONGEST_LABEL for label in known.removesuffix(".").split("."))


def sendable(value: object) -> object:
    """A text that is sent in a header.

    Raises:
        ValueError: It holds what no header takes; the message never repeats it.
    """
    if isinstance(value, str) and not all(" " <= char <= "~" for char in value.strip()):
        raise ValueError("it holds a character that cannot be sent, such as a dash or a quote changed by copying")
    return value
