"""An error as the operator reads it: three sentences, one a line, and the exit status they mean.

Rule: commands.md#exit-statuses.
"""

from __future__ import annotations

from cwtui.cli.exit_status import ExitStatus
from cwtui.cli.problems import command_for
from cwtui.domain.errors import ConfigError, CwtuiError, FileUnfinished, InputError
from cwtui.domain.plain_text import plain_text


def sentences(error: CwtuiError) -> str:
    """What happened, what was and was not changed, what to do next."""
    next_step = command_for(error.remedy) if error.remedy else error.next_step
    happened, changed, next_step = map(plain_text, (error.happened, error.changed, next_step))
    return f"Error: {happened}\n{changed}\n{next_step}"


def exit_status_of(error: CwtuiError) -> ExitStatus:
    """Wrong usage, settings and files are 2; everything that failed while running is 1."""
    if isinstance(error, FileUnfinished):
        return ExitStatus.FAILED
    return ExitStatus.USAGE if isinstance(error, ConfigError | InputError) else ExitStatus.FAILED
