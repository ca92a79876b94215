"""What a PSA record may look like: its fields, and the refusals of a body that breaks them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from cwtui.sandbox.errors import Fault400, Item
from cwtui.sandbox.psa_fields import CHOICES, FIELDS, REFERENCE_FIELDS

Row = dict[str, Any]

_TOKEN = re.compile(r"(?P<name>\w+):(?P<type>[^?!^]+)(?P<null>\??)(?P<required>!?)(?P<on_update>\^?)")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_TYPE_NAMES = {"i": "integer", "n": "number", "b": "boolean", "d": "date-time", "s": "string", "o": "object"}
_PYTHON_TYPES = {"b": bool, "a": list, "r": dict, "o": dict}
INFO_FIELDS = frozenset({"lastUpdated", "updatedBy", "dateEntered", "enteredBy"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `kind` is the type's first letter, `target` the record a reference or list names."""

    name: str
    kind: str
    target: str
    max_length: int | None
    choices: frozenset[str]
    required: bool
    required_on_update: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one kind of record, by name."""

    name: str
    fields: dict[str, Field]

    def knows(self, path: str) -> bool:
        """Whether `fields`, `conditions` and `orderBy` may name this path (`company/id`)."""
        head, _, tail = path.partition("/")
        field = self.fields.get(head)
        if field is None:
            return False
        if not tail:
            return True
        if head == "_info":
            return tail in INFO_FIELDS
        if not field.target:
            return False
        first, _, rest = tail.partition("/")
        return first in reference_fields(field.target) and (not rest or rest in {"id", "name"})

    def check(self, body: Row, *, updating: bool) -> list[Item]:
        """List what is wrong with a whole record: missing, too long, not among the choices, wrong type.

        Args:
            body: The record as sent, JSON-shaped, numbers as int or Decimal.
            updating: True for PUT and PATCH, which require more fields of some records.
        """
        items = []
        for field in self.fields.values():
            value = body.get(field.name)
            if value is None or value in ("", {}):
                if field.required or (updating and field.required_on_update):
                    items.append(self._item("MissingRequiredField", f"The {field.name} field is required.", field))
                continue
            problem = _problem(field, value)
            if problem:
                items.append(self._item(*problem, field))
        return items

    def _item(self, code: str, message: str, field: Field) -> Item:
        return Item(code=code, message=message, resource=self.name, field=field.name)

    def refuse(self, *items: Item) -> Fault400:
        """The 400 that the PSA gives for these items."""
        return Fault400("InvalidObject", f"{self.name} object is invalid", tuple(items))


def _problem(field: Field, value: Any) -> tuple[str, str] | None:
    """The code and message of what is wrong with one value, or None."""
    if not _has_type(field, value):
        wanted = _TYPE_NAMES.get(field.kind, "object")
        return "InvalidType", f"The {field.name} field is not a valid {wanted}."
    if field.max_length is not None and len(value) > field.max_length:
        return "OutOfRange", f"The {field.name} field may hold at most {field.max_length} characters."
    if field.choices and value not in field.choices:
        return "InvalidEnumValue", f"The {field.name} field must be one of {', '.join(sorted(field.choices))}."
    return None


def _has_type(field: Field, value: Any) -> bool:
    if field.kind in "in":
        whole = isinstance(value, int | Decimal) and not isinstance(value, bool)
        return whole and (field.kind == "n" or value == int(value))
    if field.kind == "d":
        return isinstance(value, str) and _is_moment(value)
    return isinstance(value, _PYTHON_TYPES.get(field.kind, str))


def _is_moment(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def reference_fields(target: str) -> tuple[str, ...]:
    """The fields that a reference to `target` carries, in their order."""
    return tuple(REFERENCE_FIELDS.get(target, "id name").split())


def _parse(name: str, text: str) -> Shape:
    fields = {}
    for token in text.split():
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise ValueError(f"{name}: cannot read the field {token}")
        kind, _, rest = found["type"].partition("=")
        length = kind[1:] if kind[:1] == "s" else ""
        choices = frozenset(CHOICES.get(rest, rest).split("|")) if kind == "e" and rest != "*" else frozenset()
        fields[found["name"]] = Field(
            name=found["name"],
            kind=kind[:1],
            target=rest if kind in {"r", "a"} and rest not in {"i", "s"} else "",
            max_length=int(length) if length else None,
            choices=choices,
            required=bool(found["required"]),
            required_on_update=bool(found["on_update"]),
        )
    return Shape(name, fields)


SHAPES: dict[str, Shape] = {name: _parse(name, text) for name, text in FIELDS.items()}
