"""The fields of the setup screen, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SetupField:
    """One setting as a line of the form.

    Attributes:
        hint: Shown in an empty field.
        is_secret: What is typed is masked, and never filled in.
        is_masked: What is set is masked but for its end; typing replaces it.
        choices: Value → words, where it is one of a few.
    """

    key: str
    label: str
    hint: str = ""
    is_secret: bool = False
    is_masked: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names its widgets."""
        return self.key.replace(".", "-")


_YES_NO = {"false": "no", "true": "yes"}
SECTIONS: Mapping[str, tuple[SetupField, ...]] = {
    "ConnectWise": (
        SetupField("connectwise.base_url", "API base URL", "https://api-na.myconnectwise.net"),
        SetupField("connectwise.company_id", "Company id", "the company you log in with"),
        SetupField("connectwise.public_key", "Public key", "of an API member", is_masked=True),
        SetupField("connectwise.private_key", "Private key", is_secret=True),
        SetupField("connectwise.client_id", "Client id", "developer.connectwise.com/ClientID", is_masked=True),
    ),
    "Marketplace": (
        SetupField("marketplace.base_url", "API base URL", "https://…"),
        SetupField(
            "marketplace.auth",
            "Sign in with",
            choices={"basic": "user name and password", "oauth": "OAuth 2 client credentials"},
        ),
        SetupField("marketplace.username", "User name"),
        SetupField("marketplace.password", "Password", is_secret=True),
        SetupField("marketplace.token_url", "OAuth token URL", "https://…, also on another host"),
        SetupField("marketplace.client_id", "OAuth client id", is_masked=True),
        SetupField("marketplace.client_secret", "OAuth secret", is_secret=True),
        SetupField("marketplace.scope", "OAuth scope", "if it asks for one"),
        SetupField("marketplace.subscription_key", "Subscription key", "if a gateway asks for one", is_secret=True),
        SetupField("marketplace.marketplace", "Marketplace", "its code, if yours has one"),
        SetupField("marketplace.requests_per_minute", "Calls a minute", "60, where the gateway grants that"),
    ),
    "Synchronising": (
        SetupField(
            "sync.price_source",
            "Prices from",
            choices={"marketplace": "the marketplace", "connectwise": "the ConnectWise catalog"},
        ),
        SetupField(
            "sync.prorate",
            "Prorate",
            choices={"all": "sales and changes", "changes": "changes only", "none": "nothing"},
        ),
        SetupField("sync.auto", "Automatically", choices=_YES_NO),
        SetupField("sync.every", "Every", "5m, 1h, 1d"),
        SetupField("sync.auto_customers", "Only customers", "ids, apart by commas; empty is everybody"),
    ),
    "Notifications": (
        SetupField("notify.urls", "Send to", "mailtos://…, tgram://…: any Apprise address", is_secret=True),
        SetupField(
            "notify.on",
            "About",
            choices={
                "errors, action_needed": "errors and action needed",
                "errors, action_needed, created, synced": "these, and all created and synchronised",
                "created, synced": "created and synchronised only",
            },
        ),
    ),
}
FIELDS = tuple(one for fields in SECTIONS.values() for one in fields)
