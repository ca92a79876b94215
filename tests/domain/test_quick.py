"""Quickly made values are what `dataclasses` makes of them, but for the time it takes."""

from __future__ import annotations

import copy
import inspect
from dataclasses import FrozenInstanceError, dataclass, field, fields, make_dataclass, replace

import pytest

from cwtui.domain.plans import Arithmetic, Change, Plan
from cwtui.domain.psa import Addition, AdditionValues
from cwtui.domain.quick import made_quickly


@made_quickly
@dataclass(frozen=True, slots=True)
class Point:
    """Two fields, one with a default."""

    x: int
    y: int = 0


def test_a_value_is_made_by_position_by_name_and_by_default() -> None:
    assert Point(1, 2) == Point(y=2, x=1) == replace(Point(1), y=2)
    assert repr(Point(1)).endswith("Point(x=1, y=0)")
    assert {Point(1), Point(1, 0)} == {Point(1)}
    assert copy.copy(Point(1, 2)) == copy.deepcopy(Point(1, 2)) == Point(1, 2)


def test_nothing_can_be_set_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"z": 3}), ((1,), {"x": 1})])
def test_wrong_arguments_are_refused(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        Point(*given, **named)


@pytest.mark.parametrize("made", [Change, Plan, Arithmetic, AdditionValues, Addition])
def test_it_takes_what_dataclasses_would_take(made: type) -> None:
    usual = make_dataclass("Usual", [(one.name, one.type, field(default=one.default)) for one in fields(made)])
    assert str(inspect.signature(made)) == str(inspect.signature(usual))


def test_a_class_that_does_more_than_fill_its_fields_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Lists:
        names: list[str] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Checks:
        name: str

        def __post_init__(self) -> None:
            raise AssertionError

    for cls in (Lists, Checks):
        with pytest.raises(TypeError):
            made_quickly(cls)
