"""States of earlier versions, as files under `fixtures/`."""

from __future__ import annotations

import shutil
from pathlib import Path

from cwtui.store.files import beside

FIXTURES = Path(__file__).parent / "fixtures"


def laid_out(name: str, path: Path) -> Path:
    """The state of that name at a path, with the journal it may have."""
    shutil.copyfile(FIXTURES / f"{name}.json", path)
    journal = FIXTURES / f"{name}.journal"
    if journal.exists():
        shutil.copyfile(journal, beside(path, ".journal"))
    return path
