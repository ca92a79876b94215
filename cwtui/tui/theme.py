"""The two themes of cwtui, and how `NO_COLOR` turns colours off.

The stylesheet names no colours; these do. Every text stands out from what is behind it by 4.5 to 1 at least, the
ratio that WCAG asks for.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="cwtui-dark",
    primary="#58a6ff",
    secondary="#79c0ff",
    accent="#d2a8ff",
    warning="#e3b341",
    error="#ff7b72",
    success="#56d364",
    foreground="#e6edf3",
    background="#0d1117",
    surface="#131920",
    panel="#202832",
    dark=True,
    variables={
        "foreground-muted": "#9aa5b1",
        "block-cursor-background": "#1f5fb8",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#2b3947",
        "block-cursor-blurred-foreground": "#e6edf3",
        "primary-muted": "#13304f",
        "border": "#58a6ff",
        "border-blurred": "#3b4754",
        "footer-key-foreground": "#79c0ff",
        "scrollbar": "#3b4754",
        "scrollbar-hover": "#58a6ff",
        "scrollbar-active": "#58a6ff",
        "scrollbar-background": "#131920",
        "scrollbar-background-hover": "#131920",
        "scrollbar-background-active": "#131920",
    },
)
LIGHT = Theme(
    name="cwtui-light",
    primary="#0a58ca",
    secondary="#0550ae",
    accent="#6639ba",
    warning="#8a5300",
    error="#b3261e",
    success="#1a6b33",
    foreground="#1f2328",
    background="#ffffff",
    surface="#f8fafc",
    panel="#e4e9ee",
    dark=False,
    variables={
        "foreground-muted": "#57606a",
        "block-cursor-background": "#0a58ca",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#cdd7e1",
        "block-cursor-blurred-foreground": "#1f2328",
        "primary-muted": "#d3e4fb",
        "border": "#0a58ca",
        "border-blurred": "#9aa5b1",
        "footer-key-foreground": "#0550ae",
        "scrollbar": "#9aa5b1",
        "scrollbar-hover": "#0a58ca",
        "scrollbar-active": "#0a58ca",
        "scrollbar-background": "#f8fafc",
        "scrollbar-background-hover": "#f8fafc",
        "scrollbar-background-active": "#f8fafc",
    },
)


def ansi_color(environment: Mapping[str, str]) -> bool | None:
    """The value for `App(ansi_color=…)`, so that `NO_COLOR` means no colour at all.

    Textual alone turns colours into greys and still sends those; with `ansi_color` it sends none.

    Args:
        environment: `os.environ`, or what a test puts in its place.

    Returns:
        True where the user asked for no colour (https://no-color.org), else None: as the theme says.
    """
    return True if environment.get("NO_COLOR") else None
