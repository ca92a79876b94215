"""How the sandbox misbehaves: slow, throttled, failing before or after a write, forgetful of tokens."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from numbers import Number
from typing import Any, Literal, get_args

from cwtui.sandbox.keeping import Keeping

Kind = Literal["status", "html", "delay", "drop_token"]
When = Literal["before", "after"]
Service = Literal["marketplace", "psa", ""]
Permission = tuple[str, str, str]
"""Module, permission, level, as reconciling.md#doctor names them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour. Empty `service`, `method`, `path` fit every request; `path` is a part of the path.

    kind: `status` answers that status in the service's error shape, `html` answers it as an HTML page, `delay`
    waits `delay_s` (a client that has gone by then gets nothing done if `when` is `before`), `drop_token`
    makes the marketplace forget its tokens. `when` = `after` commits the write first. `times` = 0: always.
    """

    kind: Kind = "status"
    status: int = 500
    when: When = "before"
    retry_after: str = ""
    delay_s: float = 0
    service: Service = ""
    method: str = ""
    path: str = ""
    times: int = 1

    def __post_init__(self) -> None:
        """Refuse impossible values, which a JSON document may hold."""
        if self.kind not in get_args(Kind) or self.when not in get_args(When) or self.service not in get_args(Service):
            raise ValueError(f"{self} is not a fault the sandbox knows.")

    def fits(self, service: str, method: str, path: str) -> bool:
        """Whether this request is one it strikes."""
        return self.service in ("", service) and self.method in ("", method) and self.path in path


@dataclass(frozen=True, slots=True)
class Odds:
    """A fault that strikes at random: `probability` of every request it fits."""

    fault: Fault
    probability: float


_PLAIN = frozenset(
    {
        "latency_ms",
        "token_lifetime_s",
        "link_always",
        "orders_ripen",
        "psa_version",
        "needs_subscription_key",
        "oauth_in_form",
        "calls_per_minute",
        "calls_per_day",
        "day_s",
    }
)


@dataclass(slots=True)
class Behaviour:
    """The settings of a running sandbox.

    latency_ms: Waited before a request is handled.
    script: Faults in order; a request takes the first that fits it.
    odds: Faults at random, by a generator seeded with `seed`.
    lacks: Permissions that the PSA's API member does not have.
    token_lifetime_s: Of a marketplace token.
    link_always: Whether forward-only paging names a next page after every page with a record in it (as
        documented), or only after a full one.
    orders_ripen: Whether the seeded open orders complete from one check to the next, as a demo wants it; a test
        that compares runs does not.
    psa_version: The newest version that the PSA knows; one that is newer is refused.
    needs_subscription_key: Whether the marketplace's gateway asks for one.
    oauth_in_form: Whether OAuth's client is taken from the form only, not from the header.
    calls_per_minute, calls_per_day: What the marketplace's gateway grants; 0 is no limit.
    day_s: How long a day of the gateway is.
    unknown_fields: Names that an older PSA does not know in `fields`.
    keeping: How the PSA stores additions, and how it returns them.
    """

    latency_ms: float = 0
    script: deque[Fault] = field(default_factory=deque)
    odds: list[Odds] = field(default_factory=list)
    seed: int = 0
    lacks: set[Permission] = field(default_factory=set)
    token_lifetime_s: int = 1500
    link_always: bool = True
    orders_ripen: bool = False
    psa_version: str = "2026.4"
    unknown_fields: frozenset[str] = frozenset()
    needs_subscription_key: bool = True
    oauth_in_form: bool = False
    calls_per_minute: int = 0
    calls_per_day: int = 0
    day_s: float = 86_400
    keeping: Keeping = field(default_factory=Keeping)
    _random: random.Random = field(default_factory=lambda: random.Random(0), repr=False)  # noqa: S311  # not a secret

    def plan(self, *faults: Fault) -> None:
        """Append faults to the script."""
        self.script.extend(faults)

    def fault_for(self, service: str, method: str, path: str) -> Fault | None:
        """Take the fault that strikes this request, if one does."""
        for at, fault in enumerate(self.script):
            if fault.fits(service, method, path):
                if fault.times == 1:
                    del self.script[at]
                elif fault.times > 1:
                    self.script[at] = replace(fault, times=fault.times - 1)
                return fault
        for odds in self.odds:
            if odds.fault.fits(service, method, path) and self._random.random() < odds.probability:
                return odds.fault
        return None

    def change(self, changes: dict[str, Any]) -> None:
        """Set what a JSON document names; `script` and `odds` replace what was there.

        Raises:
            ValueError: If it names something else, a value of another kind, or a fault that cannot be read.
        """
        for name, value in changes.items():
            match name:
                case _ if name in _PLAIN:
                    setattr(self, name, _like(getattr(self, name), value, name))
                case "seed":
                    self.seed = int(value)
                    self._random = random.Random(self.seed)  # noqa: S311  # repeatable, not secret
                case "keeping":
                    self.keeping = Keeping().changed(value)
                case "lacks":
                    self.lacks = {(module, permission, level) for module, permission, level in value}
                case "unknown_fields":
                    self.unknown_fields = frozenset(value)
                case "script":
                    self.script = deque(_fault(each) for each in value)
                case "odds":
                    self.odds = [Odds(_fault(each["fault"]), float(each["probability"])) for each in value]
                case _:
                    raise ValueError(f"The sandbox has no behaviour called {name}.")


def _like(old: object, new: object, name: str) -> object:
    """The new value, if it is of the old one's kind."""
    kind = next(kind for kind in (bool, str, Number) if isinstance(old, kind))
    if not isinstance(new, kind) or (isinstance(new, bool) and kind is not bool):
        raise ValueError(f"{name} cannot be {new!r}")
    return new


def _fault(document: dict[str, Any]) -> Fault:
    try:
        return Fault(**{**document, "delay_s": float(document.get("delay_s", 0))})
    except TypeError as error:
        raise ValueError(f"{document} is not a fault: {error}.") from error


@dataclass(slots=True)
class RequestLog:
    """The requests to the sandbox: counts by service, method and path template, and the most at once.

    recent: The last requests as (service, method, path with query, status); status 0 while unanswered.
    peak: The most requests in flight at once, by service.
    peak_writes: The most writes in flight at once on one agreement.
    """

    counts: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    recent: deque[list[Any]] = field(default_factory=lambda: deque(maxlen=20_000))
    peak: Counter[str] = field(default_factory=Counter)
    peak_writes: int = 0
    _in_flight: Counter[str] = field(default_factory=Counter)

    def begin(self, service: str, method: str, path: str) -> list[Any]:
        """Note a request as it arrives; the entry goes back to `end`."""
        entry = [service, method, path, 0]
        self.recent.append(entry)
        self._in_flight[service] += 1
        self.peak[service] = max(self.peak[service], self._in_flight[service])
        return entry

    def end(self, entry: list[Any], template: str, status: int) -> None:
        """Note its answer, under the path as the contract writes it."""
        entry[3] = status
        self._in_flight[entry[0]] -= 1
        self.counts[f"{entry[0]} {entry[1]} {template}"] += 1
        self.statuses[str(status)] += 1

    def begin_write(self, agreement: str) -> None:
        """Note a write to an agreement's additions as it arrives."""
        self._in_flight[agreement] += 1
        self.peak_writes = max(self.peak_writes, self._in_flight[agreement])

    def end_write(self, agreement: str) -> None:
        """Note that it was answered."""
        self._in_flight[agreement] -= 1

    def total(self, beginning: str = "") -> int:
        """How many requests were answered whose `service METHOD template` begins so."""
        return sum(count for key, count in self.counts.items() if key.startswith(beginning))

    def clear(self) -> None:
        """Forget what was asked; what is in flight stays."""
        self.counts.clear()
        self.statuses.clear()
        self.recent.clear()
        self.peak.clear()
        self.peak_writes = 0

    def as_json(self) -> dict[str, Any]:
        """The log as the control endpoint answers it."""
        return {
            "total": self.total(),
            "counts": dict(self.counts),
            "statuses": dict(self.statuses),
            "peak": dict(self.peak),
            "peak_writes": self.peak_writes,
            "recent": _last(self.recent, 200),
        }


def _last(entries: Iterable[list[Any]], count: int) -> list[list[Any]]:
    return list(entries)[-count:]
