"""Schemathesis, which nobody here wrote, holds the served sandbox against both published contracts."""

from __future__ import annotations

import base64
import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import tomlkit
import yaml

from tests.contract.test_sandbox_answers import BODIES, SERVED_BY_MARKETPLACE
from tests.end_to_end.running import Sandbox, serve

pytestmark = pytest.mark.contract

SETTINGS: dict[str, Any] = {
    "seed": 20261129,
    "cache": {"enabled": False},
    "generation": {"database": "none"},
    "phases": {"stateful": {"enabled": False}},
    "checks": {
        # The contracts type conditions, fields and references as any text or number; the services refuse, and so does
        # the sandbox, what means nothing.
        "positive_data_acceptance": {"enabled": False},
        # 414: an address may be too long before anything in it is read.
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 406, 409, 414, 415]},
    },
}

# Where a path has ids in it, most of them lead to a record: else nothing but 404 would be judged.
KNOWN_IDS: dict[str, dict[str, list[int]]] = {
    "/company/companies/{id}": {"id": [251, 252, 253]},
    "/company/companies/{parentId}": {"parentId": [272], "id": [1]},
    "/company/contacts/{id}": {"id": [701, 702]},
    "/company/managedDevicesIntegrations/{id}": {"id": [1]},
    "/company/managedDevicesIntegrations/{parentId}": {"parentId": [1], "id": [1]},
    "/company/managementItSolutions/{id}": {"id": [1]},
    "/company/managementItSolutions/{parentId}": {"parentId": [1]},
    "/finance/agreementrecap/{id}": {"id": [101, 102]},
    "/finance/agreements/{id}": {"id": [102, 103, 104]},
    "/finance/agreements/{parentId}": {"parentId": [101], "id": [9001]},
    "/finance/invoices/{id}": {"id": [4001, 4002]},
    "/procurement/catalog/{id}": {"id": [501, 502, 503]},
    "/procurement/categories/{parentId}": {"parentId": [1]},
    "/system/securityRoles/{parentId}": {"parentId": [1]},
}
MOSTLY = 0.8


@pytest.fixture
def served() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        yield serve(stack, "--host", "127.0.0.1")


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def known_ids() -> dict[str, Any]:
    dictionaries: dict[str, Any] = {}
    operations = []
    for number, (path, ids) in enumerate(KNOWN_IDS.items()):
        names = {f"path.{name}": f"{name}{number}" for name in ids}
        dictionaries |= {f"{name}{number}": {"values": values} for name, values in ids.items()}
        bound = {name: {"dictionary": dictionary, "probability": MOSTLY} for name, dictionary in names.items()}
        beginning = "^" + path.replace("{", r"\{").replace("}", r"\}")
        operations.append({"include-path-regex": beginning, "parameters": bound})
    return {"dictionaries": dictionaries, "operations": operations}


def judged(folder: Path, document: Any, base_url: str, settings: dict[str, Any], *options: str) -> Any:
    """Schemathesis' own report of a run that found nothing."""
    contract, configuration, report = folder / "contract.yaml", folder / "schemathesis.toml", folder / "report.json"
    contract.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper))
    configuration.write_text(tomlkit.dumps({**SETTINGS, **settings}))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run", str(contract)]
    ran = subprocess.run(  # noqa: S603  # ours
        [*command, "--url", base_url, "--no-color", "--report-json-path", str(report), *options],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return json.loads(report.read_text())


def test_the_sandbox_keeps_to_connectwise(served: Sandbox, psa_contract: Any, tmp_path: Path) -> None:
    known = served.announced["connectwise"]
    with served.psa() as psa:
        for path in (
            "/company/managedDevicesIntegrations",
            "/company/managedDevicesIntegrations/{parentId}/crossReferences",
        ):
            assert psa.post(path.replace("{parentId}", "1"), json=BODIES[path]).is_success
    user = f"{known['company_id']}+{known['public_key']}"
    headers = {"Authorization": basic(user, known["private_key"]), "clientId": known["client_id"]}
    report = judged(
        tmp_path,
        psa_contract.document,
        known["base_url"],
        {"headers": headers, **known_ids()},
        "--phases=fuzzing",
        "--max-examples=4",
    )
    assert report["operations"]["tested"] == len(psa_contract.operations)
    assert report["test_cases"]["generated"] > len(psa_contract.operations)


def test_the_sandbox_keeps_to_the_marketplace(served: Sandbox, marketplace_contract: Any, tmp_path: Path) -> None:
    known = served.announced["marketplace"]
    served.call("add_plan", id="10005", name="Exchange")
    headers = {
        "X-Subscription-Key": known["subscription_key"],
        "Authorization": basic(known["username"], known["password"]),
    }
    token = served.control.post(
        known["base_url"] + "/token", json={"marketplace": known["marketplace"]}, headers=headers
    ).json()["token"]
    settings = {
        "headers": {**headers, "Authorization": f"Bearer {token}"},
        "operations": [{"include-path": "/token", "headers": headers}],
    }
    report = judged(
        tmp_path, served_part(marketplace_contract.document), known["base_url"], settings, "--max-examples=4"
    )
    assert report["operations"]["tested"] == len(SERVED_BY_MARKETPLACE)
    assert report["test_cases"]["generated"] > len(SERVED_BY_MARKETPLACE)


def served_part(document: Any) -> Any:
    """The operations that the sandbox serves.

    The contract names one answer for every status, that of a success; what a refusal looks like it leaves open.
    """
    part = copy.deepcopy(document)
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            if (verb.upper(), path) in SERVED_BY_MARKETPLACE:
                answers = {"2XX": operation["responses"]["default"], "default": {"description": "A refusal"}}
                part["paths"][path][verb]["responses"] = answers
            else:
                del part["paths"][path][verb]
    part["paths"] = {path: operations for path, operations in part["paths"].items() if operations}
    return part
