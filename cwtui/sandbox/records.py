"""The records of both simulated services, in memory, as the JSON they answer with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from cwtui.sandbox import exact_json
from cwtui.sandbox.table import RecordTable, Row

Day = date | str
"""A date, or its text: `2026-11-01`, or a whole timestamp where one is kept."""

DemoMapping = tuple[str, str, str, str]
"""kind, marketplace id, charge (empty: every charge), ConnectWise id."""

# Ids begin where they tell the tables apart at a glance.
FIRST_IDS = {"companies": 250, "contacts": 700, "agreements": 100, "catalog": 500, "invoices": 4000, "additions": 9000}

FORMAT = 1
MARKETPLACE_TABLES = ("customers", "subscriptions", "orders", "products", "plans")
PSA_TABLES = (
    "companies", "company_statuses", "company_types", "contacts", "countries",
    "agreements", "agreement_types", "billing_cycles", "currencies", "invoices",
    "catalog", "categories", "subcategories", "product_types", "units",
    "management_solutions", "managed_devices_integrations", "management", "callbacks", "security_roles",
)  # fmt: skip
CHILD_TABLES = ("additions", "sites", "summary_reports", "cross_references", "management_products")


class Records:
    """The data of both services, and the changes that a test or a demo makes to it.

    `marketplace`, `psa` hold tables by name; `children` holds tables by name and the parent's id
    (`children["additions"][agreement_id]`). Ids are text at the marketplace, integers at the PSA.
    """

    def __init__(self, today: date) -> None:
        """Begin with nothing; `today` is the day on which the PSA dates what it writes."""
        self.today = today
        self.marketplace = {name: RecordTable() for name in MARKETPLACE_TABLES}
        self.psa = {name: RecordTable() for name in PSA_TABLES}
        self.children: dict[str, dict[int, RecordTable]] = {name: {} for name in CHILD_TABLES}
        self.mappings: list[DemoMapping] = []
        self.ripening: dict[str, Row] = {}
        self.writes = 0
        self._last_ids: Counter[str] = Counter(FIRST_IDS)

    # ids and stamps

    def next_id(self, name: str) -> int:
        """The next free id of a PSA table or of all child tables of that name together."""
        self._last_ids[name] += 1
        return self._last_ids[name]

    def stamp(self) -> str:
        """The moment of a write by a client: on `today`, a second after the write before it."""
        self.writes += 1
        moment = datetime.combine(self.today, time(6), UTC) + timedelta(seconds=self.writes)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_psa(self, table: str, row: Row, *, parent: int | None = None) -> Row:
        """Keep a PSA record (of a parent, for a child table); without an `id` it gets the next.

        Returns:
            The record as kept: `row` itself, with its `id` and `_info`.
        """
        key = row.get("id")
        if key is None:
            key = self.next_id(table)
        elif key > self._last_ids[table]:
            self._last_ids[table] = key
        row["id"] = key
        if "_info" not in row:
            row["_info"] = {"lastUpdated": f"{self.today}T00:00:00Z", "updatedBy": "operator"}
        if parent is None:
            return self.psa[table].add(row)
        return self.child(table, parent).add(row)

    def child(self, table: str, parent: int) -> RecordTable:
        """The child table of one parent, made when first asked for."""
        tables = self.children[table]
        if parent not in tables:
            tables[parent] = RecordTable()
        return tables[parent]

    def find(self, table: str, field: str, value: str) -> Row | None:
        """The first PSA record whose field is that text, without regard to case."""
        wanted = value.casefold()
        return next((row for row in self.psa[table] if str(row.get(field, "")).casefold() == wanted), None)

    # for tests

    def additions(self, agreement_id: int | None = None) -> list[Row]:
        """The additions of one agreement, or of all, in the order of their ids."""
        tables = self.children["additions"]
        if agreement_id is not None:
            return list(tables.get(agreement_id, ()))
        return sorted((row for table in tables.values() for row in table), key=lambda row: int(row["id"]))

    def demo_mappings(self) -> list[DemoMapping]:
        """The mappings that a demo begins with, with the holes its story leaves."""
        return list(self.mappings)

    # events while the program runs

    def complete_order(self, order_id: str, provisioned: date | str | None = None) -> Row:
        """End an open order: completed, provisioned on that day (else `today`), its effects on the subscription.

        Raises:
            KeyError: If there is no such order.
        """
        order = self.marketplace["orders"].rows[order_id]
        when = provisioned or self.today
        order["status"], order["statusCode"] = "completed", "CP"
        order["provisioningDate"] = when if isinstance(when, str) else f"{when}T10:00:00Z"
        effects = self.ripening.pop(order_id, {})
        subscription = effects.get("subscription")
        if subscription:
            self.change_subscription(subscription, **effects.get("changes", {}))
        self.marketplace["orders"].touch()
        return order

    def ripen(self, order_id: str, rounds: int, subscription: str = "", **changes: Any) -> None:
        """Let an open order stay open for that many rounds of polling, then complete, changing its subscription so."""
        self.ripening[order_id] = {"rounds": rounds, "subscription": subscription, "changes": changes}

    def pass_round(self) -> None:
        """Begin a round of polling: orders that were open for long enough complete now."""
        for order_id, waiting in list(self.ripening.items()):
            if waiting["rounds"] <= 0:
                self.complete_order(order_id)
            else:
                waiting["rounds"] -= 1

    def change_subscription(
        self,
        subscription_id: str,
        *,
        quantities: dict[str, int] | None = None,
        prices: dict[str, str] | None = None,
        **fields: Any,
    ) -> Row:
        """Change a subscription: quantities and unit prices by product id, or fields (`status`, `expirationDate`).

        Its `lastModifiedDate` becomes `today`, unless it is among the fields.

        Raises:
            KeyError: If there is no such subscription.
        """
        subscription = self.marketplace["subscriptions"].rows[subscription_id]
        for product in subscription.get("products", ()):
            if quantities and product["id"] in quantities:
                product["quantity"] = quantities[product["id"]]
            if prices and product["id"] in prices:
                product["unitPrice"] = {**product["unitPrice"], "amount": prices[product["id"]]}
        subscription.update({"lastModifiedDate": str(self.today), **fields})
        self.marketplace["subscriptions"].touch()
        return subscription

    def advance_invoice(self, agreement_id: int, next_invoice_date: date | str | None) -> Row:
        """Invoice an agreement: its next invoice is dated so from now on (None: it no longer has a date).

        Raises:
            KeyError: If there is no such agreement.
        """
        agreement = self.psa["agreements"].rows[agreement_id]
        if next_invoice_date is None:
            agreement.pop("nextInvoiceDate", None)
        else:
            agreement["nextInvoiceDate"] = f"{str(next_invoice_date)[:10]}T00:00:00Z"
        self.psa["agreements"].touch()
        return agreement

    # beside the state file

    def to_json(self) -> bytes:
        """The whole world as one JSON document, numbers exact."""
        return exact_json.dumps(
            {
                "format": FORMAT,
                "today": self.today.isoformat(),
                "writes": self.writes,
                "last_ids": dict(self._last_ids),
                "mappings": self.mappings,
                "ripening": self.ripening,
                "marketplace": {name: list(table) for name, table in self.marketplace.items()},
                "psa": {name: list(table) for name, table in self.psa.items()},
                "children": {
                    name: {str(parent): list(table) for parent, table in tables.items()}
                    for name, tables in self.children.items()
                },
            }
        )

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Read a world that `to_json` wrote.

        Raises:
            ValueError: If the text is not such a document.
        """
        document = exact_json.loads(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("This is not a sandbox world of this version.")
        world = cls(date.fromisoformat(document["today"]))
        world.writes = document["writes"]
        world._last_ids = Counter(document["last_ids"])
        world.mappings = [(kind, ours, charge, theirs) for kind, ours, charge, theirs in document["mappings"]]
        world.ripening = document["ripening"]
        _fill(world.marketplace, document["marketplace"].items())
        _fill(world.psa, document["psa"].items())
        for name, parents in document["children"].items():
            for parent, rows in parents.items():
                table = world.child(name, int(parent))
                for row in rows:
                    table.add(row)
        return world


def _fill(tables: dict[str, RecordTable], contents: Iterable[tuple[str, list[Row]]]) -> None:
    for name, rows in contents:
        for row in rows:
            tables[name].add(row)


def moment(day: Day, time_of_day: str) -> str:
    """A day as the timestamp of that time; text that has a time is kept as it stands."""
    text = str(day)
    return text if "T" in text else f"{text}T{time_of_day}"
