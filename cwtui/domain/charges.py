"""What an order line bills (plans.md#charges)."""

from __future__ import annotations

from enum import StrEnum


class Charge(StrEnum):
    """The charges of plans.md#charges, plus `credit`, which a refund line bills with a negative price."""

    SETUP = "setup"
    RECURRING = "recurring"
    PRORATED = "prorated"
    OVERUSE = "overuse"
    CANCELLATION = "cancellation"
    CREDIT = "credit"
    USAGE = "usage"
    OTHER = "other"


_BY_LINE_TYPE = {
    "setup": Charge.SETUP,
    "recurring": Charge.RECURRING,
    "renew": Charge.RECURRING,
    "overuse": Charge.OVERUSE,
    "cancellation": Charge.CANCELLATION,
    "recurringRefund": Charge.CREDIT,
    "downgrade": Charge.CREDIT,
    "setupRefund": Charge.CREDIT,
    "billRecord": Charge.USAGE,
    "transfer": Charge.OTHER,
    "handlingFee": Charge.OTHER,
    "switch": Charge.OTHER,
    "nonProvisioningItem": Charge.OTHER,
    "adjustment": Charge.OTHER,
    "discount": Charge.OTHER,
}


def charge_of(line_type: str) -> Charge | None:
    """The charge of a line type; None is `unknown_charge_type` if the line has an amount (plans.md#charges)."""
    return _BY_LINE_TYPE.get(line_type)
