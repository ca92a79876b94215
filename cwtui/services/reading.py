"""Reads a service's records: tolerant of unused fields, exact about billed ones.

A record's model names the fields that are used; anything else in it is ignored, and null stands for absent.
Numbers written as text and text written as numbers are accepted; a value with two readings is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Generic, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from cwtui.domain.lazily import dataclass
from cwtui.domain.money import parse_amount
from cwtui.services.answers import one_line

_DAY_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_FAULTS = 3


@lru_cache(maxsize=8192)
def _moment(value: str | None) -> datetime | None:
    if not value:
        return None
    if not _DAY_FIRST.match(value.strip()):
        raise ValueError(f"{value!r} is not a date")
    moment = datetime.fromisoformat(value.strip())  # any offset or none, T or a space, fractions of any length
    if moment.year <= 1:
        return None  # 0001-01-01 is how some servers write "never"
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value!r} is not a date in any calendar") from error


@lru_cache(maxsize=8192)
def _day(value: str | None) -> date | None:
    moment = _moment(value)
    return None if moment is None else moment.date()


def read_moment(value: object) -> datetime | None:
    """A timestamp as an aware UTC moment; None for null, an empty text or the year 1.

    Raises:
        ValueError: If it is none of the forms of ISO 8601 that begin with a calendar date.
    """
    return _moment(value) if isinstance(value, str | None) else _not_a_date(value)


def read_day(value: object) -> date | None:
    """A calendar date; of a timestamp its date in UTC (plans.md). None and errors as for `read_moment`."""
    return _day(value) if isinstance(value, str | None) else _not_a_date(value)


def _not_a_date(value: object) -> NoReturn:
    raise ValueError(f"{value!r} is not a date")


def read_amount(value: object) -> Decimal | None:
    """An amount or quantity exactly as it was written; None for null: unknown is not zero.

    Raises:
        ValueError: As for `parse_amount`.
    """
    return None if value is None else parse_amount(value)


Moment = Annotated[datetime | None, PlainValidator(read_moment)]
Day = Annotated[date | None, PlainValidator(read_day)]
Amount = Annotated[Decimal | None, PlainValidator(read_amount)]
Text = str | None
"""A number is taken as its text."""


class WireRecord(BaseModel):
    """A service's record; attributes are its fields' names in snake_case."""

    # Built at first use: most commands of the program read none of these.
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, alias_generator=to_camel, defer_build=True)


M = TypeVar("M", bound=WireRecord)
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A record that could not be read.

    Attributes:
        id: Its id as text; empty if not even that could be read.
        why: In words, without a full stop.
    """

    id: str
    why: str


@cache
def _adapters(model: type[M]) -> tuple[TypeAdapter[M], TypeAdapter[list[M]]]:
    return TypeAdapter(model), TypeAdapter(list[model])  # type: ignore[valid-type]  # known at run time


class Reader(Generic[M, D]):
    """Turns records of one kind into domain values, a page at a time."""

    def __init__(self, model: type[M], convert: Callable[[M], D]) -> None:
        """Take the model and how it becomes a domain value; `convert` may raise ValueError."""
        self._model, self._convert = model, convert

    def one(self, row: object) -> D:
        """Read one record.

        Raises:
            ValueError: Why it cannot be read, in words without a full stop.
        """
        try:
            one, _ = _adapters(self._model)
            return self._convert(one.validate_python(row))
        except ValidationError as error:
            raise ValueError(_faults(error)) from error

    def many(self, rows: Sequence[object]) -> tuple[list[D], list[UnreadRow]]:
        """Read a page: the readable records in order, and the unreadable ones."""
        _, many = _adapters(self._model)
        convert = self._convert
        try:
            return [convert(record) for record in many.validate_python(rows)], []
        except ValueError:  # a ValidationError is one: now row by row, which is slower
            return self._row_by_row(rows)

    def _row_by_row(self, rows: Sequence[object]) -> tuple[list[D], list[UnreadRow]]:
        read: list[D] = []
        unread: list[UnreadRow] = []
        for row in rows:
            try:
                read.append(self.one(row))
            except ValueError as error:
                unread.append(UnreadRow(id_of(row), one_line(str(error))))
        return read, unread


def id_of(row: object) -> str:
    """The id of a record as text; empty if it has none."""
    value = row.get("id") if isinstance(row, dict) else None
    return one_line(str(value), 60) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def needed(value: str | None, name: str) -> str:
    """The text, where there must be one.

    Raises:
        ValueError: If there is none.
    """
    if not value:
        raise ValueError(f"{name}: missing")
    return value


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    words = []
    for fault in faults[:_MOST_FAULTS]:
        where = ".".join(str(step) for step in fault["loc"])
        words.append(f"{where}: {fault['msg'].removeprefix('Value error, ')}".removeprefix(": "))
    more = len(faults) - len(words)
    return "; ".join(words) + (f"; and {more} more" if more > 0 else "")
