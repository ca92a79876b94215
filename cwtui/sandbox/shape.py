"""The shapes of PSA records: their fields, and the refusals of a body that breaks them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from cwtui.sandbox.errors import Fault400, Item
from cwtui.sandbox.psa_fields import CHOICES, FIELDS, PLAIN_REFERENCE, REFERENCE_FIELDS

Row = dict[str, Any]

_TOKEN = re.compile(r"(?P<name>\w+):(?P<type>[^?!^]+)(?P<null>\??)(?P<required>!?)(?P<on_update>\^?)")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_TYPE_NAMES = {"i": "integer", "n": "number", "b": "boolean", "d": "date-time", "s": "string", "e": "string"}
_PYTHON_TYPES = {"b": bool, "a": list, "r": dict, "o": dict, "v": object}
_INT32 = 2**31
INFO_FIELDS = frozenset({"lastUpdated", "updatedBy", "dateEntered", "enteredBy"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `kind` is the type's first letter, `target` the record a reference or list names.

    entries: The kind of the entries of a list that names no record.
    """

    name: str
    kind: str
    target: str
    entries: str
    max_length: int | None
    choices: frozenset[str]
    nullable: bool
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
            needed = field.required or (updating and field.required_on_update)
            if needed and (value is None or value in ("", {})):
                items.append(self._item("MissingRequiredField", f"The {field.name} field is required.", field))
            elif value is not None and (problem := _problem(field, value, field.name)):
                items.append(self._item(*problem, field))
        return items

    def judge_sent(self, sent: Row) -> list[Item]:
        """List the values of a body that no such record can hold, at any depth; missing fields are not judged."""
        known = [field for field in self.fields.values() if field.name in sent]
        problems = [(field, _problem(field, sent[field.name], field.name)) for field in known]
        return [self._item(*problem, field) for field, problem in problems if problem]

    def _item(self, code: str, message: str, field: Field) -> Item:
        return Item(code=code, message=message, resource=self.name, field=field.name)

    def refuse(self, *items: Item) -> Fault400:
        """The 400 that the PSA gives for these items."""
        return Fault400("InvalidObject", f"{self.name} object is invalid", tuple(items))


def _problem(field: Field, value: Any, path: str) -> tuple[str, str] | None:
    """The code and message of what is wrong with one value or within it, or None."""
    if value is None and field.nullable:
        return None
    if not _has_type(field.kind, value):
        wanted = _TYPE_NAMES.get(field.kind, "object")
        return "InvalidType", f"The {path} field is not a valid {wanted}."
    if field.max_length is not None and len(value) > field.max_length:
        return "OutOfRange", f"The {path} field may hold at most {field.max_length} characters."
    if field.choices and value not in field.choices:
        return "InvalidEnumValue", f"The {path} field must be one of {', '.join(sorted(field.choices))}."
    return _problem_within(field, value, path)


def _problem_within(field: Field, value: Any, path: str) -> tuple[str, str] | None:
    if field.kind == "a" and not all(_has_type(field.entries, entry) for entry in value):
        return "InvalidType", f"The {path} field holds an entry of another type."
    if field.kind == "o" and not all(isinstance(each, str) for each in value.values()):
        return "InvalidType", f"The {path} field may hold nothing but text."
    if not field.target:
        return None
    for entry in value if field.kind == "a" else (value,):
        for inner in reference_shape(field.target).fields.values():
            problem = _problem(inner, entry[inner.name], f"{path}/{inner.name}") if inner.name in entry else None
            if problem:
                return problem
    return None


def _has_type(kind: str, value: Any) -> bool:
    if kind in "in":
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        return number and (kind == "n" or (-_INT32 <= value < _INT32 and value == int(value)))
    if kind == "d":
        return isinstance(value, str) and _is_moment(value)
    return isinstance(value, _PYTHON_TYPES.get(kind, str))


def _is_moment(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@cache
def reference_shape(target: str) -> Shape:
    """The shape of a reference to `target`, or of an entry in a list of them."""
    return _parse(target, REFERENCE_FIELDS.get(target, PLAIN_REFERENCE) + " _info:o")


@cache
def reference_fields(target: str) -> tuple[str, ...]:
    """The fields that a reference to `target` carries, in their order."""
    return tuple(name for name in reference_shape(target).fields if name != "_info")


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
            entries=rest if kind == "a" and rest in {"i", "s"} else "o",
            max_length=int(length) if length else None,
            choices=choices,
            nullable=bool(found["null"]),
            required=bool(found["required"]),
            required_on_update=bool(found["on_update"]),
        )
    return Shape(name, fields)


SHAPES: dict[str, Shape] = {name: _parse(name, text) for name, text in FIELDS.items()}
