"""Values made quickly are those that their class makes, but for the time it takes."""

from __future__ import annotations

import copy
import inspect
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from cwtui.domain.plans import Change, Plan
from cwtui.domain.psa import AdditionValues
from cwtui.domain.quick import quickly


@dataclass(frozen=True, slots=True)
class Point:
    """Two fields, one with a default."""

    x: int
    y: int = 0

    @property
    def far(self) -> int:
        """Something to call."""
        return self.x + self.y


new_point = quickly(Point)


def test_a_value_made_quickly_is_one_of_its_class() -> None:
    made = new_point(1, 2)
    assert type(made) is Point
    assert made == Point(1, 2) == new_point(y=2, x=1) == replace(new_point(1), y=2)
    assert (repr(made), hash(made), made.far) == (repr(Point(1, 2)), hash(Point(1, 2)), 3)
    assert copy.copy(made) == copy.deepcopy(made) == made


def test_nothing_of_it_can_be_set_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        new_point(1).x = 2  # type: ignore[misc]


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"z": 3}), ((1,), {"x": 1})])
def test_wrong_arguments_are_refused(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        new_point(*given, **named)


@pytest.mark.parametrize("cls", [Change, Plan, AdditionValues])
def test_it_takes_what_the_class_takes(cls: type) -> None:
    assert str(inspect.signature(quickly(cls))) == str(inspect.signature(cls))


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
            quickly(cls)
