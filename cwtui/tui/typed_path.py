"""A file as people give it: typed, pasted in quotes, dragged onto the terminal."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_QUOTES = "'\""
_ESCAPED = re.compile(r"\\(?=[^A-Za-z0-9._-])")
"""A backslash that a shell or a file manager put before a space or a sign; Windows puts it between names."""


def typed_path(text: str) -> Path:
    """The path that is meant: without quotes around it, escapes in it, or `file://` before it."""
    path = text.strip()
    if len(path) > 1 and path[0] == path[-1] and path[0] in _QUOTES:
        path = path[1:-1]
    elif path.startswith("file://"):
        path = unquote(urlsplit(path).path)
    else:
        path = _ESCAPED.sub("", path)
    return Path(path).expanduser()
