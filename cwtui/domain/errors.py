"""The error tree: every message is three sentences (what happened, what was changed, what to do next)."""

from __future__ import annotations

from datetime import datetime

from cwtui.domain.remedies import Remedy

NOTHING_CHANGED = "Nothing was changed."


class CwtuiError(Exception):
    """Three sentences: what happened, what was and was not changed, what to do next.

    Attributes:
        remedy: What to do next as data, where each shell has a command or a key for it.
    """

    def __init__(self, happened: str, *, changed: str = NOTHING_CHANGED, next_step: str | Remedy) -> None:
        self.remedy = next_step if isinstance(next_step, Remedy) else None
        self.next_step = next_step.words if isinstance(next_step, Remedy) else next_step
        super().__init__(f"{happened} {changed} {self.next_step}")
        self.happened, self.changed = happened, changed


class ConfigError(CwtuiError):
    """Settings or arguments are wrong; no service was contacted."""


class InputError(CwtuiError):
    """Something the operator named or a file they gave is wrong."""


class FileUnfinished(InputError):
    """A file that could be written could not be finished: the disk is full or failed. It was named rightly."""


class StateError(CwtuiError):
    """The state file, its journal or its lock stands in the way."""


class StateLocked(StateError):
    """Another process keeps what is needed for longer than one waits; the message says which."""


class StateReadOnly(StateError):
    """This user may not write the state."""


class Outdated(StateError):
    """A change was based on what somebody else changed meanwhile; nothing of it is kept.

    Attributes:
        what: The thing that was changed, as a sentence begins with it.
        who: Who changed it; empty where that is not known.
        at: When, in ISO 8601 and UTC; empty where that is not known.
    """

    def __init__(self, what: str, *, who: str = "", at: str = "") -> None:
        by = f"somebody else ({who})" if who else "somebody else"
        moment = f" at {at[:19].replace('T', ' ')} UTC" if at else ""
        super().__init__(
            f"{what} was changed by {by}{moment}.",
            changed="Nothing of this change was kept.",
            next_step="Look at it as it is now, then decide again.",
        )
        self.what, self.who, self.at = what, who, at


class GuardError(CwtuiError):
    """A guard rule stopped the run (plans.md#guards)."""


class ServiceError(CwtuiError):
    """A service did not do what was asked.

    Attributes:
        service: `marketplace` or `PSA`.
        status: The HTTP status, or None when there was no answer.
        code: The service's own error code, if it gave one.
    """

    def __init__(
        self,
        happened: str,
        *,
        service: str,
        status: int | None = None,
        code: str | None = None,
        changed: str = NOTHING_CHANGED,
        next_step: str | Remedy,
    ) -> None:
        super().__init__(happened, changed=changed, next_step=next_step)
        self.service, self.status, self.code = service, status, code


class Transient(ServiceError):
    """The service was unreachable, busy or broken, and stayed so through every retry."""


class CheckCutOff(ServiceError):
    """A check of changes ended before it had read everything; what it read is kept (check.md#a-check-resumes)."""


class QuotaReached(Transient):
    """The service grants so many requests in an hour or a day, and they are used up; it said when it goes on.

    Attributes:
        goes_on_at: From then on it takes requests again, in UTC.
    """

    def __init__(
        self, happened: str, *, service: str, status: int, code: str | None, changed: str, goes_on_at: datetime
    ) -> None:
        moment = goes_on_at.strftime("%Y-%m-%d %H:%M")
        super().__init__(
            happened,
            service=service,
            status=status,
            code=code,
            changed=changed,
            next_step=f"It takes requests again at {moment} UTC: try again then.",
        )
        self.goes_on_at = goes_on_at


class Stopped(Transient):
    """The program was asked to end while it waited for this service."""


class AccessDenied(ServiceError):
    """The credentials or the permissions are not enough (401, 403): the run stops."""


class Refused(ServiceError):
    """The service understood and said no (other 4xx): this task fails, with the service's own words."""


class NotFound(Refused):
    """The service knows no such record (404)."""


class Unreadable(ServiceError):
    """The answer is not what the contract promises (HTML, an unreadable amount, a missing id)."""


class OutcomeUnknown(ServiceError):
    """A create was sent and no answer says whether it happened: look before repeating.

    Rule: synchronising.md#exactly-once.
    """
