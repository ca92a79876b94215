"""Writes to the PSA: create, replace, patch, delete, with its refusals and defaults."""

from __future__ import annotations

from typing import Any

from cwtui.sandbox.additions import COMPUTED, complete_addition, compute_addition, refuse_addition
from cwtui.sandbox.errors import Fault400, Item
from cwtui.sandbox.psa_paths import Resource
from cwtui.sandbox.psa_references import reference, referred, resolve_reference
from cwtui.sandbox.shape import SHAPES, Row, Shape
from cwtui.sandbox.table import RecordTable
from cwtui.sandbox.world import World

_NEVER_TAKEN = frozenset({"id", "_info"})


def create(world: World, resource: Resource, table: RecordTable, parent: Row | None, body: Any) -> Row:
    """Create a record from a POST body.

    Raises:
        Fault400: If the body is not one the PSA would take.
    """
    row = _taken(world, resource, body)
    _follow(resource, row, parent)
    _judge(world, resource, table, parent, row, None, sent=body)
    _complete(world, resource, row, parent)
    _fill_in(world, resource, row, parent)
    row["_info"] = _stamped(world)
    kept = world.add_psa(resource.table, row, parent=_parent_of(resource, parent))
    if resource.table == "contacts":
        _note_default_contact(world, kept)
    if resource.shape != "legacySubCategory":
        return kept
    return {name: value for name, value in kept.items() if name in SHAPES[resource.shape].fields}


def _note_default_contact(world: World, contact: Row) -> None:
    """A company's first contact, or one that is sent as such, is its default one."""
    company = world.psa["companies"].get(contact.get("company", {}).get("id"))
    if company is not None and (contact.get("defaultFlag") or "defaultContact" not in company):
        company["defaultContact"] = reference("Contact", contact)
        world.psa["companies"].touch()


def replace(world: World, resource: Resource, table: RecordTable, parent: Row | None, before: Row, body: Any) -> Row:
    """Replace a record by a PUT body; what it leaves out falls back to its default.

    Raises:
        Fault400: As for `create`.
    """
    row = _taken(world, resource, body)
    _follow(resource, row, parent)
    _judge(world, resource, table, parent, row, before, sent=body)
    _complete(world, resource, row, parent)
    return _keep(world, resource, table, parent, before, row)


def patch(world: World, resource: Resource, table: RecordTable, parent: Row | None, before: Row, body: Any) -> Row:
    """Apply a list of `{op, path, value}`: all of it or nothing.

    A path into a reference answers as if it had worked and changes nothing; `remove`, or null, clears a field.

    Raises:
        Fault400: As for `create`, or if an operation cannot be read.
    """
    shape = SHAPES[resource.shape]
    row = dict(before)
    for operation in _operations(body):
        head, _, tail = operation["path"].partition("/")
        if head not in shape.fields:
            raise Fault400("InvalidPatch", f"{operation['path']} is not a path of {shape.name}.")
        if tail or head in _NEVER_TAKEN or (resource.table == "additions" and head in COMPUTED):
            continue
        if operation["op"] == "remove" or operation.get("value") is None:
            row.pop(head, None)
        else:
            row.update(_taken(world, resource, {head: operation["value"]}))
    _judge(world, resource, table, parent, row, before, sent=None)
    return _keep(world, resource, table, parent, before, row)


def delete(world: World, resource: Resource, table: RecordTable, row: Row) -> None:
    """Delete a record; a company goes to the recycle bin."""
    if resource.table != "companies":
        table.remove(row["id"])
        return
    row["deletedFlag"], row["dateDeleted"] = True, world.stamp()
    table.touch()


def _operations(body: Any) -> list[Row]:
    if not isinstance(body, list) or not body:
        raise Fault400("InvalidPatch", "The body must be a list of operations.")
    for operation in body:
        if (
            not isinstance(operation, dict)
            or operation.get("op") not in ("add", "replace", "remove")
            or not isinstance(operation.get("path"), str)
        ):
            raise Fault400("InvalidPatch", "Every operation needs op (add, replace or remove) and path.")
    return body


def _taken(world: World, resource: Resource, body: Any) -> Row:
    """The accepted part of a body: known fields, references looked up, line ends as spaces."""
    shape = SHAPES[resource.shape]
    if not isinstance(body, dict):
        raise shape.refuse(Item("InvalidObject", "The body must be an object.", shape.name, ""))
    computed = COMPUTED if resource.table == "additions" else _NEVER_TAKEN
    row: Row = {}
    for name, value in body.items():
        field = shape.fields.get(name)
        if field is None or value is None or name in _NEVER_TAKEN or name in computed:
            continue
        if isinstance(value, str):
            row[name] = value.replace("\r", " ").replace("\n", " ")
        elif field.kind == "r" and isinstance(value, dict) and value:
            row[name] = _looked_up(world, shape, name, field.target, value)
        elif field.kind == "a" and field.target and isinstance(value, list) and name == "types":
            row[name] = [_looked_up(world, shape, name, field.target, entry) for entry in value]
        else:
            row[name] = value
    return row


def _looked_up(world: World, shape: Shape, name: str, target: str, sent: Any) -> Row:
    found = resolve_reference(world, target, sent)
    if found is None:
        raise shape.refuse(Item("InvalidReference", f"The {name} does not exist.", shape.name, name))
    return found


def _follow(resource: Resource, row: Row, parent: Row | None) -> None:
    """Give a child the values that follow from its parent, before it is judged."""
    if parent is None:
        return
    match resource.table:
        case "subcategories":
            row["category"] = reference("ProductCategory", parent)
        case "summary_reports":
            row["company"] = reference("Company", parent)
        case "cross_references":
            row["managedDevicesIntegration"] = reference("ManagedDevicesIntegration", parent)
            row["parentId"] = parent["id"]
        case "management_products":
            row["parentId"] = parent["id"]
        case _:
            pass


def _judge(
    world: World,
    resource: Resource,
    table: RecordTable,
    parent: Row | None,
    row: Row,
    before: Row | None,
    *,
    sent: Row | None,
) -> None:
    """Refuse a record that the PSA would; one `sent` whole (POST, PUT) gets its defaults before that."""
    shape = SHAPES[resource.shape]
    items = shape.check(row, updating=before is not None)
    named = {item.field for item in items}
    items += [item for item in shape.judge_sent(sent or {}) if item.field not in named]
    if not items:
        items += _judge_duplicates(resource, table, row, before)
        items += _judge_dependent_fields(resource, row)
    if items:
        raise shape.refuse(*items)
    if resource.table == "additions" and parent is not None:
        judged = dict(row)
        if sent is not None:
            complete_addition(world, parent, judged)
        refuse_addition(world, parent, judged, before)


def _judge_duplicates(resource: Resource, table: RecordTable, row: Row, before: Row | None) -> list[Item]:
    items = []
    for field in resource.unique:
        wanted = str(row[field]).casefold()
        if before is not None and str(before.get(field, "")).casefold() == wanted:
            continue
        if any(str(other.get(field, "")).casefold() == wanted for other in table):
            items.append(Item("ObjectExists", f"The {field} {row[field]} already exists.", resource.shape, field))
    return items


def _judge_dependent_fields(resource: Resource, row: Row) -> list[Item]:
    missing = []
    match resource.table:
        case "catalog" if row.get("recurringFlag") and not (
            row.get("recurringBillCycle") or row.get("recurringOneTimeFlag")
        ):
            missing = ["recurringBillCycle"]
        case "management_solutions" if row["managementItSolutionType"] == "Custom":
            missing = [] if row.get("managementSolutionName") else ["managementSolutionName"]
        case "cross_references" if not (row.get("agreementType") or row.get("configurationType")):
            missing = ["agreementType"]
    return [Item("MissingRequiredField", f"The {field} field is required.", resource.shape, field) for field in missing]


_DEFAULTS: dict[str, Row] = {
    "companies": {"deletedFlag": False, "leadFlag": False},
    "catalog": {
        "inactiveFlag": False,
        "productClass": "NonInventory",
        "price": 0,
        "cost": 0,
        "taxableFlag": True,
        "recurringFlag": False,
    },
    "agreements": {
        "agreementStatus": "Active",
        "cancelledFlag": False,
        "noEndingDateFlag": True,
        "employeeCompRate": "Actual",
        "invoicingCycle": "ContractYear",
        "billTime": "Billable",
        "billExpenses": "Billable",
        "billProducts": "Billable",
        "prorateFlag": False,
    },
    "contacts": {"inactiveFlag": False},
}


def _complete(world: World, resource: Resource, row: Row, parent: Row | None) -> None:
    """Give a record the system's defaults for what its body left out."""
    for name, value in _DEFAULTS.get(resource.table, {}).items():
        row.setdefault(name, value)
    if "inactiveFlag" in SHAPES[resource.shape].fields:
        row.setdefault("inactiveFlag", False)
    match resource.table:
        case "additions" if parent is not None:
            complete_addition(world, parent, row)
        case "catalog":
            sub = referred(world, "subcategories", row["subcategory"])
            if sub is not None:
                row["category"] = sub["category"]
        case "agreements":
            row.setdefault("startDate", f"{world.today}T00:00:00Z")
            row.setdefault("billStartDate", row["startDate"])
        case _:
            pass


def _fill_in(world: World, resource: Resource, row: Row, parent: Row | None) -> None:
    if resource.table == "additions" and parent is not None:
        compute_addition(world, parent, row)


def _keep(world: World, resource: Resource, table: RecordTable, parent: Row | None, before: Row, row: Row) -> Row:
    _fill_in(world, resource, row, parent)
    row["id"] = before["id"]
    row["_info"] = _stamped(world)
    return table.add(row)


def _parent_of(resource: Resource, parent: Row | None) -> int | None:
    # Subcategories are one table, whichever path they came by.
    return None if parent is None or resource.table == "subcategories" else int(parent["id"])


def _stamped(world: World) -> Row:
    return {"lastUpdated": world.stamp(), "updatedBy": "API member"}
