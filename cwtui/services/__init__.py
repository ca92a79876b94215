"""The clients of the marketplace and of ConnectWise."""

from __future__ import annotations

import sys

# httpx loads its command line, and with it rich and pygments, wherever they happen to be installed, which is half of
# its start. With None there, Python says that there is no such module; httpx provides for that.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # typeshed knows modules only
