"""A story long enough to be disturbed: creates, updates and deletes over several agreements, in two chapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.end_to_end.reseller import CUSTOMER, MAIL, Reseller, reseller_in
from tests.end_to_end.running import Billed, Cwtui, Sandbox

AGREEMENTS, EACH = 6, 4
DAYS = ("2026-11-23", "2026-12-06")
"""The day of each chapter."""
ENDS_AS = (0, 3)
"""The exit status of each chapter: the second one is written with warnings that wait for a person."""


def subscriptions() -> Iterator[tuple[str, int, int]]:
    """Name, number of its agreement, seats. Two of each agreement are alike to the last detail."""
    for agreement in range(AGREEMENTS):
        for number in range(EACH):
            yield f"S{agreement}{number}", agreement, 10 + number // 2


def begin(sandbox: Sandbox, cwtui: Cwtui, **prices: str) -> tuple[Reseller, list[int]]:
    """The first chapter: every subscription is there, nothing is billed."""
    reseller = reseller_in(sandbox, **prices)
    agreements = [reseller.agreement, *(reseller.another_agreement() for _ in range(AGREEMENTS - 1))]
    for name, _, seats in subscriptions():
        reseller.subscribe(seats, name)
    cwtui.map(
        ("customer", CUSTOMER, "", reseller.company),
        ("product", MAIL, "", reseller.mail_item),
        *(("agreement", name, "", agreements[at]) for name, at, _ in subscriptions()),
    )
    return reseller, agreements


def go_on(reseller: Reseller, agreements: list[int]) -> None:
    """The second chapter: half the agreements were invoiced; every subscription changes or is cancelled."""
    for agreement in agreements[::2]:
        reseller.sandbox.call("advance_invoice", agreement_id=agreement, next_invoice_date="2027-01-01")
    for number, (name, _, seats) in enumerate(subscriptions()):
        order = f"3000{number:03}"
        if number % 4 == 3:
            reseller.order(order, "cancellation", [], subscription=name, created="2026-12-01")
        else:
            unexplained = number % 8 == 0  # one seat more than its order says, which is warned of
            reseller.hold(seats + 5 + unexplained, name)
            reseller.order(
                order, "change", [["recurring", MAIL, 5, reseller.price]], subscription=name, created="2026-12-05"
            )


def tell(sandbox: Sandbox, cwtui: Cwtui, **prices: str) -> list[Counter[Billed]]:
    """Both chapters, undisturbed; what the PSA holds after each."""
    reseller, agreements = begin(sandbox, cwtui, **prices)
    first = cwtui.auto(as_of=DAYS[0])
    assert first["synced"] == AGREEMENTS * EACH
    held = [Counter(sandbox.billed())]
    go_on(reseller, agreements)
    second = cwtui.auto(as_of=DAYS[1], status=ENDS_AS[1])
    assert second["synced"] == AGREEMENTS * EACH
    return [*held, Counter(sandbox.billed())]
