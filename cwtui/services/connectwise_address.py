"""The address of ConnectWise's REST API, made from any form in which people know it (settings.md#base-addresses)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_API_PATH = "/apis/3.0"
_CODEBASE = "/v4_6_release"
_CLOUD = re.compile(r"(?:api-)?(?P<site>[a-z0-9-]+)\.(?P<domain>myconnectwise\.net|connectwisedev\.com)", re.IGNORECASE)
_LAST_CODEBASE = re.compile(r"/v[0-9]+_[0-9a-z_]+$", re.IGNORECASE)


def api_url(base_url: str) -> str:
    """The address of the API, without a closing slash; empty stays empty.

    A whole address that ends in `/apis/3.0` is taken as it is, `…/v4_6_release` is completed, and anything else gets
    both. The log-in address of a cloud region means its API host.
    """
    plain = base_url.strip().rstrip("/")
    if not plain:
        return ""
    parts = urlsplit(plain)
    path = parts.path.rstrip("/")
    if path.lower().endswith(_API_PATH):
        path = path[: -len(_API_PATH)] + _API_PATH
    elif path.lower().endswith("/apis"):
        path += "/3.0"
    else:
        path = (path if _LAST_CODEBASE.search(path) else path + _CODEBASE) + _API_PATH
    return urlunsplit((parts.scheme, _api_host(parts.netloc), path, "", ""))


def site_url(base_url: str) -> str:
    """The address people log in to, which also tells a company's codebase."""
    parts = urlsplit(base_url.strip())
    cloud = _CLOUD.fullmatch(parts.netloc)
    host = f"{cloud['site']}.{cloud['domain']}".lower() if cloud else parts.netloc
    return urlunsplit((parts.scheme, host, "", "", ""))


def address_remark(base_url: str) -> str:
    """A sentence if cwtui asks another host than was set; empty if it is the same."""
    was, now = urlsplit(base_url.strip()).netloc, urlsplit(api_url(base_url)).netloc
    if was == now:
        return ""
    return f"{was} is the address to log in; its API answers at https://{now}, which is used."


def _api_host(host: str) -> str:
    cloud = _CLOUD.fullmatch(host)
    return f"api-{cloud['site']}.{cloud['domain']}".lower() if cloud else host
