from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from cwtui.domain.errors import ConfigError, StateError
from cwtui.settings import ALLOWED, SECRET_KEYS, load_settings
from cwtui.settings.saving import save_settings, write_template

OPERATORS_FILE = """\
# our reseller
[connectwise]
company_id = "old"   # ask Sam

[sync]
prorate = "none"

[profiles.west.sync]
concurrency = 4
"""


class DictKeyring(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's backends are untyped
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def working_keyring() -> Iterator[DictKeyring]:
    before = keyring.get_keyring()
    found = DictKeyring()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(OPERATORS_FILE)
    path.chmod(0o644)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_template_is_private_valid_and_names_every_setting(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "config.toml"
    old = os.umask(0)
    try:
        write_template(path)
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    load_settings(path)
    text = path.read_text()
    for key in ALLOWED:
        assert key.split(".")[1] in text, key
    uncommented = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") and len(line) > 1 else line
        for line in text.splitlines()
    )
    path.write_text(uncommented)
    load_settings(path)
    load_settings(path, "west")


def test_the_template_never_overwrites(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"already.*left as it is"):
        write_template(path)
    assert path.read_text() == OPERATORS_FILE


def test_the_template_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_template(tmp_path / "file" / "config.toml")


def test_a_template_on_a_full_disk_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("cwtui.settings.saving.write_all", full)
    with pytest.raises(ConfigError, match=r"No space left.*Make room"):
        write_template(tmp_path / "config.toml")
    assert list(tmp_path.iterdir()) == []


def test_saving_keeps_comments_and_everything_else(path: Path) -> None:
    save_settings({"connectwise.company_id": "new", "sync.auto": True, "sync.auto_customers": ("a", "b")}, path)
    text = path.read_text()
    assert '# our reseller\n[connectwise]\ncompany_id = "new"   # ask Sam' in text
    settings = load_settings(path)
    assert (settings.connectwise.company_id, settings.sync.auto) == ("new", True)
    assert (settings.sync.prorate, settings.sync.auto_customers) == ("none", ("a", "b"))
    assert load_settings(path, "west").sync.concurrency == 4


def test_saving_into_profiles_old_and_new(path: Path) -> None:
    save_settings({"sync.concurrency": 5}, path, "west")
    save_settings({"sync.concurrency": 6, "connectwise.company_id": "east"}, path, "east")
    assert [load_settings(path, name).sync.concurrency for name in ("default", "west", "east")] == [16, 5, 6]
    assert load_settings(path, "east").connectwise.company_id == "east"


def test_none_removes_a_setting(path: Path) -> None:
    save_settings({"sync.prorate": None}, path)
    assert load_settings(path).source("sync.prorate") == "default"


def test_secrets_go_to_a_keyring_that_works(path: Path, working_keyring: DictKeyring) -> None:
    placed = save_settings({"marketplace.password": "hush", "notify.urls": ["json://a", "json://b"]}, path)
    assert placed == {"marketplace.password": "keyring", "notify.urls": "keyring"}
    assert "hush" not in path.read_text()
    assert working_keyring.kept["cwtui:default", "marketplace.password"] == "hush"
    settings = load_settings(path)
    assert settings.marketplace.password.get_secret_value() == "hush"
    assert [url.get_secret_value() for url in settings.notify.urls] == ["json://a", "json://b"]
    save_settings({"marketplace.password": None}, path)
    assert ("cwtui:default", "marketplace.password") not in working_keyring.kept


def test_a_secret_moves_from_the_file_to_the_keyring(path: Path, working_keyring: DictKeyring) -> None:
    save_settings({"marketplace.password": "hush-1"}, path, use_keyring=False)
    assert "hush-1" in path.read_text()
    save_settings({"marketplace.password": "hush-2"}, path)
    assert "hush" not in path.read_text()
    assert load_settings(path).source("marketplace.password") == "keyring cwtui:default"
    assert len(working_keyring.kept) == 1


def test_without_a_working_keyring_secrets_go_to_the_file_which_is_made_private(path: Path) -> None:
    assert mode(path) == 0o644
    assert save_settings({"marketplace.password": "hush"}, path) == {"marketplace.password": "file"}
    assert mode(path) == 0o600
    assert load_settings(path).marketplace.password.get_secret_value() == "hush"


def test_a_first_file_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    save_settings(dict.fromkeys(SECRET_KEYS - {"notify.urls"}, "hush"), path)
    assert mode(path) == 0o600
    assert len(load_settings(path).missing) == 6


def test_a_symbolic_link_stays_one(path: Path) -> None:
    link = path.with_name("link.toml")
    link.symlink_to(path)
    save_settings({"sync.auto": True}, link)
    assert link.is_symlink()
    assert load_settings(path).sync.auto


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sync.prorat": "all"}, "Did you mean sync.prorate"),
        ({"sync.prorate": "some"}, "all, changes or none"),
        ({"connectwise.base_url": "http://example.com"}, "unencrypted"),
    ],
)
def test_what_is_wrong_is_not_saved(path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        save_settings(changes, path)
    assert path.read_text() == OPERATORS_FILE


def test_a_section_that_is_no_table_is_not_touched(path: Path) -> None:
    path.write_text("sync = 3\n")
    with pytest.raises(ConfigError, match="not a table"):
        save_settings({"sync.auto": True}, path)
    assert path.read_text() == "sync = 3\n"


def test_a_folder_that_cannot_be_written(path: Path) -> None:
    in_the_way = path.parent / "a file where the folder should be"
    in_the_way.write_text("")
    with pytest.raises((ConfigError, StateError), match=r"could not be written|cannot be written|cannot be read"):
        save_settings({"sync.auto": True}, in_the_way / "config.toml")
    assert in_the_way.read_text() == ""
