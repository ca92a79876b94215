"""What an operator can do about a problem, as data; a shell names its command or key (commands.md#words-for-people)."""

from __future__ import annotations

from enum import StrEnum

from cwtui.domain.lazily import dataclass


class Action(StrEnum):
    """What mends it, or where to look; `kind` and `target` of the remedy say what it is done to."""

    MAP = "map"
    FIND_MAPPING = "find_mapping"
    SEE_MAPPINGS = "see_mappings"
    EXPORT_MAPPINGS = "export_mappings"
    SEE_TASKS = "see_tasks"
    UNDO = "undo"
    SEE_RUNS = "see_runs"
    RECONCILE = "reconcile"
    SEE_DRIFT = "see_drift"
    SETTLE_DRIFT = "settle_drift"
    FORGET_LINK = "forget_link"
    ADOPT = "adopt"
    EXPLAIN = "explain"
    DIAGNOSE = "diagnose"
    TRY_LATER = "try_later"
    CHECK_CREDENTIALS = "check_credentials"
    SET_UP = "set_up"
    SET_UP_VENDOR = "set_up_vendor"
    RESOLVE = "resolve"
    SYNC_BY_NAME = "sync_by_name"


_WORDS = {
    Action.MAP: "Map it.",
    Action.FIND_MAPPING: "Look for the right one among the suggestions.",
    Action.SEE_MAPPINGS: "The list of mappings shows what there is.",
    Action.EXPORT_MAPPINGS: "Export the mappings to get such a file to start from.",
    Action.SEE_TASKS: "The list of tasks shows what there is.",
    Action.UNDO: "Undo a synced task to take it back.",
    Action.SEE_RUNS: "The list of runs shows what there is.",
    Action.RECONCILE: "Reconcile the customer.",
    Action.SEE_DRIFT: "Look for drift again.",
    Action.SETTLE_DRIFT: "Keep or adopt ConnectWise's values or restore cwtui's, then synchronise again.",
    Action.FORGET_LINK: "Adopt what ConnectWise holds, and it is forgotten.",
    Action.ADOPT: "Adopt it, or ask whoever made it in ConnectWise.",
    Action.EXPLAIN: "Adopt another addition, or look where this one comes from.",
    Action.DIAGNOSE: "Test the connections: that shows what answers and what is not permitted.",
    Action.TRY_LATER: "Try again later; test the connections to see whether it answers.",
    Action.CHECK_CREDENTIALS: "Check the credentials, then test the connections.",
    Action.RESOLVE: "Adopt the addition if this create made it, else let the create be sent again.",
    Action.SYNC_BY_NAME: "Synchronise it by name to write it again, or skip it.",
    Action.SET_UP: "Fill in what is missing in the settings.",
    Action.SET_UP_VENDOR: "Create the vendor's setup entries first.",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing an operator can do.

    Attributes:
        target: The id it is done to, as text; empty where there is none.
        kind: Of a mapping: `customer`, `product` or `agreement`.
    """

    action: Action
    target: str = ""
    kind: str = ""

    @property
    def words(self) -> str:
        """A sentence that names neither a command nor a key, for where no shell words it."""
        return _WORDS[self.action]
