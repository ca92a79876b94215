"""A lazy dataclass is the standard library's in everything, but for when its methods are written."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

import pytest

import cwtui
from cwtui.domain import lazily
from cwtui.domain.lazily import _Later

T = TypeVar("T")


class Kinds(NamedTuple):
    """The same classes, declared by one decorator."""

    value: Any
    longer: Any
    box: Any
    checked: Any
    changing: Any
    plain: Any


def kinds(dataclass: Any) -> Kinds:
    @dataclass(frozen=True, slots=True)
    class Value:
        """A value."""

        name: str
        count: int = 1
        tags: list[str] = dataclasses.field(default_factory=list, compare=False)
        hidden: str = dataclasses.field(default="", repr=False, kw_only=True)

        @property
        def doubled(self) -> int:
            return 2 * self.count

    @dataclass(frozen=True, slots=True)
    class Longer(Value):
        """A value with more to it, and another default."""

        count: int = 7
        more: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True)
    class Box(Generic[T]):
        """A value of some type."""

        inside: T

    @dataclass(frozen=True, slots=True)
    class Checked:
        """A value that looks at itself, and shows itself in its own way."""

        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError("below zero")

        def __repr__(self) -> str:
            return f"number {self.number}"

    @dataclass(slots=True)
    class Changing:
        """What changes."""

        name: str = ""
        seen: dict[str, int] = dataclasses.field(default_factory=dict)
        made: str = dataclasses.field(init=False)
        kept: int = dataclasses.field(default=5, init=False)

        def __post_init__(self) -> None:
            self.made = self.name.upper()

    class Plain(Value):  # no dataclass of its own
        def __init__(self, name: str) -> None:
            super().__init__(name, 3)

    return Kinds(Value, Longer, Box, Checked, Changing, Plain)


def matched(one: Any, of: Any) -> tuple[object, ...]:
    match one:
        case of(name, count):
            return name, count
        case _:
            return ()


def assigned(one: Any, name: str) -> None:
    setattr(one, name, "other")


def deleted(one: Any) -> None:
    del one.name


def pickled(one: Any) -> tuple[object, ...]:
    return tuple(one.__reduce_ex__(4)[2] or ())


ASKED: dict[str, Callable[[Kinds], object]] = {
    "positions": lambda of: repr(of.value("a", 2, ["x"])),
    "keywords": lambda of: repr(of.value(name="a", hidden="h")),
    "default": lambda of: of.value("a").count,
    "a default of its own each": lambda of: of.value("a").tags is of.value("a").tags,
    "a name too few": lambda of: of.value(),
    "a name too many": lambda of: of.value("a", other=1),
    "keyword only": lambda of: of.value("a", 1, [], "h"),
    "equal": lambda of: (
        of.value("a") == of.value("a"),
        of.value("a") == of.value("b"),
        of.value("a") != of.value("a"),
    ),
    "equal but for what is not compared": lambda of: of.value("a", tags=["x"]) == of.value("a"),
    "equal to another kind": lambda of: of.value("a") == of.longer("a", 1),
    "hash": lambda of: hash(of.value("a", 2)),
    "in a set": lambda of: len({of.value("a"), of.value("a"), of.value("b")}),
    "unhashable": lambda of: hash(of.changing()),
    "unhashable by type": lambda of: of.changing.__hash__,
    "frozen": lambda of: assigned(of.value("a"), "name"),
    "frozen against deletion": lambda of: deleted(of.value("a")),
    "not frozen": lambda of: assigned(of.changing("a"), "name"),
    "no other name": lambda of: assigned(of.changing("a"), "other"),
    "property": lambda of: of.value("a", 4).doubled,
    "inherited": lambda of: repr(of.longer("a", more=(1,))),
    "inherited first": lambda of: dataclasses.asdict(of.longer("a")),
    "inherited slots": lambda of: of.longer.__slots__,
    "inherited by no dataclass": lambda of: repr(of.plain("a")),
    "generic": lambda of: repr(of.box[int](3)),
    "generic parameters": lambda of: of.box.__parameters__,
    "looks at itself": lambda of: of.checked(-1),
    "its own repr": lambda of: repr(of.checked(1)),
    "made by itself": lambda of: of.changing("a").made,
    "signature": lambda of: [inspect.signature(one) for one in of],
    "annotations": lambda of: [one.__init__.__annotations__ for one in of],
    "default of what is not given": lambda of: of.changing("a").kept,
    "matched by position": lambda of: matched(of.value("a", 2), of.value),
    "match arguments": lambda of: of.value.__match_args__,
    "field names": lambda of: [field.name for field in dataclasses.fields(of.value)],
    "field names of an instance": lambda of: [field.name for field in dataclasses.fields(of.longer("a"))],
    "field defaults": lambda of: [field.default for field in dataclasses.fields(of.longer)],
    "field types": lambda of: [field.type for field in dataclasses.fields(of.longer)],
    "is one": lambda of: (dataclasses.is_dataclass(of.value), dataclasses.is_dataclass(of.value("a"))),
    "parameters": lambda of: [
        getattr(of.value.__dataclass_params__, name) for name in ("eq", "frozen", "init", "repr")
    ],
    "replaced": lambda of: repr(dataclasses.replace(of.value("a", 2), name="b")),
    "as a dictionary": lambda of: dataclasses.asdict(of.value("a", 2, ["x"])),
    "as a tuple": lambda of: dataclasses.astuple(of.value("a")),
    "type hints": lambda of: get_type_hints(of.value, localns={}),
    "copied": lambda of: copy.copy(of.value("a", 2)) == of.value("a", 2),
    "copied deep": lambda of: repr(copy.deepcopy(of.value("a", 2, ["x"]))),
    "copied though it changes": lambda of: repr(copy.deepcopy(of.changing("a", {"x": 1}))),
    "state": lambda of: pickled(of.value("a", 2)),
    "slots": lambda of: of.value.__slots__,
    "no dictionary": lambda of: hasattr(of.value("a"), "__dict__"),
    "names": lambda of: (of.value.__name__, of.value.__qualname__, of.value.__module__, of.value.__doc__),
    "without its init": lambda of: of.value.__new__(of.value) == of.value("a"),
    "compared without its init": lambda of: repr(of.value.__new__(of.value)),
    "frozen without its init": lambda of: assigned(of.value.__new__(of.value), "name"),
}


if sys.version_info >= (3, 13):
    ASKED["replaced by copy"] = lambda of: repr(copy.replace(of.value("a", 2), name="b"))


def answer(ask: Callable[[Kinds], object], of: Kinds) -> tuple[str, str]:
    try:
        return "answer", repr(ask(of))
    except Exception as error:  # noqa: BLE001  # which one it is, is what is compared
        return type(error).__name__, str(error)


@pytest.mark.parametrize("what", ASKED)
def test_it_is_the_standard_librarys_in_everything(what: str) -> None:
    own, theirs = kinds(lazily.dataclass), kinds(dataclasses.dataclass)
    assert answer(ASKED[what], own) == answer(ASKED[what], theirs)
    assert answer(ASKED[what], own) == answer(ASKED[what], theirs), "the same when everything is written"


@lazily.dataclass(frozen=True, slots=True)
class Pickled:
    name: str
    count: int = 0


def test_a_frozen_value_is_pickled_and_comes_back_where_nothing_of_it_is_written() -> None:
    sent = pickle.dumps(Pickled("a", 2))
    assert pickle.loads(sent) == Pickled("a", 2)  # noqa: S301  # our own


@lazily.dataclass(frozen=True, slots=True)
class Unused:
    name: str


def test_only_what_is_asked_for_is_written() -> None:
    def waiting() -> set[str]:
        return {name for name, one in vars(Unused).items() if isinstance(one, _Later)}

    assert {"__init__", "__eq__", "__hash__", "__repr__", "__setattr__", "__dataclass_fields__"} <= waiting()
    one = Unused("a")
    assert "__init__" not in waiting()
    assert {"__eq__", "__hash__", "__repr__"} <= waiting()
    assert one == Unused("a")
    assert waiting() == set()


def test_threads_that_ask_first_together_all_get_a_value() -> None:
    for _ in range(20):
        of, start = kinds(lazily.dataclass), threading.Barrier(8)
        made: list[Any] = []

        def make(of: Kinds = of, start: threading.Barrier = start, made: list[Any] = made) -> None:
            start.wait()
            made.append(of.longer("a", tags=["x"]))

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [one.tags for one in made] == [["x"]] * 8


def test_one_without_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="slots"):
        lazily.dataclass(slots=False)


def _modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(cwtui.__path__, "cwtui."):
        if not found.name.startswith(("cwtui.sandbox", "cwtui.tui")):
            yield found.name


def test_every_dataclass_of_the_program_can_be_written_and_has_a_slot_for_each_field() -> None:
    lazy = set()
    for name in _modules():
        for one in vars(importlib.import_module(name)).values():
            if isinstance(one, type) and one.__module__ == name and "__dataclass_fields__" in vars(one):
                lazy.add(one)
    for one in lazy:
        names = [field.name for field in dataclasses.fields(one)]
        slots = {slot for base in one.__mro__ for slot in vars(base).get("__slots__", ())}
        assert set(names) <= slots or hasattr(one, "__dict__"), one
    assert len(lazy) > 150
