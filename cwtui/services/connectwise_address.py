"""The address of ConnectWise's REST API, made from any form in which people know it (settings.md#base-addresses)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

_API_PATH = "/apis/3.0"
_CODEBASE = "/v4_6_release"
_CLOUD = re.compile(r"(?:api-)?(?P<site>[a-z0-9-]+)\.(?P<domain>myconnectwise\.net|connectwisedev\.com)", re.IGNORECASE)
_API = re.compile(r"(?P<before>.*?)/apis(?:/3\.0)?(?:/.*)?", re.IGNORECASE)
_CODEBASES = re.compile(r"(?P<base>.*?/v[0-9]+_[0-9a-z_]+)(?:/.*)?", re.IGNORECASE)
_PAGE = re.compile(r"/[^/]*\.(?:aspx|html?|rails)$", re.IGNORECASE)


def api_url(base_url: str) -> str:
    """The address of the API, without a closing slash; empty stays empty.

    A whole address with `/apis/3.0` is taken up to there, one with `/v4_6_release` up to that and completed, and
    anything else gets both: the address of a page, as a browser shows it, will do. The log-in address of a cloud region
    means its API host.
    """
    plain = base_url.strip().rstrip("/")
    if not plain:
        return ""
    parts = urlsplit(plain)
    path = parts.path.rstrip("/")
    if api := _API.fullmatch(path):
        path = api["before"]
    elif codebase := _CODEBASES.fullmatch(path):
        path = codebase["base"]
    else:
        prefix = "" if _CLOUD.fullmatch(parts.netloc) else _PAGE.sub("", path)
        path = prefix + _CODEBASE
    return urlunsplit((parts.scheme, _api_host(parts.netloc), path + _API_PATH, "", ""))


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
