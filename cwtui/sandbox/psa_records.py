"""Short ways to put companies, agreements, additions and the like into a world."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cwtui.sandbox.additions import complete_addition, compute_addition
from cwtui.sandbox.psa_references import reference
from cwtui.sandbox.records import Day, Records, moment
from cwtui.sandbox.table import Row


class PsaRecords(Records):
    """Adds to the PSA, whatever it would refuse. Prices are text; every helper answers the record as kept."""

    def add_company(
        self,
        name: str,
        *,
        identifier: str = "",
        contact: str = "Sam Carter",
        country: str = "United States",
        **fields: Any,
    ) -> Row:
        """A company with its main site and, unless `contact` is empty, a contact with an e-mail address and a phone."""
        code = identifier or "".join(letter for letter in name if letter.isalnum())[:25]
        nation = self.find("countries", "name", country) if country else None
        row: Row = {
            "identifier": code,
            "name": name,
            "status": {"id": 1, "name": "Active"},
            "addressLine1": "12 Market Street",
            "city": "Springfield",
            "state": "FL",
            "zip": "33602",
            "phoneNumber": "5550100",
            "types": [{"id": 1, "name": "Client"}],
            "deletedFlag": False,
            **({"country": reference("Country", nation)} if nation else {}),
            **fields,
        }
        row = self.add_psa("companies", {key: value for key, value in row.items() if value is not None})
        known = reference("Company", row)
        self.add_psa("sites", {"name": "Main", "primaryAddressFlag": True, "company": known}, parent=row["id"])
        if contact:
            self.add_contact(row["id"], contact)
        return row

    def add_contact(self, company_id: int, name: str, *, email: str | None = None, phone: str = "5550101") -> Row:
        """A contact of a company, its default one if it has none yet; empty texts leave a communication out."""
        company = self.psa["companies"].rows[company_id]
        first, _, last = name.partition(" ")
        address = f"{first}.{last}@{company['identifier']}.example".lower() if email is None else email
        row: Row = {
            "firstName": first,
            **({"lastName": last} if last else {}),
            "company": reference("Company", company),
            "inactiveFlag": False,
            "defaultFlag": "defaultContact" not in company,
            "communicationItems": [
                {"id": number, "type": {"id": number, "name": kind}, "value": value, "communicationType": kind}
                for number, (kind, value) in enumerate((("Email", address), ("Phone", phone)), start=1)
                if value
            ],
        }
        self.add_psa("contacts", row)
        if row["defaultFlag"]:
            company["defaultContact"] = reference("Contact", row)
        return row

    def add_agreement(
        self,
        company_id: int,
        *,
        name: str = "Cloud Services",
        id: int | None = None,  # noqa: A002  # the field's name
        cycle: str = "Monthly",
        currency: str = "EUR",
        start: Day | None = None,
        bill_start: Day | None = None,
        next_invoice: Day | None = None,
        prorate: bool = False,
        invoicing_cycle: str = "ContractYear",
        type: str = "Cloud Services",  # noqa: A002  # the field's name
        **fields: Any,
    ) -> Row:
        """An agreement of a company; `currency` may be empty, `next_invoice` left out."""
        company = self.psa["companies"].rows[company_id]
        begun = start or bill_start or self.today.replace(month=1, day=1)
        cycles = self.find("billing_cycles", "billingOptions", cycle)
        money = self.find("currencies", "currencyIdentifier", currency) if currency else None
        kind = self.find("agreement_types", "name", type)
        if cycles is None or kind is None:
            raise ValueError(f"There is no billing cycle {cycle}, or no agreement type {type}.")
        row: Row = {
            "id": id,
            "name": name,
            "type": reference("AgreementType", kind),
            "company": reference("Company", company),
            "contact": company.get("defaultContact", {"id": 0, "name": ""}),
            "startDate": moment(begun, "00:00:00Z"),
            "noEndingDateFlag": "endDate" not in fields,
            "cancelledFlag": False,
            "billingCycle": reference("BillingCycle", cycles),
            "invoicingCycle": invoicing_cycle,
            "billStartDate": moment(bill_start or begun, "00:00:00Z"),
            "prorateFlag": prorate,
            "employeeCompRate": "Actual",
            "billTime": "Billable",
            "billExpenses": "Billable",
            "billProducts": "Billable",
            "agreementStatus": "Active",
            **({"currency": reference("Currency", money)} if money else {}),
            **({"nextInvoiceDate": moment(next_invoice, "00:00:00Z")} if next_invoice else {}),
            **fields,
        }
        return self.add_psa("agreements", row)

    def add_catalog_item(
        self,
        identifier: str,
        description: str,
        *,
        id: int | None = None,  # noqa: A002  # the field's name
        price: str = "0",
        cost: str = "0",
        subcategory: int = 1,
        **fields: Any,
    ) -> Row:
        """A catalog item of class Agreement; `fields` are the PSA's (`manufacturerPartNumber`, `inactiveFlag`, …)."""
        sub = self.psa["subcategories"].rows[subcategory]
        row: Row = {
            "id": id,
            "identifier": identifier,
            "description": description[:60],
            "inactiveFlag": False,
            "subcategory": reference("ProductSubCategory", sub),
            "category": sub["category"],
            "type": {"id": 1, "name": "Cloud Subscription"},
            "productClass": "Agreement",
            "unitOfMeasure": {"id": 1, "name": "Unit"},
            "price": Decimal(price),
            "cost": Decimal(cost),
            "taxableFlag": True,
            "recurringFlag": False,
            "customerDescription": description,
            **fields,
        }
        return self.add_psa("catalog", row)

    def add_addition(
        self,
        agreement_id: int,
        catalog_item_id: int,
        quantity: Any = 1,
        price: str | None = None,
        *,
        effective: Day | None = None,
        cancelled: Day | None = None,
        cost: str | None = None,
        **fields: Any,
    ) -> Row:
        """An addition as an operator may have made it, whatever its date: nothing is refused here."""
        agreement = self.psa["agreements"].rows[agreement_id]
        row: Row = {
            "product": reference("IvItem", self.psa["catalog"].rows[catalog_item_id]),
            "quantity": quantity,
            "billCustomer": "Billable",
            "effectiveDate": moment(effective or agreement["billStartDate"], "00:00:00Z"),
            **({"cancelledDate": moment(cancelled, "00:00:00Z")} if cancelled else {}),
            **({"unitPrice": Decimal(price)} if price is not None else {}),
            **({"unitCost": Decimal(cost)} if cost is not None else {}),
            **fields,
        }
        complete_addition(self, agreement, row)
        compute_addition(self, agreement, row)
        return self.add_psa("additions", row, parent=agreement_id)

    def add_invoice(self, agreement_id: int, dated: Day, *, amount: str = "0") -> Row:
        """An agreement invoice of that date."""
        agreement = self.psa["agreements"].rows[agreement_id]
        row: Row = {
            "type": "Agreement",
            "company": agreement["company"],
            "agreement": reference("Agreement", agreement),
            "applyToType": "Agreement",
            "applyToId": agreement_id,
            "date": moment(dated, "00:00:00Z"),
            "agreementAmount": Decimal(amount),
            "total": Decimal(amount),
        }
        self.add_psa("invoices", row)
        row["invoiceNumber"] = f"INV{row['id']}"
        return row
