"""Service addresses: https, or plain http to this machine only (settings.md#loopback-only-without-tls)."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_API_PATH = "/apis/3.0"
_CLOUD_PATH = "/v4_6_release/apis/3.0"


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


def connectwise_api_url(base_url: str) -> str:
    """The address of the REST API 3.0: as given if it ends in `/apis/3.0`, else below `/v4_6_release`.

    Rule: settings.md#base-addresses.
    """
    return base_url if not base_url or base_url.endswith(_API_PATH) else base_url + _CLOUD_PATH
