"""ConnectWise's setup beside billing: who manages what, and how it is cross-referenced (files.md#setup)."""

from __future__ import annotations

from cwtui.domain.ids import CatalogItemId
from cwtui.domain.lazily import dataclass


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a ConnectWise server says of itself."""

    version: str
    is_cloud: bool = False


@dataclass(frozen=True, slots=True)
class ManagementSolution:
    """A Management IT solution; `solution_name` is set where `type` is `Custom`."""

    id: int
    name: str
    type: str = ""
    solution_name: str = ""


@dataclass(frozen=True, slots=True)
class CrossReference:
    """What a Managed Devices Integration turns a vendor's type and level into."""

    id: int
    vendor_type: str
    vendor_level: str = ""
    catalog_item_id: CatalogItemId | None = None
    agreement_type_id: int | None = None


@dataclass(frozen=True, slots=True)
class ManageId:
    """A company's Manage ID for one solution (`managementSummaryReports`, `groupIdentifier`)."""

    id: int
    solution_id: int | None
    group_identifier: str
