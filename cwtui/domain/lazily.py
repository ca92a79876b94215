"""Dataclasses whose methods are generated on first use, and modules that are loaded on first use.

`dataclass` is the standard library's, but generates a class's methods when one of them is first used.

A start of the program declares more than a hundred of these classes and uses a few. Generating `__init__`, `__eq__`,
`__repr__` and the rest for all of them took a third of the start.

To a type checker this is `dataclasses.dataclass` itself; so it is to `fields`, `replace` and `is_dataclass`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import get_annotations
from itertools import chain
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414, TID251  # what a type checker is to see

C = TypeVar("C")

_FIRST = ("__init__", "__dataclass_fields__", "__match_args__", "__setattr__", "__delattr__", "__replace__")
"""The methods that making a value needs; the others are for comparing, showing and inheriting."""
_ALWAYS = ("__init__", "__dataclass_fields__", "__match_args__", "__dataclass_params__", "__eq__", "__repr__")
_IF_FROZEN = ("__setattr__", "__delattr__", "__hash__")
_SINCE_3_13 = ("__replace__",)
_one_at_a_time = RLock()


class _Later:
    """Stands in for a method that is not generated yet, and generates it on first use."""

    __slots__ = ("_frozen", "_name", "_plain", "_slotted")

    def __init__(self, plain: type, *, frozen: bool) -> None:
        self._plain, self._frozen = plain, frozen

    def __set_name__(self, slotted: type, name: str) -> None:
        self._slotted, self._name = slotted, name

    def __get__(self, instance: object, owner: type) -> Any:
        with _one_at_a_time:
            if vars(self._slotted)[self._name] is self:
                _write(self._slotted, self._plain, frozen=self._frozen, whole=self._name not in _FIRST)
        written = vars(self._slotted)[self._name]
        return written.__get__(instance, owner) if hasattr(written, "__get__") else written


def _declared(plain: type[C], *, frozen: bool) -> type[C]:
    """The class with a slot for each field; every annotation is a field."""
    fields = get_annotations(plain)
    inherited = set(chain.from_iterable(vars(base).get("__slots__", ()) for base in plain.__mro__[1:]))
    names = _ALWAYS + (_IF_FROZEN if frozen else ()) + (_SINCE_3_13 if sys.version_info >= (3, 13) else ())
    body: dict[str, Any] = {name: _Later(plain, frozen=frozen) for name in names}
    if frozen:  # an instance cannot be given its fields back one by one
        body |= {"__getstate__": _state, "__setstate__": _restore}
    body |= {name: own for name, own in _body(plain).items() if name not in fields}
    return _class(plain, body | {"__slots__": tuple(name for name in fields if name not in inherited)})


def _write(slotted: type, plain: type, *, frozen: bool, whole: bool) -> None:
    """Let the standard library generate the methods on the class as it was declared, and copy them over."""
    copy: type[Any] = _class(plain, _body(plain))
    dataclasses.dataclass(frozen=frozen, slots=True, eq=whole, repr=whole)(copy)  # noqa: TID251  # it writes them
    for name, written in vars(copy).items():
        if isinstance(vars(slotted).get(name), _Later) and (whole or name in _FIRST):
            setattr(slotted, name, written)


def _body(plain: type) -> dict[str, Any]:
    return {name: own for name, own in vars(plain).items() if name not in {"__dict__", "__weakref__"}}


def _class(plain: type[C], body: dict[str, Any]) -> type[C]:
    """A class made like `plain`, with another body."""
    metaclass: Any = type(plain)
    made: type[C] = metaclass(plain.__name__, plain.__bases__, body)
    made.__qualname__ = plain.__qualname__
    return made


def _state(self: Any) -> list[object]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


class _LaterModule(ModuleType):
    """Stands in for a module that is loaded on first use."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def module(name: str) -> ModuleType:
    """A module that is loaded when it is first used; for a type checker, import it beside this."""
    return _LaterModule(name)


if not TYPE_CHECKING:

    def dataclass(*, slots: bool, frozen: bool = False) -> Callable[[type[C]], type[C]]:
        """Declare a dataclass with slots; its methods are generated when one of them is first used.

        Args:
            slots: True. A class without slots takes the standard library's own.
            frozen: As the standard library has it.
        """
        if not slots:
            raise TypeError("Only a dataclass with slots is written lazily.")
        return lambda plain: _declared(plain, frozen=frozen)
