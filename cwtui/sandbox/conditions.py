"""The PSA's filter language: `company/id = 5 and (name like "A*" or cancelledDate = null)`.

Strings are quoted, dates bracketed, booleans are True and False; text compares without regard to case, and
`*` and `%` are wildcards of `like`. An unknown field, or text that cannot be read, is the PSA's 400.
"""

from __future__ import annotations

import operator as operator_module
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cwtui.sandbox.errors import Fault400
from cwtui.sandbox.shape import SHAPES, Row, Shape

Predicate = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | \[(?P<date>[^\]]*)\]
    | (?P<number>-?\d+(?:\.\d+)?)(?![\w/])
    | (?P<mark><=|>=|!=|=|<|>|\(|\)|,)
    | (?P<word>[A-Za-z_][\w/]*)
    )""",
    re.VERBOSE,
)
_COMPARE = {
    "=": operator_module.eq,
    "!=": operator_module.ne,
    "<": operator_module.lt,
    "<=": operator_module.le,
    ">": operator_module.gt,
    ">=": operator_module.ge,
}
_OPERATORS = {*_COMPARE, "contains", "like", "in"}


def refusal(message: str) -> Fault400:
    """The 400 of a filter that cannot be used."""
    return Fault400("ApiFindCondition", message)


@lru_cache(maxsize=512)
def compile_conditions(text: str, shape_name: str) -> Predicate:
    """Turn a `conditions` text into a predicate over records of that shape.

    Raises:
        Fault400: If the text cannot be read or names a field that the record does not have.
    """
    return _Parser(text, SHAPES[shape_name]).whole()


@lru_cache(maxsize=128)
def compile_child_conditions(text: str, shape_name: str) -> Predicate:
    """Turn a `childConditions` text into a predicate: one entry of the list it names must fulfil all of it.

    Raises:
        Fault400: As for `compile_conditions`, or if it names no list or more than one.
    """
    parser = _Parser(text, SHAPES[shape_name])
    matches = parser.whole()
    heads = {path.partition("/")[0] for path in parser.paths}
    if len(heads) != 1:
        raise refusal(f"childConditions must name one list: {text}")
    head = heads.pop()
    if SHAPES[shape_name].fields[head].kind != "a":
        raise refusal(f"{head} is not a list.")
    return lambda row: any(matches({head: entry}) for entry in row.get(head) or ())


class _Parser:
    def __init__(self, text: str, shape: Shape) -> None:
        self.text, self.shape = text, shape
        self.paths: list[str] = []
        self._tokens = list(self._scan())
        self._at = 0

    def _scan(self) -> Iterator[tuple[str, str]]:
        at, end = 0, len(self.text.rstrip())
        while at < end:
            found = _TOKEN.match(self.text, at)
            if found is None or found.lastgroup is None:
                raise refusal(f"Cannot read the condition at: {self.text[at : at + 20]}")
            yield found.lastgroup, found[found.lastgroup]
            at = found.end()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        kind, text = self._peek()
        if kind in {"word", "mark"} and text.lower() == word:
            self._at += 1
            return True
        return False

    def whole(self) -> Predicate:
        predicate = self._either()
        if self._peek()[0] != "end":
            raise refusal(f"Cannot read the condition after: {self._peek()[1]}")
        return predicate

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _one(self) -> Predicate:
        if self._took("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._took("("):
            predicate = self._either()
            if not self._took(")"):
                raise refusal("A parenthesis is not closed.")
            return predicate
        return self._comparison()

    def _comparison(self) -> Predicate:
        kind, path = self._next()
        if kind != "word" or not self.shape.knows(path):
            raise refusal(f"The field {path} cannot be used in a condition on {self.shape.name}.")
        self.paths.append(path)
        negated = self._took("not")
        operator = self._next()[1].lower()
        if operator not in _OPERATORS:
            raise refusal(f"{operator} is not an operator.")
        value = self._several() if operator == "in" else self._value()
        test = _test(operator, value)
        steps = path.split("/")
        if negated:
            return lambda row: not test(_look_up(row, steps))
        return lambda row: test(_look_up(row, steps))

    def _several(self) -> list[Any]:
        if not self._took("("):
            raise refusal("in needs a list in parentheses.")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        if not self._took(")"):
            raise refusal("A parenthesis is not closed.")
        return values

    def _value(self) -> Any:
        kind, text = self._next()
        match kind:
            case "string":
                return re.sub(r"\\(.)", r"\1", text[1:-1]).casefold()
            case "number":
                return Decimal(text)
            case "date":
                return _moment(text)
            case "word" if text.lower() in {"true", "false", "null"}:
                return {"true": True, "false": False, "null": None}[text.lower()]
            case _:
                raise refusal(f"Cannot read the value {text or 'at the end'}.")


class _Moment(str):
    """A bracketed date, comparable with the stored text."""

    __slots__ = ()


def _moment(text: str) -> _Moment:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?Z?)?", text):
        raise refusal(f"[{text}] is not a date.")
    return _Moment(text[:19] if "T" in text else f"{text}T00:00:00")


def _look_up(row: Any, steps: list[str]) -> Any:
    for step in steps:
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _test(operator: str, wanted: Any) -> Callable[[Any], bool]:
    if operator == "in":
        choices = set(wanted)
        return lambda value: _plain(value) in choices
    if operator in {"like", "contains"}:
        if not isinstance(wanted, str):
            raise refusal(f"{operator} needs text.")
        pattern = _pattern(wanted if operator == "like" else f"*{wanted}*")
        return lambda value: isinstance(value, str) and pattern.fullmatch(value.casefold()) is not None
    if wanted is None:
        if operator not in {"=", "!="}:
            raise refusal("null can only be compared with = and !=.")
        return (lambda value: value is None) if operator == "=" else (lambda value: value is not None)
    return _ordered(operator, wanted)


def _ordered(operator: str, wanted: Any) -> Callable[[Any], bool]:
    dated = isinstance(wanted, _Moment)

    def compare(value: Any) -> bool:
        if value is None:
            return operator == "!="
        value = _as_moment(value) if dated else _plain(value)
        if isinstance(value, str) != isinstance(wanted, str):
            return operator == "!="
        return bool(_COMPARE[operator](value, wanted))

    return compare


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _as_moment(value: Any) -> str:
    text = str(value)
    return text[:19] if "T" in text else f"{text[:10]}T00:00:00"


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\[\[\]|[*%])", text)
    return re.compile("".join(_part(part) for part in parts), re.DOTALL)


def _part(part: str) -> str:
    if part in {"*", "%"}:
        return ".*"
    return re.escape("[" if part == "[[]" else part)
