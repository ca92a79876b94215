"""`cwtui --version --verbose`: what a bug report needs, and no secret."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cwtui import __version__
from cwtui.cli.answer import answer, answer_json
from cwtui.cli.global_options import current_options
from cwtui.domain.errors import CwtuiError
from cwtui.locations import config_path, state_path
from cwtui.options import DEFAULT_PROFILE
from cwtui.settings import load_settings

_PACKAGES = ("textual", "rich", "httpx", "pydantic", "click", "tinydb", "keyring", "apprise", "psycopg")
_TERMINAL = ("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "LANG", "LC_ALL")


def tell_versions() -> None:
    """Print it, a line each; with --json as one document."""
    found = dict(_facts(os.environ))
    if current_options().json:
        answer_json(found)
        return
    widest = max(map(len, found))
    answer("\n".join(f"{name:<{widest}}  {value}" for name, value in found.items()))


def _facts(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "cwtui", __version__
    yield "python", f"{platform.python_implementation()} {platform.python_version()}"
    for name in _PACKAGES:
        yield name, _version_of(name)
    yield "system", platform.platform()
    yield "terminal", _terminal(environment)
    yield from _places()


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _terminal(environment: Mapping[str, str]) -> str:
    size = shutil.get_terminal_size()
    parts = [f"{size.columns}x{size.lines}", f"output {sys.stdout.encoding}"]
    parts += [f"{name}={environment[name]}" for name in _TERMINAL if environment.get(name)]
    parts += [word for name, word in (("TMUX", "in tmux"), ("SSH_CONNECTION", "over ssh")) if environment.get(name)]
    return ", ".join(parts) + ("" if sys.stdout.isatty() else ", output is no terminal")


def _places() -> Iterator[tuple[str, str]]:
    options = current_options().options()
    if options.demo:
        yield "settings", "none: the demo"
        yield "state", f"file {options.state}" if options.state else "a folder that the demo throws away"
        return
    path = config_path(options.config)
    there = "" if path.exists() else " (not there)"
    yield "settings", f"{path}{there}, profile {options.profile or DEFAULT_PROFILE}"
    try:
        place = load_settings(options.config, options.profile).state
    except CwtuiError as error:
        yield "state", f"not known: {error.happened}"
        return
    if place.url and options.state is None:
        yield "state", "PostgreSQL"
    else:
        kept = state_path(options.state or (Path(place.path) if place.path else None), options.profile)
        yield "state", f"file {kept}{'' if kept.exists() else ' (not there)'}"
