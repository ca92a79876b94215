"""The modes of the app: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding
from textual.screen import Screen

from cwtui.tui.activity.screen import ActivityScreen
from cwtui.tui.drift.screen import DriftScreen
from cwtui.tui.forecast.screen import ForecastScreen
from cwtui.tui.importing.screen import CustomersImportScreen
from cwtui.tui.mapping.screen import MappingsScreen
from cwtui.tui.reconcile.screen import ReconcileScreen
from cwtui.tui.report.screen import ReportScreen
from cwtui.tui.session import Session, Tab
from cwtui.tui.setup.screen import SetupScreen
from cwtui.tui.tasks.screen import TasksScreen
from cwtui.tui.vendors.screen import VendorFilesScreen

HOME = "tasks"


@dataclass(frozen=True, slots=True)
class Mode:
    """A screen with a key of its own, reached from everywhere.

    Attributes:
        short: Its title on a narrow terminal.
        what: In words, for help and palette.
        make: Makes its screen, when it is first gone to.
    """

    key: str
    name: str
    title: str
    short: str
    what: str
    make: Callable[[Session], Screen[None]]

    @property
    def tab(self) -> Tab:
        """How the line at the top shows it."""
        return Tab(self.key, self.name, self.title, self.short)

    @property
    def binding(self) -> Binding:
        """The key that leads to it."""
        return Binding(
            self.key, f"mode('{self.name}')", self.title, show=False, id=f"app.{self.name}", tooltip=self.what
        )


MODES = (
    Mode("1", HOME, "Tasks", "Tasks", "The task list", TasksScreen),
    Mode("2", "mappings", "Mappings", "Map", "What customers, products and agreements are mapped to", MappingsScreen),
    Mode("3", "activity", "Activity", "Log", "What ran and what was written", ActivityScreen),
    Mode("4", "reconcile", "Reconcile", "Rec", "Subscriptions beside additions; adopt and repair", ReconcileScreen),
    Mode("5", "forecast", "Forecast", "Fore", "The next invoices before and after the plans", ForecastScreen),
    Mode("6", "drift", "Drift", "Drift", "Additions that are no longer what cwtui wrote", DriftScreen),
    Mode("7", "customers", "Customers", "Cust", "ConnectWise companies into the marketplace", CustomersImportScreen),
    Mode(
        "8",
        "intermedia",
        "Files",
        "Files",
        "Intermedia's and other vendors' files, step by step",
        VendorFilesScreen,
    ),
    Mode("9", "setup", "Setup", "Setup", "Connections, synchronisation, notifications", SetupScreen),
    Mode("0", "report", "Report", "Rep", "What a month bills, what it costs, what changed and why", ReportScreen),
)
"""In the order of their keys."""
