"""The result of a test of the connections as lines: missing permissions first."""

from __future__ import annotations

from collections.abc import Iterator

from cwtui.engine.reports import DoctorReport, Permission
from cwtui.tui.widgets.detail_pane import Line
from cwtui.tui.widgets.tone import Tone

_GRANTED = {True: "✓ granted", False: "✗ MISSING", None: "? not known"}
_TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.ATTENTION}


def doctor_lines(report: DoctorReport) -> Iterator[Line]:
    """What is missing, both services, then the rest of the table of reconciling.md#permissions."""
    missing = [permission for permission in report.permissions if permission.granted is False]
    if missing:
        yield Line(missing_words(report), Tone.BAD)
        yield from (Line(_row(permission), Tone.BAD) for permission in missing)
        yield Line("Give them to the security role of the API member.")
        yield Line("")
    yield Line("Connections", Tone.HEADING)
    for service in report.services:
        version = f" {service.version}" if service.version else ""
        tone = Tone.GOOD if service.ok else Tone.BAD
        yield Line(f"{'✓' if service.ok else '✗'} {service.title}{version}: {service.message}", tone)
    yield Line("")
    yield Line("Permissions of the API member", Tone.HEADING)
    if all(permission.granted for permission in report.permissions):
        yield Line("All granted.", Tone.GOOD)
    for permission in report.permissions:
        if permission.granted is not False:
            yield Line(_row(permission), _TONES[permission.granted])


def missing_words(report: DoctorReport) -> str:
    """`2 permissions are missing`; empty if none is."""
    count = sum(permission.granted is False for permission in report.permissions)
    if not count:
        return ""
    return "1 permission is missing" if count == 1 else f"{count} permissions are missing"


def _row(permission: Permission) -> str:
    return f"{_GRANTED[permission.granted]:<12}{permission.module}: {permission.permission}, {permission.level}"
