"""Learns from refusals which parts of the contract a ConnectWise server does not know (settings.md#versions)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cwtui.domain.errors import Refused

_UNVERSIONED = "application/json"
_NOT_ACCEPTED = {406, 415}
_BAD_REQUEST = 400
_ID = re.compile(r"/\d+(?=/|$)")


class Edition:
    """Leaves out of requests what a server refused before, so that each refusal costs one request a session.

    Attributes:
        offers: The version of its newest records, as its answers name it; empty before the first answer.
    """

    def __init__(self, version: str) -> None:
        """Take the version to ask for; empty asks for whatever is newest."""
        self.offers = ""
        self._version = version
        self._unknown: dict[str, set[str]] = {}
        self._whole: set[str] = set()

    @property
    def accept(self) -> str:
        """The `Accept` header."""
        return f"application/vnd.connectwise.com+json; version={self._version}" if self._version else _UNVERSIONED

    def known(self, path: str, query: Mapping[str, str]) -> dict[str, str]:
        """The query without the fields that this server does not know there."""
        fields = query.get("fields")
        if not fields:
            return dict(query)
        kind = _kind(path)
        unknown = self._unknown.get(kind, set())
        left = [] if kind in self._whole else [name for name in fields.split(",") if name not in unknown]
        rest = {name: value for name, value in query.items() if name != "fields"}
        return rest | ({"fields": ",".join(left)} if left else {})

    def learn(self, path: str, query: Mapping[str, str], refusal: Refused) -> bool:
        """Note what a server does not know; True if asking again makes sense.

        A refusal that names no field that was asked for may still be about one: then the whole record is asked for.
        """
        if self._version and _is_about_version(refusal):
            self._version = ""
            return True
        fields = query.get("fields", "")
        if refusal.status != _BAD_REQUEST or not fields:
            return False
        named = _named(fields.split(","), refusal.happened)
        if named:
            self._unknown.setdefault(_kind(path), set()).update(named)
        else:
            self._whole.add(_kind(path))
        return True

    def forget(self, path: str) -> None:
        """The refusal was about something else: the whole record was refused too."""
        self._whole.discard(_kind(path))

    def asks_whole(self, path: str) -> bool:
        """Whole records are asked for there."""
        return _kind(path) in self._whole

    @property
    def server_remarks(self) -> str:
        """Sentences on the version that the server offers and the fields that it does not know."""
        parts = [f"It offers version {self.offers}."] if self.offers else []
        left_out = sorted({name for names in self._unknown.values() for name in names})
        if left_out:
            parts.append(f"It does not know {', '.join(left_out)}: that is left out.")
        return " ".join(parts)


def _kind(path: str) -> str:
    return _ID.sub("/#", path.partition("?")[0])


def _is_about_version(refusal: Refused) -> bool:
    words = f"{refusal.code or ''} {refusal.happened}".lower()
    return refusal.status in _NOT_ACCEPTED or (refusal.status == _BAD_REQUEST and "version" in words)


def _named(fields: list[str], words: str) -> list[str]:
    """The fields that a refusal names: by their whole name, else by the last part of it."""
    said = words.partition(": ")[2] or words
    whole = [name for name in fields if _is_in(name, said)]
    return whole or [name for name in fields if "/" in name and _is_in(name.rpartition("/")[2], said)]


def _is_in(name: str, words: str) -> bool:
    return re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", words, re.IGNORECASE) is not None
