"""Every key of every screen, dialog and widget can be found out: named, explained, and no two for one thing."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

import cwtui.tui
from cwtui.tui.widgets.plain_input import PlainInput


def _with_keys() -> Iterator[type[DOMNode]]:
    for found in pkgutil.walk_packages(cwtui.tui.__path__, "cwtui.tui."):
        module = importlib.import_module(found.name)
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, DOMNode) and one.__module__ == module.__name__:
                yield one


WITH_KEYS = [
    pytest.param(one, id=one.__name__)
    for one in _with_keys()
    if "BINDINGS" in vars(one) and one is not PlainInput  # whose keys are Textual's
]
SCREENS = [pytest.param(one, id=one.__name__) for one in _with_keys() if issubclass(one, Screen)]
BASES = {"WorkScreen", "ListScreen", "MappingFiles", "Dialog", "TaskListScreen"}
"""What screens are made of."""


@pytest.mark.parametrize("node", WITH_KEYS)
def test_every_key_has_a_name_a_word_and_an_explanation(node: type[DOMNode]) -> None:
    bindings = list(Binding.make_bindings(vars(node)["BINDINGS"]))
    assert bindings
    for binding in bindings:
        assert binding.id, binding
        assert binding.description, binding
        assert binding.tooltip, binding
        assert binding.tooltip != binding.description, binding
        assert len(binding.description) <= 14, binding


@pytest.mark.parametrize("node", WITH_KEYS)
def test_no_key_is_bound_twice(node: type[DOMNode]) -> None:
    keys = Counter(binding.key for binding in Binding.make_bindings(vars(node)["BINDINGS"]))
    assert [key for key, times in keys.items() if times > 1] == []


def test_no_two_actions_share_a_name() -> None:
    actions: dict[str, set[str]] = {}
    for parameter in WITH_KEYS:
        node = parameter.values[0]
        for binding in Binding.make_bindings(vars(node)["BINDINGS"]):
            actions.setdefault(str(binding.id), set()).add(binding.action)
    assert {name: done for name, done in actions.items() if len(done) > 1} == {}


@pytest.mark.parametrize("screen", [one for one in SCREENS if one.id not in BASES])
def test_every_screen_says_what_it_is_for(screen: type[Screen[object]]) -> None:
    assert screen.HELP
