"""All settings as one frozen model. The `description` of a field says which values it allows.

Rule: settings.md#where-settings-come-from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from cwtui.domain.errors import ConfigError
from cwtui.domain.lazily import dataclass
from cwtui.domain.plans import PriceSource, ProrateMode
from cwtui.domain.remedies import Action, Remedy
from cwtui.durations import DURATION_FORM
from cwtui.options import DEFAULT_PROFILE
from cwtui.services.connectwise_address import api_url
from cwtui.settings.fields import (
    BOOL_FORM,
    LIST_FORM,
    NO_SECRET,
    PATTERN_FORM,
    TEXT_FORM,
    URL_FORM,
    Auth,
    CustomerIds,
    MapAuto,
    NotifyOn,
    Pattern,
    Period,
    SecretTexts,
    Section,
    Sendable,
    SendableSecret,
    Url,
    listed,
    none_if_off,
    time_of_day,
)
from cwtui.settings.profile_keys import Headers, Values, refuse_unknown

ENV_PREFIX = "CWTUI_"
ENV_DELIMITER = "__"


class ConnectWise(Section):
    """The PSA's address and credentials; empty until they are set."""

    base_url: Url = Field("", description=URL_FORM)
    company_id: str = Field("", description=TEXT_FORM)
    public_key: str = Field("", description=TEXT_FORM, repr=False)
    private_key: SecretStr = Field(NO_SECRET, description=TEXT_FORM)
    client_id: Sendable = Field("", description=TEXT_FORM, repr=False)
    api_version: str = Field("2026.4", pattern=r"^(\d{4}\.\d{1,2})?$", description="a version such as 2026.4")

    @property
    def api_url(self) -> str:
        """The address of the REST API 3.0, without a closing slash; empty while `base_url` is."""
        return api_url(self.base_url)


class Marketplace(Section):
    """The marketplace's address and credentials; empty until they are set.

    Attributes:
        token_url: Where OAuth's tokens come from; may be on another host.
        requests_per_minute: Most requests in any minute; None is no limit.
    """

    base_url: Url = Field("", description=URL_FORM)
    auth: Auth = Field(Auth.BASIC, description="basic or oauth")
    username: str = Field("", description=TEXT_FORM)
    password: SecretStr = Field(NO_SECRET, description=TEXT_FORM)
    token_url: Url = Field("", description=URL_FORM)
    client_id: str = Field("", description=TEXT_FORM, repr=False)
    client_secret: SecretStr = Field(NO_SECRET, description=TEXT_FORM)
    scope: str = Field("", description="words apart by spaces")
    subscription_key: SendableSecret = Field(NO_SECRET, description="a text; empty where no gateway asks for one")
    marketplace: str = Field("", description=TEXT_FORM)
    requests_per_minute: Annotated[int | None, BeforeValidator(none_if_off)] = Field(
        None, ge=1, le=100_000, description='a whole number such as 60, or "off"'
    )

    @property
    def is_begun(self) -> bool:
        """Somebody set an address or a credential."""
        texts = (self.base_url, self.username, self.token_url, self.client_id)
        secrets = (self.password, self.client_secret, self.subscription_key)
        return any(texts) or any(secret.get_secret_value() for secret in secrets)


class Sync(Section):
    """How plans are made and written.

    Attributes:
        settle_s: How long a create of unknown outcome is given to appear before it is sent again.
        timeout_s: Seconds for one request.
        concurrency: Requests in flight per service.
    """

    price_source: PriceSource = Field(PriceSource.MARKETPLACE, description="marketplace or connectwise")
    price_decimals: int = Field(4, ge=0, le=8, description="a whole number from 0 to 8")
    prorate: ProrateMode = Field(ProrateMode.ALL, description="all, changes or none")
    auto: bool = Field(default=False, description=BOOL_FORM)
    every: Period = Field(timedelta(minutes=5), description=f"{DURATION_FORM}, in quotes")
    at: Annotated[time | None, BeforeValidator(time_of_day)] = Field(
        None, description='a time of day in UTC, such as "06:00"'
    )
    auto_customers: CustomerIds = Field((), description='a list of customers\' ids, ["1000001", "1000002"]')
    concurrency: int = Field(16, ge=1, le=64, description="a whole number from 1 to 64")
    timeout_s: float = Field(30.0, gt=0, le=3600, description="a number of seconds above 0, at most 3600")
    settle_s: float = Field(3.0, ge=0, le=600, description="a number of seconds from 0 to 600")


class MappingRules(Section):
    """What may be mapped without a person (mapping.md#automatic-mapping)."""

    auto: MapAuto = Field(MapAuto.OFF, description='"off" or "exact"')
    create_catalog_items: bool = Field(default=False, description=BOOL_FORM)


class Notify(Section):
    """Notifications: whom to tell about which events; Apprise URLs hold passwords and tokens, so they are secrets."""

    urls: SecretTexts = Field((), description=LIST_FORM)
    on: Annotated[frozenset[NotifyOn], BeforeValidator(listed)] = Field(
        frozenset({NotifyOn.ERRORS, NotifyOn.ACTION_NEEDED}),
        description="a list of errors, action_needed, created and synced",
    )
    remind: Period = Field(timedelta(days=1), description=f"{DURATION_FORM}, in quotes")


class StatePlace(Section):
    """Where the state is kept, and who shares it (hands.md#a-shared-state)."""

    path: str = Field("", description="the path of a file")
    group: str = Field("", description="the name of a group of this machine")
    url: str = Field("", description="postgresql://user@host/database, without a password")


class Guard(Section):
    """Limits that stop a plan or a run until a person has looked (plans.md#guards); percent, None is off."""

    max_quantity_change: Annotated[Decimal | None, BeforeValidator(none_if_off)] = Field(
        None, ge=0, description='a percentage such as 50, or "off"'
    )
    empty_feed: bool = Field(default=True, description=BOOL_FORM)


class VendorFiles(Section):
    """How a vendor's files are laid out and billed (files.md#profiles).

    Attributes:
        columns: A column by its own name → its header in the vendor's files.
        unsupported_skus: SKUs that are refused; a pattern.
        one_time_skus, recurring_skus: SKUs billed once, and every period; a SKU that fits neither is refused.
        most_shrunk: Percent of its rows that a report may have lost since the last one; None is no limit.
    """

    agreement_type: str = Field("Intermedia", min_length=1, description="the name of an agreement type")
    columns: dict[str, Headers] = Field(
        default_factory=dict, description='a table of column = "header in the file", [intermedia.columns]'
    )
    unsupported_skus: Pattern = Field("(?i)pbx|voice|voip", description=PATTERN_FORM)
    one_time_skus: Pattern = Field("(?i)O$", description=PATTERN_FORM)
    recurring_skus: Pattern = Field("(?i)R$", description=PATTERN_FORM)
    most_shrunk: Annotated[Decimal | None, BeforeValidator(none_if_off)] = Field(
        Decimal(50), ge=0, le=100, description='a percentage such as 50, or "off"'
    )


class Intermedia(VendorFiles):
    """Intermedia's files, and where its catalog items are created (files.md#profiles)."""

    category: str = Field("Hosted Services", min_length=1, description="the name of a product category")
    subcategory: str = Field("Intermedia", min_length=1, description="the name of a product sub-category")
    taxable: bool = Field(default=False, description=BOOL_FORM)


class UsageLayout(VendorFiles):
    """Another vendor's usage file: `[usage.NAME]`; see `cwtui.vendors.layouts.Layout` for what each key does."""

    agreement_type: str = Field(min_length=1, description="the name of an agreement type")
    unsupported_skus: Pattern = Field("", description=PATTERN_FORM)
    one_time_skus: Pattern = Field("", description=PATTERN_FORM)
    recurring_skus: Pattern = Field("", description=PATTERN_FORM)
    priced_names: bool = Field(default=False, description=BOOL_FORM)
    joined_by: str = ":"
    keep: dict[str, Values] = Field(default_factory=dict)
    skip: dict[str, Values] = Field(default_factory=dict)
    accounts_by: Literal["id", "name"] = "id"
    same_company: Literal["refuse", "add_up"] = "refuse"
    same_sku: Literal["add_up", "apart"] = "add_up"
    multiply_by: Decimal = Field(Decimal(1), gt=0)
    divide_by: Decimal = Field(Decimal(1), gt=0)
    round: Literal["", "up", "down", "half_up"] = ""
    decimals: int = Field(0, ge=0, le=6)
    quantity: Decimal | None = Field(None, ge=0)
    sku_columns: dict[str, str] = Field(default_factory=dict)
    price_from: Literal["catalog", "file"] = "catalog"
    sign: Literal[1, -1] = 1
    header_row: int | None = Field(None, ge=1)
    sheet: str = ""
    decimal_mark: Literal["", ".", ","] = ""

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, given: object) -> object:
        """Refuse an unknown key and name the nearest known one; likewise the keys of `columns`."""
        if isinstance(given, Mapping):
            from cwtui.vendors.layouts import COUNT_COLUMNS  # noqa: PLC0415  # start-up: most runs have no such file

            refuse_unknown(given, cls.model_fields, "")
            columns = given.get("columns", {})
            refuse_unknown(columns if isinstance(columns, Mapping) else {}, COUNT_COLUMNS, "columns.")
        return given


class Usage(Section):
    """Every `[usage.NAME]`, by name."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, UsageLayout]

    @model_validator(mode="before")
    @classmethod
    def begin_with_shipped(cls, given: object) -> object:
        """Lay settings over the profile of the same name that comes with the program."""
        if not isinstance(given, Mapping) or not given:
            return given
        from cwtui.vendors.profiles import is_shipped, shipped_profile  # noqa: PLC0415  # start-up, as above

        return {
            name: {**shipped_profile(name), **own} if isinstance(own, Mapping) and is_shipped(name) else own
            for name, own in given.items()
        }

    @property
    def layouts(self) -> Mapping[str, UsageLayout]:
        """The layouts there are."""
        return self.__pydantic_extra__ or {}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set of settings came from.

    Attributes:
        profile: The profile they belong to.
        path: The settings file, whether or not it exists.
        exists: There is such a file.
        sources: Key → `environment CWTUI_…`, `file …`, `keyring cwtui:…`; a key that is not in it is a default.
        keyring_failure: Why the keyring could not be asked, if it should have been.
    """

    profile: str = DEFAULT_PROFILE
    path: Path | None = None
    exists: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)
    keyring_failure: str = ""


class Settings(BaseModel):
    """Everything that may be configured. Made by `cwtui.settings.load_settings`, or from keywords alone in tests."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    connectwise: ConnectWise = Field(default_factory=ConnectWise)
    marketplace: Marketplace = Field(default_factory=Marketplace)
    sync: Sync = Field(default_factory=Sync)
    mapping: MappingRules = Field(default_factory=MappingRules)
    notify: Notify = Field(default_factory=Notify)
    guard: Guard = Field(default_factory=Guard)
    state: StatePlace = Field(default_factory=StatePlace)
    intermedia: Intermedia = Field(default_factory=Intermedia)
    usage: Usage = Field(default_factory=Usage)
    _origin: Origin = PrivateAttr(default_factory=Origin)

    def remember(self, origin: Origin) -> None:
        """Keep where the values came from; only the loader calls this."""
        self._origin = origin

    @property
    def origin(self) -> Origin:
        """Where the values came from."""
        return self._origin

    def source(self, key: str) -> str:
        """Where one value came from: `environment CWTUI_…`, `file …`, `keyring …` or `default`."""
        return self._origin.sources.get(key, "default")

    def value(self, key: str) -> object:
        """The value of `section.name`."""
        section, name = key.split(".")
        found: object = getattr(getattr(self, section), name)
        return found

    @property
    def names_files(self) -> bool:
        """Some setting is about Intermedia's files, or another vendor's."""
        return bool(self.usage.layouts) or any(key.startswith("intermedia.") for key in self._origin.sources)

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys of both services that have no value yet; empty when cwtui can connect."""
        return self.missing_for(files=self.names_files)

    def missing_for(self, *, files: bool) -> tuple[str, ...]:
        """Keys that have no value yet.

        Args:
            files: Vendors' files are in use. Then a marketplace without any setting is not missing.
        """
        keys = _CONNECTWISE_KEYS
        if self.marketplace.is_begun or not files:
            keys += _MARKETPLACE_KEYS[self.marketplace.auth]
        return tuple(key for key in keys if not _revealed(self.value(key)))

    def require_connections(self, *, files: bool | None = None) -> None:
        """Raise `ConfigError` unless the services in use are configured.

        Args:
            files: As for `missing_for`; False where the work itself needs the marketplace; None goes by whether the
                settings name any.
        """
        missing = self.missing_for(files=self.names_files if files is None else files)
        if not missing:
            return
        keyring = f" ({self._origin.keyring_failure})" if self._origin.keyring_failure else ""
        is_market_alone = (
            files is None and not self.marketplace.is_begun and all(key.startswith("marketplace.") for key in missing)
        )
        alone = " Intermedia alone needs none, once `intermedia.agreement_type` is set." if is_market_alone else ""
        raise ConfigError(
            f"Profile {self._origin.profile} has no {', '.join(missing)}{keyring}.{alone}",
            changed="No service was contacted and nothing was changed.",
            next_step=Remedy(Action.SET_UP, str(self._origin.path or "the settings file")),
        )


def _revealed(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _holds_secrets(annotation: object) -> bool:
    return annotation is SecretStr or any(_holds_secrets(part) for part in get_args(annotation))


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for section, outer in Settings.model_fields.items():
        model = outer.annotation
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"{section} is not a section")
        yield section, model


SECTIONS: Mapping[str, type[BaseModel]] = dict(_sections())
"""What reads each section."""


def _fields() -> Iterator[tuple[str, str, bool]]:
    for section, model in SECTIONS.items():
        for name, inner in model.model_fields.items():
            yield f"{section}.{name}", inner.description or TEXT_FORM, _holds_secrets(inner.annotation)


ALLOWED: Mapping[str, str] = {key: allowed for key, allowed, _ in _fields()}
"""Every key there is, in the order of the README's table → what it allows, in words."""

SECRET_KEYS = frozenset(key for key, _, secret in _fields() if secret)
"""Keys whose value is never printed."""

HALF_SHOWN_KEYS = frozenset({"connectwise.public_key", "connectwise.client_id", "marketplace.client_id"})
"""Keys that name a credential without being one: their last four characters are shown."""

_CONNECTWISE_KEYS = tuple(
    f"connectwise.{name}" for name in ("base_url", "company_id", "public_key", "private_key", "client_id")
)
_MARKETPLACE_KEYS: Mapping[Auth, tuple[str, ...]] = {
    Auth.BASIC: ("marketplace.base_url", "marketplace.username", "marketplace.password"),
    Auth.OAUTH: ("marketplace.base_url", "marketplace.token_url", "marketplace.client_id", "marketplace.client_secret"),
}
REQUIRED_KEYS = (*_CONNECTWISE_KEYS, *_MARKETPLACE_KEYS[Auth.BASIC])
"""Keys without which the services cannot be reached; an API gateway may ask for a subscription key besides."""


def environment_name(key: str) -> str:
    """The environment variable of a key: `sync.prorate` → `CWTUI_SYNC__PRORATE`."""
    return ENV_PREFIX + key.replace(".", ENV_DELIMITER).upper()
