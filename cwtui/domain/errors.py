"""The error tree: every message is three sentences (what happened, what was changed, what to do next)."""

from __future__ import annotations

NOTHING_CHANGED = "Nothing was changed."


class CwtuiError(Exception):
    """Three sentences: what happened, what was and was not changed, what to do next."""

    def __init__(self, happened: str, *, changed: str = NOTHING_CHANGED, next_step: str) -> None:
        super().__init__(f"{happened} {changed} {next_step}")
        self.happened, self.changed, self.next_step = happened, changed, next_step


class ConfigError(CwtuiError):
    """Settings or arguments are wrong; no service was contacted."""


class InputError(CwtuiError):
    """Something the operator named or a file they gave is wrong."""


class StateError(CwtuiError):
    """The state file, its journal or its lock stands in the way."""


class StateLocked(StateError):
    """Another process works on this state file; the message says which."""


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
        next_step: str,
    ) -> None:
        super().__init__(happened, changed=changed, next_step=next_step)
        self.service, self.status, self.code = service, status, code


class Transient(ServiceError):
    """The service was unreachable, busy or broken, and stayed so through every retry."""


class CheckCutOff(ServiceError):
    """A check of changes ended before it had read everything; what it read is kept (check.md#a-check-resumes)."""


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
