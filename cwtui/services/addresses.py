"""Checks the address of a service, and finds the proxy to it."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import httpx

from cwtui.domain.errors import ConfigError

_LONGEST_LABEL = 63
_PROXY_SCHEMES = {"http", "https"}


def checked_url(base_url: str, service: str, setting: str = "base_url") -> str:
    """The URL without its closing slash.

    Args:
        base_url: As it was set.
        service: As errors name it.
        setting: As errors name it.

    Raises:
        ConfigError: If it is not https, nor http on a loopback address (settings.md), or carries a password or query.
    """
    next_step = f"Set `{setting}` of the {service} to an address that begins with https://."
    try:
        url = httpx.URL(base_url.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigError(f"The address of the {service} ({setting}) is not a URL.", next_step=next_step) from error
    if not url.host or url.userinfo or url.query or url.fragment:
        raise ConfigError(f"The address of the {service} ({setting}) is not a plain address.", next_step=next_step)
    if not is_host_name(url.raw_host.decode("ascii")):
        raise ConfigError(f"The address of the {service} ({setting}) names no possible host.", next_step=next_step)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise ConfigError(
            f"The address of the {service} ({setting}) would send its credentials unencrypted.", next_step=next_step
        )
    return str(url).rstrip("/")


def is_host_name(host: str) -> bool:
    """Whether a name could be looked up: no empty part, as in `a..example`, and none beyond 63 letters."""
    if ":" in host:  # the address of IP version 6
        return True
    return all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split("."))


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_to(url: httpx.URL) -> httpx.URL | None:
    """The proxy that the environment names for an address; plain http is this machine's loopback, which needs none.

    Raises:
        ConfigError: It is not an HTTP proxy.
    """
    if url.scheme == "http" or proxy_bypass(url.host):
        return None
    named = getproxies()
    text = named.get(url.scheme) or named.get("all")
    if text is None:
        return None
    try:
        proxy = httpx.URL(text if "://" in text else f"http://{text}")
    except (httpx.InvalidURL, UnicodeError):
        proxy = httpx.URL("")
    if proxy.scheme not in _PROXY_SCHEMES or not is_host_name(proxy.raw_host.decode("ascii") or "."):
        raise ConfigError(
            "The environment names a proxy that cwtui cannot use (HTTPS_PROXY or ALL_PROXY).",
            next_step="Name one that begins with http:// or https://, or list the services in NO_PROXY.",
        )
    return proxy
