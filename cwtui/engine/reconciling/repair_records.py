"""Repairs as the state keeps them: JSON-shaped, every number as exact text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, ProductId, SubscriptionId
from cwtui.domain.psa import Addition, AdditionValues, BillCustomer
from cwtui.domain.reconciliation import WantedProduct
from cwtui.domain.repairs import Extra, Repair, Target

Record = dict[str, Any]


def repair_record(repair: Repair) -> Record:
    """A repair as a fact of the state."""
    return {
        "agreement": repair.agreement_id,
        "subscription": repair.subscription_id,
        "day": repair.day.isoformat(),
        "targets": [
            {
                "wanted": _wanted_record(target.wanted),
                "holds": [_addition_record(held) for held in target.holds],
                "beside": [_addition_record(held) for held in target.beside],
            }
            for target in repair.targets
        ],
        "extras": [
            {"product": extra.product_id, "addition": _addition_record(extra.addition)} for extra in repair.extras
        ],
    }


def repair_value(record: Mapping[str, Any]) -> Repair:
    """The repair a fact tells of."""
    agreement = AgreementId(int(record["agreement"]))
    return Repair(
        agreement_id=agreement,
        subscription_id=SubscriptionId(record["subscription"]),
        day=date.fromisoformat(record["day"]),
        targets=tuple(
            Target(
                _wanted(row["wanted"]),
                tuple(_addition(held, agreement) for held in row["holds"]),
                tuple(_addition(held, agreement) for held in row.get("beside", ())),
            )
            for row in record["targets"]
        ),
        extras=tuple(
            Extra(_addition(row["addition"], agreement), ProductId(row["product"])) for row in record["extras"]
        ),
    )


def _wanted_record(wanted: WantedProduct) -> Record:
    return {
        "subscription": wanted.subscription_id,
        "product": wanted.product_id,
        "name": wanted.name,
        "quantity": str(wanted.quantity),
        "price": _text(wanted.price),
        "cost": _text(wanted.cost),
        "item": wanted.catalog_item_id,
        "blocked": wanted.blocked,
    }


def _wanted(record: Mapping[str, Any]) -> WantedProduct:
    item = record["item"]
    return WantedProduct(
        SubscriptionId(record["subscription"]),
        ProductId(record["product"]),
        record["name"],
        Decimal(record["quantity"]),
        _amount(record["price"]),
        _amount(record["cost"]),
        None if item is None else CatalogItemId(int(item)),
        record["blocked"],
    )


def _addition_record(addition: Addition) -> Record:
    values = addition.values
    return {
        "id": addition.id,
        "catalog_item": addition.catalog_item,
        "item": values.catalog_item_id,
        "quantity": str(values.quantity),
        "price": str(values.unit_price),
        "cost": str(values.unit_cost),
        "effective": values.effective.isoformat(),
        "cancelled": values.cancelled.isoformat() if values.cancelled else None,
        "bill": values.bill.value,
        "taxable": values.taxable,
        "description": values.description,
    }


def _addition(record: Mapping[str, Any], agreement: AgreementId) -> Addition:
    ended = record["cancelled"]
    values = AdditionValues(
        catalog_item_id=CatalogItemId(int(record["item"])),
        quantity=Decimal(record["quantity"]),
        unit_price=Decimal(record["price"]),
        unit_cost=Decimal(record["cost"]),
        effective=date.fromisoformat(record["effective"]),
        cancelled=date.fromisoformat(ended) if ended else None,
        bill=BillCustomer(record["bill"]),
        taxable=bool(record["taxable"]),
        description=record["description"],
    )
    return Addition(AdditionId(int(record["id"])), agreement, values, record["catalog_item"])


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
