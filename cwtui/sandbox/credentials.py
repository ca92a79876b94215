"""The sandbox's credentials; fixed, and no secret."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MARKETPLACE_BASE = "/marketplace"
IDENTITY_BASE = "/identity"
LOGIN_BASE = "/login"
PSA_BASE = "/v4_6_release/apis/3.0"


@dataclass(frozen=True, slots=True)
class MarketplaceCredentials:
    """As the settings under `marketplace` name them."""

    username: str = "sync@reseller.example"
    password: str = "sandbox-password"  # noqa: S105  # guards nothing but the simulation
    subscription_key: str = "sandbox-subscription-key"
    marketplace: str = "us"


@dataclass(frozen=True, slots=True)
class PsaCredentials:
    """As the settings under `connectwise` name them."""

    company_id: str = "sandbox"
    public_key: str = "sandboxPublicKey"
    private_key: str = "sandboxPrivateKey"
    client_id: str = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class OAuthCredentials:
    """As the settings under `marketplace` name them, for `auth = "oauth"`."""

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # guards nothing but the simulation
    scope: str = "orders"


MARKETPLACE = MarketplaceCredentials()
OAUTH = OAuthCredentials()
PSA = PsaCredentials()


def announcement(origin: str) -> dict[str, Any]:
    """Base URLs and credentials of a sandbox at that origin (`http://127.0.0.1:8080`), shaped like the settings."""
    return {
        "marketplace": {"base_url": origin + MARKETPLACE_BASE, **asdict(MARKETPLACE)},
        "connectwise": {"base_url": origin + PSA_BASE, **asdict(PSA)},
        "oauth": {"token_url": origin + IDENTITY_BASE + "/oauth2/token", **asdict(OAUTH)},
        "control": origin + "/_control",
    }
