"""What gets invoiced: ConnectWise's companies, agreements, additions, catalog items and invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from cwtui.domain.ids import AdditionId, AgreementId, CatalogItemId, CompanyId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Address
from cwtui.domain.money import is_rounding
from cwtui.domain.periods import ONE_DAY, BillingCalendar, BillingCycle


@dataclass(frozen=True, slots=True)
class Company:
    """A ConnectWise company."""

    id: CompanyId
    identifier: str
    name: str
    address: Address = Address()
    phone: str = ""
    website: str = ""
    account_number: str = ""
    default_contact_id: int | None = None
    is_deleted: bool = False
    status: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A ConnectWise contact, as far as an import needs it."""

    id: int
    company_id: CompanyId | None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


class BillCustomer(StrEnum):
    """What an addition does to the customer's invoice."""

    BILLABLE = "Billable"
    NO_CHARGE = "NoCharge"
    DO_NOT_BILL = "DoNotBill"


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to create in a company, as its default one; empty texts are left out."""

    company_id: CompanyId
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A ConnectWise agreement.

    Attributes:
        cycle: None if it names none.
        is_calendar_year: `invoicingCycle` is `CalendarYear`.
        prorates: ConnectWise prorates additions by itself (`prorateFlag`).
        currency: ISO code, or empty when the agreement names none.
        next_invoice: First day that is not billed yet, if ConnectWise says.
        is_inactive: Not Active, or cancelled.
        parent_id: The agreement it is invoiced with, if it is a child.
    """

    id: AgreementId
    name: str
    company_id: CompanyId
    type_name: str = ""
    cycle: BillingCycle | None = None
    is_calendar_year: bool = False
    start: date | None = None
    end: date | None = None
    bill_start: date | None = None
    next_invoice: date | None = None
    prorates: bool = False
    currency: str = ""
    status: str = "Active"
    is_cancelled: bool = False
    parent_id: AgreementId | None = None

    @property
    def is_inactive(self) -> bool:
        """Not Active, or cancelled (plans.md#problems)."""
        return self.is_cancelled or self.status != "Active"

    @property
    def first_billable(self) -> date | None:
        """`billStartDate`, else `startDate`: no addition may be dated earlier."""
        return self.bill_start or self.start

    @property
    def anchor(self) -> date | None:
        """A day on which a billing period starts (plans.md#billing-period)."""
        first = self.first_billable
        return date(first.year, 1, 1) if first is not None and self.is_calendar_year else first

    @property
    def bills_periods(self) -> bool:
        """It has a cycle and a date to count from."""
        is_recurring = self.cycle is not None and self.cycle is not BillingCycle.NOT_RECURRING
        return is_recurring and self.first_billable is not None

    def calendar(self) -> BillingCalendar | None:
        """Its billing periods (plans.md#billing-period); None when it has no cycle or no date to count from."""
        anchor = self.anchor
        if self.cycle is None or self.cycle is BillingCycle.NOT_RECURRING or anchor is None:
            return None
        return BillingCalendar(self.cycle, anchor)


@dataclass(frozen=True, slots=True)
class Invoice:
    """An agreement invoice; `day` is its date."""

    id: int
    agreement_id: AgreementId
    day: date


def billed_through(agreement: Agreement, latest_invoice: Invoice | None) -> date | None:
    """The last day that is already billed (plans.md#billed-through).

    Args:
        agreement: The agreement.
        latest_invoice: Its newest agreement invoice, needed only where `next_invoice` is unknown.

    Returns:
        None only if the agreement has no date at all to count from.
    """
    if agreement.next_invoice is not None:
        return agreement.next_invoice - ONE_DAY
    calendar = agreement.calendar()
    if latest_invoice is not None and calendar is not None:
        return calendar.period_of(latest_invoice.day).end
    return agreement.first_billable - ONE_DAY if agreement.first_billable else None


@dataclass(frozen=True, slots=True)
class AdditionValues:
    """What an addition bills: everything cwtui sends (plans.md#what-an-addition-carries).

    Attributes:
        quantity: Units.
        unit_price: Of one unit per billing period, in the agreement's currency; likewise `unit_cost`.
        effective: First billed day.
        cancelled: Last billed day, or None for a standing addition.
    """

    catalog_item_id: CatalogItemId
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    effective: date
    cancelled: date | None = None
    bill: BillCustomer = BillCustomer.BILLABLE
    taxable: bool = False
    description: str = ""

    def differences(self, other: AdditionValues) -> dict[str, tuple[object, object]]:
        """Fields that differ, by name: (mine, the other's)."""
        return {
            name: (mine, theirs)
            for name in self.__dataclass_fields__
            if (mine := getattr(self, name)) != (theirs := getattr(other, name))
        }

    def billing_differences(self, other: AdditionValues) -> dict[str, tuple[object, object]]:
        """Fields that differ and change what is billed; the description does not."""
        differences = self.differences(other)
        differences.pop("description", None)
        return differences

    def unexplained(self, kept: AdditionValues) -> dict[str, tuple[object, object]]:
        """Fields in which ConnectWise keeps something else than it was sent, and its own ways do not explain it.

        Its ways: fewer decimals (2 or more), other text, its own tax flag (synchronising.md#the-candidate).
        """
        differences = self.billing_differences(kept)
        differences.pop("taxable", None)
        for name, ours, theirs in (
            ("unit_price", self.unit_price, kept.unit_price),
            ("unit_cost", self.unit_cost, kept.unit_cost),
        ):
            if name in differences and is_rounding(ours, theirs):
                del differences[name]
        return differences

    def ending(self, last_day: date) -> AdditionValues:
        """The same, ended after `last_day`. Spelt out: `replace` takes ten times as long, and plans end many."""
        return AdditionValues(
            self.catalog_item_id,
            self.quantity,
            self.unit_price,
            self.unit_cost,
            self.effective,
            last_day,
            self.bill,
            self.taxable,
            self.description,
        )


UNKNOWN_ITEM = CatalogItemId(0)
"""Stands for the catalog item of an addition that names none."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One billable line of an agreement, as ConnectWise holds it.

    Attributes:
        is_whole: ConnectWise named its quantity, price, cost and first day. What it left out stands as 0, and as a
            day before all others: such an addition bills nothing that could be compared.
    """

    id: AdditionId
    agreement_id: AgreementId
    values: AdditionValues
    catalog_item: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """A ConnectWise product-catalog entry.

    Attributes:
        is_priced: ConnectWise names its price and its cost; what it does not name stands as 0.
    """

    id: CatalogItemId
    identifier: str
    description: str = ""
    customer_description: str = ""
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    taxable: bool = False
    is_inactive: bool = False
    manufacturer_part_number: str = ""
    vendor_sku: str = ""
    product_class: str = ""
    category: str = ""
    is_priced: bool = True

    @property
    def is_bundle(self) -> bool:
        """ConnectWise refuses an addition of it (plans.md#refused-in-the-plan)."""
        return self.product_class == "Bundle"


@dataclass(frozen=True, slots=True)
class NewCatalogItem:
    """What ConnectWise needs to create a catalog item ("Add and map", Intermedia's export)."""

    identifier: str
    description: str
    customer_description: str
    subcategory_id: int
    type_id: int
    category_id: int | None = None
    unit_of_measure_id: int | None = None
    product_class: str = "Agreement"
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    taxable: bool = False
    manufacturer_part_number: str = ""
    billing_cycle_id: int | None = None
    is_one_time: bool = False


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A row of one of ConnectWise's setup tables; `parent_id` is a sub-category's category."""

    id: int
    name: str
    parent_id: int | None = None
    is_inactive: bool = False
