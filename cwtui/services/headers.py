"""The headers of every request, and a check that each can be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx

from cwtui.domain.errors import ConfigError

STANDARD_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
    "User-Agent": f"python-httpx/{httpx.__version__}",
}
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?|")


def refuse_impossible(headers: Mapping[str, str], service: str) -> None:
    """Refuse a setting that no header can carry.

    Raises:
        ConfigError: Its words name the header, never its value.
    """
    for name, value in headers.items():
        if not _VALUE.fullmatch(value):
            raise ConfigError(
                f"A setting of the {service} cannot be sent: the header {name} takes letters, digits and signs of"
                " ASCII only.",
                next_step="Type it again: a dash or a quote may have been changed by what it was copied through.",
            )
