"""What is known about a copy: the terminal is asked to take it (OSC 52), and never answers."""

from __future__ import annotations

from collections.abc import Mapping

_LIMIT = 74_994
"""Bytes that xterm and those who followed it take; what is longer is dropped whole."""


def copied_words(text: str, environment: Mapping[str, str]) -> str:
    """The message after a copy: what was sent where, and what may keep it from arriving.

    Args:
        text: What was copied.
        environment: `os.environ`, or what a test puts in its place.
    """
    lines = text.count("\n") + 1
    said = f"{lines:,} line{'' if lines == 1 else 's'} sent to the terminal's clipboard."
    if len(text.encode("utf-8", "replace")) > _LIMIT:
        said += " It is long: many terminals drop a copy of this size."
    if environment.get("TMUX"):
        return f"{said} tmux passes it on only with `set -g set-clipboard on`."
    if environment.get("STY"):
        return f"{said} GNU screen does not pass it on: select with the mouse instead, after ctrl+o releases it."
    if environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return f"{said} Apple's Terminal does not take it: select with the mouse instead, after ctrl+o releases it."
    return f"{said} A terminal that does not allow it says nothing: paste to see."
