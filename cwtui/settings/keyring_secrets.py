"""Secrets in the operating system's keyring, under the service name `cwtui:<profile>` (settings.md#secrets)."""

from __future__ import annotations

from types import ModuleType


def service_name(profile: str) -> str:
    """The keyring's service name of a profile; the user name is the key (`connectwise.private_key`)."""
    return f"cwtui:{profile}"


def _keyring() -> ModuleType:
    import keyring  # noqa: PLC0415  # costs as much as the rest of cwtui's start; asked only for what is missing
    import keyring.errors  # noqa: PLC0415

    return keyring


def read_secret(profile: str, key: str) -> tuple[str, str]:
    """The secret and an empty text, or an empty text and the reason why the keyring could not be asked.

    No keyring at all, as on most servers, is not a failure: there is simply nothing in it.
    """
    keyring = _keyring()
    try:
        return keyring.get_password(service_name(profile), key) or "", ""
    except keyring.errors.NoKeyringError:
        return "", ""
    except keyring.errors.KeyringError as error:
        return "", f"the keyring could not be read: {type(error).__name__}"


def write_secret(profile: str, key: str, secret: str) -> bool:
    """Put a secret into the keyring; False if none works here. A keyring that forgets does not work either."""
    keyring = _keyring()
    try:
        keyring.set_password(service_name(profile), key, secret)
        kept: bool = keyring.get_password(service_name(profile), key) == secret
    except keyring.errors.KeyringError:
        return False
    return kept


def forget_secret(profile: str, key: str) -> None:
    """Remove a secret, if it is there and the keyring works."""
    keyring = _keyring()
    try:
        if keyring.get_password(service_name(profile), key) is not None:
            keyring.delete_password(service_name(profile), key)
    except keyring.errors.KeyringError:
        return
