"""The meanings of colours; a symbol or a word always says the same."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """The few meanings that colours have; the stylesheet says which colours."""

    NORMAL = "normal"
    HEADING = "heading"
    MUTED = "muted"
    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"


TONE_STYLES = {
    Tone.NORMAL: "",
    Tone.HEADING: "bold",
    Tone.MUTED: "$text-muted",
    Tone.GOOD: "$text-success",
    Tone.ATTENTION: "$text-warning",
    Tone.BAD: "$text-error",
}
"""The same for `Content`, whose styles are written with theme variables."""
