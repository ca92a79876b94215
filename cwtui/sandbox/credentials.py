"""What a client of the sandbox has to say; fixed, and no secret."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MARKETPLACE_BASE = "/marketplace"
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


MARKETPLACE = MarketplaceCredentials()
PSA = PsaCredentials()


def announcement(origin: str) -> dict[str, Any]:
    """Base URLs and credentials of a sandbox at that origin (`http://127.0.0.1:8080`), shaped like the settings."""
    return {
        "marketplace": {"base_url": origin + MARKETPLACE_BASE, **asdict(MARKETPLACE)},
        "connectwise": {"base_url": origin + PSA_BASE, **asdict(PSA)},
        "control": origin + "/_control",
    }
