"""`cwtui --auto --all-profiles`: one profile after the other, one report, the worst exit status."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import click

from cwtui.cli.answer import answer, answer_json, tell
from cwtui.cli.auto import notify_of, today
from cwtui.cli.documents import report_document
from cwtui.cli.engine_access import open_engine, stoppable
from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.global_options import current_options
from cwtui.cli.progress import StderrListener
from cwtui.cli.refusal import exit_status_of, sentences
from cwtui.cli.run_text import report_text, status_of
from cwtui.domain.errors import ConfigError, CwtuiError, Stopped
from cwtui.domain.lazily import dataclass
from cwtui.domain.plain_text import plain_text
from cwtui.engine.facade import Engine
from cwtui.engine.reports import AutoReport
from cwtui.options import DEFAULT_PROFILE
from cwtui.settings.loading import profile_names
from cwtui.settings.model import ENV_PREFIX

_BETTER_TO_WORSE = (ExitStatus.DONE, ExitStatus.NEEDS_ACTION, ExitStatus.USAGE, ExitStatus.FAILED)
_CONNECTIONS = (f"{ENV_PREFIX}CONNECTWISE__", f"{ENV_PREFIX}MARKETPLACE__")


@dataclass(slots=True)
class _AtWork:
    """The engine of the profile whose turn it is."""

    engine: Engine | None = None

    def end(self) -> None:
        """End its work before its next write."""
        if self.engine is not None:
            self.engine.end()


@dataclass(frozen=True, slots=True)
class _Round:
    """How one profile's run ended; `report.errors` says what stopped it."""

    profile: str
    report: AutoReport
    status: ExitStatus


def run_all_profiles(*, every: timedelta | None, dry_run: bool) -> ExitStatus:
    """Run every profile once, or until a signal; the worst status of the last round."""
    if current_options().state is not None or current_options().demo or current_options().profile != DEFAULT_PROFILE:
        raise click.UsageError("--all-profiles does not go with --profile, --state and --demo.")
    names = profile_names(current_options().config)
    _refuse_shared_connections(names)
    return asyncio.run(_rounds(names, every=every, dry_run=dry_run))


async def _rounds(names: Sequence[str], *, every: timedelta | None, dry_run: bool) -> ExitStatus:
    loop, at_work = asyncio.get_running_loop(), _AtWork()
    with stoppable(at_work) as stop:
        while True:
            began = loop.time()
            rounds = [await _of_profile(name, at_work, stop, dry_run=dry_run) for name in names if not stop.is_set()]
            _answer(rounds)
            status = max((each.status for each in rounds), key=_BETTER_TO_WORSE.index, default=ExitStatus.DONE)
            if every is None or stop.is_set():
                return status
            gc.collect()  # free what the round used before the next one begins
            with suppress(TimeoutError):
                async with asyncio.timeout_at(max(began + every.total_seconds(), loop.time())):
                    await stop.wait()
                return status


async def _of_profile(name: str, at_work: _AtWork, stop: asyncio.Event, *, dry_run: bool) -> _Round:
    """One profile's run; an error in it does not stop the other profiles."""
    current_options().profile = name
    options = replace(current_options().options(), profile=name)
    try:
        with StderrListener() as listener:
            async with open_engine(options, listener) as engine:
                at_work.engine = engine
                return await _run(name, engine, stop, dry_run=dry_run)
    except CwtuiError as error:
        return _stopped(name, error, dry_run=dry_run)
    finally:
        at_work.engine = None


async def _run(name: str, engine: Engine, stop: asyncio.Event, *, dry_run: bool) -> _Round:
    try:
        report = await engine.auto(dry_run=dry_run)
    except CwtuiError as error:
        ended = _stopped(name, error, dry_run=dry_run)
        if not isinstance(error, Stopped):
            await notify_of(engine, ended.report, stop)
        return ended
    await notify_of(engine, report, stop)
    return _Round(name, report, status_of(report))


def _stopped(name: str, error: CwtuiError, *, dry_run: bool) -> _Round:
    tell(f"Profile {name}:\n{sentences(error)}")
    return _Round(name, AutoReport(today(), dry_run=dry_run, errors=(str(error),)), exit_status_of(error))


def _answer(rounds: Sequence[_Round]) -> None:
    if current_options().json:
        documents = [
            {"profile": each.profile, "status": int(each.status), **report_document(each.report)} for each in rounds
        ]
        answer_json({"profiles": documents})
        return
    for each in rounds:
        answer(f"Profile {plain_text(each.profile)}\n{report_text(each.report)}\n")
        for message in each.report.errors:
            answer(f"  {plain_text(message)}")


def _refuse_shared_connections(names: Sequence[str]) -> None:
    """Refuse connections from the environment: they are meant for one profile, and here all would use them."""
    shared = sorted(name for name, value in os.environ.items() if value and name.upper().startswith(_CONNECTIONS))
    if shared and len(names) > 1:
        raise ConfigError(
            f"{shared[0]} is set in the environment, and would connect every profile to the same service.",
            next_step="Unset it, and keep each profile's connections in the settings file or the keyring.",
        )
