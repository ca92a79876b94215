"""The installed command as a real process, over real HTTP, against a served sandbox."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from cwtui.store.author import Author
from cwtui.store.leases import FileLeases

PATIENCE_S = 120
_SCRIPT = Path(sys.executable).with_name("cwtui")
COMMAND = [str(_SCRIPT)] if _SCRIPT.exists() else [sys.executable, "-m", "cwtui.cli.main"]

SEED = int(os.environ.get("CWTUI_TEST_SEED") or time.time_ns() % 1_000_000)
"""Another one in each run of the tests; a failure shows it, and the environment may name it again."""

Row = dict[str, Any]
Billed = tuple[str, ...]
"""Agreement, catalog item, quantity, unit price, unit cost, first day, last day, invoice description, bill, tax."""


@dataclass
class Sandbox:
    """A served sandbox: its world is changed, and looked at, through its control endpoint."""

    announced: dict[str, Any]
    control: httpx.Client

    def call(self, name: str, /, **arguments: Any) -> Row:
        answer = self.control.post("/world", json={"call": name, "arguments": arguments})
        assert answer.status_code == 200, answer.text
        row: Row = _exact(answer)
        return row

    def behave(self, **changes: Any) -> None:
        answer = self.control.post("/behaviour", json=changes)
        assert answer.status_code == 200, answer.text

    def rows(self) -> list[Row]:
        rows: list[Row] = _exact(self.control.get("/additions"))
        return rows

    def billed(self, agreement: int | None = None) -> list[Billed]:
        """What the PSA holds, in the order it was created."""
        return [billed(row) for row in self.rows() if agreement in (None, row["agreementId"])]

    def requests(self) -> Row:
        counted: Row = _exact(self.control.get("/requests"))
        return counted

    def forget_requests(self) -> None:
        self.control.post("/requests/clear")

    def patch_addition(self, row: Row, **values: Any) -> None:
        """As an operator would in ConnectWise."""
        path = f"/finance/agreements/{row['agreementId']}/additions/{row['id']}"
        body = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
        with self.psa() as psa:
            assert psa.patch(path, json=body).status_code == 200

    def delete_addition(self, row: Row) -> None:
        with self.psa() as psa:
            assert psa.delete(f"/finance/agreements/{row['agreementId']}/additions/{row['id']}").status_code == 204

    def psa(self) -> httpx.Client:
        known = self.announced["connectwise"]
        return httpx.Client(
            base_url=known["base_url"],
            auth=(f"{known['company_id']}+{known['public_key']}", known["private_key"]),
            headers={"clientId": known["client_id"]},
            trust_env=False,
        )


def has_begun(cwtui: Cwtui, process: subprocess.Popen[str]) -> bool:
    """A process works on the state: it holds a lease, or has noted something."""
    if any(holder.pid == process.pid for holder in FileLeases(cwtui.state, Author("", 0)).holders().values()):
        return True
    lock = cwtui.state.with_name(cwtui.state.name + ".lock")
    return lock.exists() and f"(process {process.pid})".encode() in lock.read_bytes()


def wait_until_begun(cwtui: Cwtui, process: subprocess.Popen[str]) -> None:
    """Until it works on the state, or has ended."""
    patience = time.monotonic() + PATIENCE_S
    while not has_begun(cwtui, process) and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.002)


def billed(row: Row) -> Billed:
    return (
        str(row["agreementId"]),
        str(row["product"]["id"]),
        *(f"{Decimal(str(row[name])).normalize():f}" for name in ("quantity", "unitPrice", "unitCost")),
        row["effectiveDate"][:10],
        (row.get("cancelledDate") or "")[:10],
        row["invoiceDescription"],
        row["billCustomer"],
        str(row["taxableFlag"]),
    )


def _exact(answer: httpx.Response) -> Any:
    return json.loads(answer.content, parse_float=Decimal)


_NEEDS_ACTION = 3


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_float=Decimal)

    @property
    def is_done(self) -> bool:
        """Nothing is left to do; what was written with warnings ends with 3 until somebody accepts them."""
        return self.status == 0 or (self.status == _NEEDS_ACTION and self._is_only_warned)

    @property
    def _is_only_warned(self) -> bool:
        if self.out.startswith("{"):
            return bool(self.json.get("warned")) and not self.json["needs_action"]
        return " 0 need action" in self.out and "with warnings that nobody accepted yet" in self.out


@dataclass
class Cwtui:
    """The command with a state of its own, credentials in its environment."""

    state: Path
    environment: dict[str, str]
    as_of: str = "2026-11-23"
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def arguments(self, *arguments: str, as_of: str | None = None) -> list[str]:
        return [*COMMAND, "--state", str(self.state), "--as-of", as_of or self.as_of, *arguments]

    def start(self, *arguments: str, as_of: str | None = None, **environment: str) -> subprocess.Popen[str]:
        return self._started(self.arguments(*arguments, as_of=as_of), environment)

    def started_plainly(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Without a state and a day of our choosing."""
        return self._started([*COMMAND, *arguments], environment)

    def _started(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603  # ours
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**_surroundings(), **self.environment, **environment},
            cwd=self.state.parent,
        )
        self.processes.append(process)
        return process

    def ended(self, process: subprocess.Popen[str]) -> Ran:
        out, err = process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in err, err
        return Ran(process.returncode, out, err)

    def run(self, *arguments: str, status: int | None = None, as_of: str | None = None, **environment: str) -> Ran:
        ran = self.ended(self.start(*arguments, as_of=as_of, **environment))
        assert status in (None, ran.status), f"{ran.status}, not {status}\n{ran.out}\n{ran.err}"
        return ran

    def auto(self, *arguments: str, status: int = 0, as_of: str | None = None, **environment: str) -> Row:
        """One `--auto --json` run; its document."""
        ran = self.ended(self.start("--auto", "--json", *arguments, as_of=as_of, **environment))
        assert ran.status == status, f"{ran.status}, not {status}\n{ran.out}\n{ran.err}"
        document: Row = ran.json
        return document

    def tasks(self, *arguments: str) -> dict[str, Row]:
        return {task["id"]: task for task in self.run("tasks", "list", "--json", *arguments, status=0).json}

    def map(self, *rows: tuple[str, str, str, int]) -> None:
        """Mappings by one import: kind, marketplace id, charge, ConnectWise id."""
        path = self.state.with_name("mappings.csv")
        lines = ["kind,marketplace_id,charge,connectwise_id", *(",".join(map(str, row)) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        self.run("map", "import", str(path), status=0)

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()


def _surroundings() -> dict[str, str]:
    """Without what would compile the whole program anew for each of hundreds of processes."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def environment_of(announced: Mapping[str, Any]) -> dict[str, str]:
    """The settings that name both services, as environment variables (settings.md#where-settings-come-from)."""
    return {
        f"CWTUI_{service.upper()}__{name.upper()}": value
        for service in ("marketplace", "connectwise")
        for name, value in announced[service].items()
    }


def serve(stack: ExitStack, *arguments: str) -> Sandbox:
    """Serve an empty sandbox until the stack unwinds."""
    process = subprocess.Popen(  # noqa: S603  # ours
        [*COMMAND, "--as-of", "2026-11-23", "sandbox", "serve", "--port", "0", *(arguments or ["--empty"])],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=_surroundings(),
    )

    def end() -> None:
        process.kill()
        process.communicate()

    stack.callback(end)
    assert process.stdout is not None
    announced = json.loads(process.stdout.readline())
    control = stack.enter_context(httpx.Client(base_url=announced["control"], trust_env=False, timeout=30))
    return Sandbox(announced, control)


def chance_of(what: str) -> random.Random:
    """Random numbers that can be had again."""
    sys.stdout.write(f"CWTUI_TEST_SEED={SEED}\n")
    return random.Random(f"{SEED}.{what}")  # noqa: S311  # repeatable, guards nothing
