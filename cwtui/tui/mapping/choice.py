"""Converts the engine's choices into entries of a list."""

from __future__ import annotations

from cwtui.engine.mapping.choices import Choices
from cwtui.tui.mapping.rows import CONNECTWISE_WORD, PERCENT
from cwtui.tui.widgets.fuzzy_picker import Entry, FuzzyPicker, Ranked

_NOW = "mapped to it now"


def entries_of(choices: Choices) -> list[Entry]:
    """Everything that can be chosen, and why not."""
    return [
        Entry(choice.name, _detail(choice.detail, choice.connectwise_id), choice.why_not) for choice in choices.entries
    ]


def _detail(detail: str, number: int) -> str:
    return f"{detail} · {number}" if detail else str(number)


def ranked_of(choices: Choices) -> list[Ranked]:
    """The suggestions, best first; then what it is mapped to now."""
    ranked = []
    for suggestion in choices.suggestions:
        place = choices.place_of(suggestion.connectwise_id)
        if place is not None:
            now = f", {_NOW}" if suggestion.connectwise_id == choices.current else ""
            ranked.append(Ranked(place, suggestion.score * PERCENT, suggestion.reason + now))
    place = None if choices.current is None else choices.place_of(choices.current)
    if place is not None and all(one.index != place for one in ranked):
        ranked.append(Ranked(place, 0, _NOW))
    return ranked


def picker_of(choices: Choices) -> FuzzyPicker:
    """A list over the screen."""
    word = CONNECTWISE_WORD[choices.key.kind]
    charge = f", {choices.key.charge} charge" if choices.key.charge else ""
    title = f"{word.capitalize()} for {choices.name}{charge}"
    placeholder = f"Type to search all {len(choices.entries):,} entries"
    return FuzzyPicker(
        title, entries_of(choices), choices.search, suggestions=ranked_of(choices), placeholder=placeholder
    )
