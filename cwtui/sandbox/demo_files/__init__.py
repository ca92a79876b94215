"""The partner-portal files that fit the seeded Intermedia partner."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from cwtui.domain.errors import InputError

FOLDER = Path(__file__).parent
"""Where they are; a demo reads them from here."""
NAMES = ("accounts.csv", "sku_sheet.csv", "billing_report.csv", "billing_report_next.csv")


def copy_demo_files(folder: Path) -> Sequence[Path]:
    """Write the demo's files into a folder, which is made; a file that is there already is never overwritten.

    Raises:
        InputError: One is there already, or the folder cannot be written.
    """
    targets = [folder / name for name in NAMES]
    if there := [str(target) for target in targets if target.exists()]:
        raise InputError(f"There is {', '.join(there)} already.", next_step="Name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target in targets:
            target.write_bytes(files(__package__).joinpath(target.name).read_bytes())
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written: {error.strerror}.", next_step="Name another folder."
        ) from error
    return targets
