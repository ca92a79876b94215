"""What a test of the connections found, as lines to read: what is missing first, in words."""

from __future__ import annotations

from collections.abc import Iterator

from cwtui.engine.reports import DoctorReport, Permission
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone

_GRANTED = {True: "✓ granted", False: "✗ MISSING", None: "? not known"}
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.ATTENTION}


def doctor_lines(report: DoctorReport) -> Iterator[Line]:
    """Both services, then the table of reconciling.md#permissions."""
    yield Line("Connections", Tone.HEADING)
    for service in report.services:
        version = f" {service.version}" if service.version else ""
        tone = Tone.GOOD if service.ok else Tone.BAD
        yield Line(f"{'✓' if service.ok else '✗'} {service.name}{version}: {service.message}", tone)
    missing = [permission for permission in report.permissions if permission.granted is False]
    yield Line("")
    yield Line("Permissions of the API member", Tone.HEADING)
    if missing:
        yield Line(f"{len(missing)} missing: give them to the security role of the API member.", Tone.BAD)
    elif all(permission.granted for permission in report.permissions):
        yield Line("All granted.", Tone.GOOD)
    for permission in report.permissions:
        yield Line(_row(permission), _TONES[permission.granted])


def _row(permission: Permission) -> str:
    return f"{_GRANTED[permission.granted]:<12}{permission.module}: {permission.permission}, {permission.level}"
