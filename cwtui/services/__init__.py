"""The clients of the marketplace and of ConnectWise."""

from __future__ import annotations

import sys

# httpx loads its command line, with rich and pygments, wherever they are installed: half of its start. With None in
# their place Python finds no such module, and httpx provides for that.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # typeshed knows modules only
