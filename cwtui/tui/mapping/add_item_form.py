"""The form of a new catalog item: its fields, what is wrong with them, and the item they make.

Rule: mapping.md#add-and-map.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal

from cwtui.domain.money import parse_amount
from cwtui.domain.psa import NewCatalogItem
from cwtui.engine.mapping.workbench import SetupTables

RECURRING, ONE_TIME = "recurring", "one_time"
CHOSEN = ""
"""What a field to choose from holds while nothing is chosen."""


@dataclass(frozen=True, slots=True)
class ItemField:
    """One line of the form.

    Attributes:
        longest: Characters that ConnectWise takes.
        table: The setup table it is chosen from.
        choices: Value → words, where it is one of a few.
        required: It may not stay empty.
    """

    name: str
    label: str
    longest: int = 0
    table: str = ""
    choices: Mapping[str, str] | None = None
    required: bool = True
    is_amount: bool = False

    @property
    def is_typed(self) -> bool:
        """It is typed, not chosen."""
        return not self.table and self.choices is None


_CLASSES = {
    "Agreement": "Agreement",
    "NonInventory": "Non-Inventory",
    "Inventory": "Inventory",
    "Service": "Service",
}
FIELDS = (
    ItemField("identifier", "Identifier", longest=60),
    ItemField("description", "Description", longest=60),
    ItemField("customer_description", "Customer descr.", longest=6000),
    ItemField("part_number", "Part number", longest=50, required=False),
    ItemField("class", "Class", choices=_CLASSES),
    ItemField("category", "Category", table="categories"),
    ItemField("subcategory", "Sub-category", table="subcategories"),
    ItemField("type", "Type", table="product_types"),
    ItemField("unit", "Unit", table="units", required=False),
    ItemField("price", "Price", is_amount=True),
    ItemField("cost", "Cost", is_amount=True),
    ItemField("taxable", "Taxable", choices={"yes": "yes", "no": "no"}),
    ItemField("billing", "Billed", choices={RECURRING: "recurring", ONE_TIME: "one time"}),
    ItemField("cycle", "Billing cycle", table="billing_cycles", required=False),
)
"""In the order of the form; a bundle cannot be an addition, so it is no class here."""
BY_NAME = {field.name: field for field in FIELDS}


@dataclass(slots=True)
class ItemForm:
    """What stands in the form.

    Attributes:
        texts: By field; ids of setup tables as text.
    """

    tables: SetupTables
    texts: MutableMapping[str, str]

    def choices(self, field: ItemField) -> dict[str, str]:
        """What a field can be: value → words."""
        if field.choices is not None:
            return dict(field.choices)
        rows = self.tables.of(field.table)
        if field.name == "subcategory":
            category = self.texts.get("category", CHOSEN)
            rows = self.tables.subcategories_of(int(category) if category else None)
        none = {} if field.required else {CHOSEN: "none"}
        return none | {str(row.id): row.name for row in rows}

    def put(self, name: str, text: str) -> None:
        """Fill in a field; another category clears a sub-category of the one before."""
        self.texts[name] = text
        if name == "category" and self.texts.get("subcategory") not in self.choices(BY_NAME["subcategory"]):
            self.texts["subcategory"] = CHOSEN

    def problem(self, field: ItemField) -> str:
        """What is wrong with a field; empty if nothing is."""
        text = self.texts.get(field.name, "")
        if field.name == "cycle":
            lacks = self.texts.get("billing") == RECURRING and not text
            return "A recurring item needs its cycle." if lacks else ""
        if field.required and not text.strip():
            return "ConnectWise requires it." if field.is_typed else "Choose one."
        if field.longest and len(text) > field.longest:
            return f"At most {field.longest} characters; these are {len(text)}."
        return _amount_problem(text) if field.is_amount else ""

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {field.name: text for field in FIELDS if (text := self.problem(field))}

    def item(self) -> NewCatalogItem:
        """The item; the form has no problems."""
        texts = self.texts
        recurring = texts["billing"] == RECURRING
        return NewCatalogItem(
            identifier=texts["identifier"].strip(),
            description=texts["description"].strip(),
            customer_description=texts["customer_description"].strip(),
            subcategory_id=int(texts["subcategory"]),
            type_id=int(texts["type"]),
            category_id=int(texts["category"]),
            unit_of_measure_id=int(texts["unit"]) if texts.get("unit") else None,
            product_class=texts["class"],
            price=parse_amount(texts["price"]),
            cost=parse_amount(texts["cost"]),
            taxable=texts["taxable"] == "yes",
            manufacturer_part_number=texts.get("part_number", "").strip(),
            billing_cycle_id=int(texts["cycle"]) if recurring else None,
            is_one_time=not recurring,
        )


def _amount_problem(text: str) -> str:
    try:
        amount = parse_amount(text)
    except ValueError:
        return "Write a plain number, such as 12 or 4.50."
    return "It cannot be negative." if amount < Decimal(0) else ""


def first_texts(tables: SetupTables, *, name: str, code: str, price: str, cost: str, once: bool) -> dict[str, str]:
    """The form's first texts: the marketplace's words, and the only entry of a table that has one.

    Args:
        tables: ConnectWise's.
        name: The product's.
        code: Its MPN, else its id.
        price: The marketplace's price of a unit, as text; may be empty.
        cost: What it costs, likewise.
        once: The charge is billed once.
    """
    monthly = [row for row in tables.of("billing_cycles") if row.name.casefold() == "monthly"]
    units = [row for row in tables.of("units") if row.name.casefold() in {"unit", "each"}]
    texts = {
        "identifier": code[: BY_NAME["identifier"].longest],
        "description": name[: BY_NAME["description"].longest],
        "customer_description": name[: BY_NAME["customer_description"].longest],
        "part_number": code if len(code) <= BY_NAME["part_number"].longest else "",
        "class": "Agreement",
        "price": price or "0",
        "cost": cost or price or "0",
        "taxable": "yes",
        "billing": ONE_TIME if once else RECURRING,
        "cycle": str(monthly[0].id) if monthly else CHOSEN,
        "unit": str(units[0].id) if units else CHOSEN,
    }
    for field, table in (("category", "categories"), ("subcategory", "subcategories"), ("type", "product_types")):
        rows = tables.of(table)
        texts[field] = str(rows[0].id) if len(rows) == 1 else CHOSEN
    return texts
