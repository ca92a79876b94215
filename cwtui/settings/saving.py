"""Writes the settings file: the template for a newcomer, and the changes of the setup screen.

Rule: settings.md#where-settings-come-from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, MutableMapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from cwtui.domain.errors import ConfigError
from cwtui.locations import checked_profile
from cwtui.options import DEFAULT_PROFILE
from cwtui.settings.file import PROFILES, UNTOUCHED, parse_document, profile_table, read_file
from cwtui.settings.keyring_secrets import forget_secret, write_secret
from cwtui.settings.loading import nearest_key, settings_from
from cwtui.settings.model import ALLOWED, SECRET_KEYS
from cwtui.settings.template import TEMPLATE
from cwtui.store.files import open_private, write_all, write_atomically

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

Value = str | int | float | bool | Decimal | Iterable[str] | None


def write_template(path: Path) -> None:
    """Write the commented template, for its owner alone; `ConfigError` if there is a file already."""
    _make_folder(path)
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        raise ConfigError(
            f"There is a settings file {path} already.",
            changed="It was left as it is.",
            next_step="Edit it, or name another one with --config.",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        write_all(descriptor, TEMPLATE.encode())
    except OSError as error:
        path.unlink()  # a part of it would stand in the way of the next try
        raise _unwritable(path, error) from error
    finally:
        os.close(descriptor)


def save_settings(
    changes: Mapping[str, Value], path: Path, profile: str = DEFAULT_PROFILE, *, use_keyring: bool = True
) -> dict[str, str]:
    """Change some settings of one profile and keep everything else in the file, comments too.

    Secrets go to the keyring where one works, else to the file, which is for its owner alone from then on.

    Args:
        changes: Key (`connectwise.private_key`) → value; None removes the setting.
        path: The settings file; made, with its folder, if it does not exist.
        profile: The profile to change; made if the file does not have it.
        use_keyring: False puts secrets into the file in any case.

    Returns:
        Where each secret went: key → `keyring` or `file`.

    Raises:
        ConfigError: For a wrong key or value, or a file that cannot be read or written. Nothing is changed then.
    """
    for key in changes:
        if key not in ALLOWED:
            raise ConfigError(f"There is no setting {key}.", next_step=f"Did you mean {nearest_key(key)}?")
    require_known(changes.get("notify.urls"))
    path = path.resolve()  # a symbolic link stays one
    document = _document(path)
    _apply(document, checked_profile(profile), changes)
    _refuse_wrong_values(document, path, profile)
    in_keyring = {
        key: value
        for key, value in changes.items()
        if use_keyring and key in SECRET_KEYS and value and write_secret(profile, key, _keyring_text(value))
    }
    for key, value in changes.items():
        if key in SECRET_KEYS and not value:
            forget_secret(profile, key)
    _apply(document, profile, dict.fromkeys(in_keyring, None))
    _write(document, path)
    return {key: "keyring" if key in in_keyring else "file" for key in changes if key in SECRET_KEYS and changes[key]}


def save_usage(name: str, layout: Mapping[str, object], path: Path, profile: str = DEFAULT_PROFILE) -> None:
    """Add a column profile, `[usage.NAME]`, to one profile and keep everything else in the file, comments too.

    Raises:
        ConfigError: For a wrong value, or a file that cannot be read or written. Nothing is changed then.
    """
    import tomlkit  # noqa: PLC0415  # only a person changing settings needs it

    path = path.resolve()  # a symbolic link stays one
    document = _document(path)
    usage = _table(_profile(document, checked_profile(profile)), "usage", is_super=True)
    table = tomlkit.table()
    for key, value in layout.items():
        table[key] = dict(value) if isinstance(value, Mapping) else value
    usage[name] = table
    _refuse_wrong_values(document, path, profile)
    _write(document, path)


def _document(path: Path) -> TOMLDocument:
    """The settings file with its comments; an empty one where there is none."""
    import tomlkit  # noqa: PLC0415  # only a person changing settings needs it

    read_file(path, required=False)
    return tomlkit.parse(path.read_bytes().decode("utf-8-sig")) if path.exists() else tomlkit.document()


def _write(document: TOMLDocument, path: Path) -> None:
    import tomlkit  # noqa: PLC0415

    _make_folder(path)
    write_atomically(path, [tomlkit.dumps(document).encode()])


def require_known(urls: Value) -> None:
    """Raise `ConfigError` where no notification service understands an address; never repeats it."""
    if problem := unknown_address(urls):
        raise ConfigError(f"notify.urls is wrong: {problem}.", changed=UNTOUCHED, next_step="Correct that address.")


def unknown_address(value: Value) -> str:
    """Which address of a list no service of Apprise understands, in words; empty if none. Never repeats it."""
    from cwtui.services.notify import is_known  # noqa: PLC0415  # only a person changing settings needs it

    urls = [value] if isinstance(value, str) else value if isinstance(value, Iterable) else ()
    wrong = [number for number, url in enumerate(urls, 1) if url and not is_known(url)]
    return f"address {wrong[0]} is none that a notification service understands" if wrong else ""


def _keyring_text(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value) if isinstance(value, Iterable) else str(value)


def _apply(document: TOMLDocument, profile: str, changes: Mapping[str, Value]) -> None:
    """Set and remove settings; a section whose only value is a secret in the keyring stays, empty, as a sign of it."""
    table = _profile(document, profile)
    for key, value in changes.items():
        section_name, name = key.split(".")
        section = _table(table, section_name)
        if value is None or value == "":
            section.pop(name, None)
        else:
            section[name] = _toml(value)


def _profile(document: TOMLDocument, profile: str) -> MutableMapping[str, object]:
    """Where the settings of a profile stand; made if it is not there."""
    named = profile != DEFAULT_PROFILE or profile in document.get(PROFILES, {})
    return _table(_table(document, PROFILES, is_super=True), profile, is_super=True) if named else document


def _table(parent: MutableMapping[str, object], name: str, *, is_super: bool = False) -> MutableMapping[str, object]:
    import tomlkit  # noqa: PLC0415

    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=is_super)
    found = parent[name]
    if not isinstance(found, MutableMapping):
        raise ConfigError(f"{name} in the settings file is not a table.", next_step=f"Write it as [{name}].")
    return found


def _toml(value: Value) -> object:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        return int(value) if value == int(value) else float(value)
    return [str(part) for part in value or ()]


def _refuse_wrong_values(document: TOMLDocument, path: Path, profile: str) -> None:
    """Read what is about to be written exactly as the next start will."""
    import tomlkit  # noqa: PLC0415

    plain = parse_document(tomlkit.dumps(document).encode(), path)
    settings_from(profile_table(plain, profile, path), path=path, profile=profile)


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The settings file {path} cannot be written: {error.strerror}.",
        changed=UNTOUCHED,
        next_step="Make room or correct the permissions of its folder, or name another file with --config.",
    )
