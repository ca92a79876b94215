"""Whatever a client sends, the sandbox answers: it never falls over and never keeps half of it."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwtui.sandbox import exact_json
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.errors import RefusedRequest
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.marketplace import Marketplace
from cwtui.sandbox.psa import Psa
from cwtui.sandbox.psa_paths import RESOURCES, Resource
from cwtui.sandbox.shape import SHAPES
from cwtui.sandbox.world import World

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 1000)
    | st.decimals(-1000, 1000, places=2)
    | st.text(max_size=80)
    | st.sampled_from(["2026-12-01T00:00:00Z", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "Billable", "Custom"])
)
references = st.fixed_dictionaries(
    {}, optional={"id": scalars | st.just(501) | st.just(1), "name": scalars, "identifier": scalars}
)
values = st.recursive(scalars | references, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


@cache
def seeded() -> bytes:
    return World.seeded(date(2026, 11, 23)).to_json()


def bodies(resource: Resource) -> st.SearchStrategy[Any]:
    names = st.sampled_from(sorted(SHAPES[resource.shape].fields))
    required = [field.name for field in SHAPES[resource.shape].fields.values() if field.required]
    whole = st.fixed_dictionaries(dict.fromkeys(required, values))
    return st.builds(lambda some, more: {**some, **more}, whole, st.dictionaries(names, values, max_size=5)) | values


def patches(resource: Resource) -> st.SearchStrategy[Any]:
    names = st.sampled_from([*SHAPES[resource.shape].fields, "company/identifier", "nonsense", ""])
    operation = st.fixed_dictionaries(
        {"op": st.sampled_from(["replace", "add", "remove", "move"]), "path": names}, optional={"value": values}
    )
    return st.lists(operation, max_size=4) | values


def ask(world: World, method: str, path: str, body: Any) -> int:
    psa = Psa(world, Behaviour())
    request = Request(method, path, "", {"content-type": "application/json"}, exact_json.dumps(body), "http://sandbox")
    try:
        answer = psa.answer(request)
    except RefusedRequest as refusal:
        answer = Response(refusal.status, refusal.body)
    answer.body()  # can be written
    return answer.status


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwtui.sandbox.psa._identify", lambda _: None)


WRITABLE = [resource for resource in RESOURCES if "POST" in resource.collection]


@pytest.mark.parametrize("resource", WRITABLE, ids=lambda resource: resource.template)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_body_is_answered(resource: Resource, data: st.DataObject) -> None:
    world = World.from_json(seeded())
    parent = {"additions": 101, "summary_reports": 251}.get(resource.table, 1)
    path = resource.template.replace("{parentId}", str(parent))
    rows = len(world.additions())
    status = ask(world, "POST", path, data.draw(bodies(resource)))
    assert status in {200, 201, 400, 404}
    assert len(world.additions()) == rows + (resource.table == "additions" and status == 201)
    if "PATCH" in resource.item:
        existing = {"agreements": 101, "companies": 251, "catalog": 501, "additions": 9001}.get(resource.table, 1)
        before = world.to_json()
        changed = ask(world, "PATCH", f"{path}/{existing}", data.draw(patches(resource)))
        assert changed in {200, 400, 404}
        assert changed == 200 or world.to_json() == before
        assert ask(world, "PUT", f"{path}/{existing}", data.draw(bodies(resource))) in {200, 400, 404}
    assert World.from_json(world.to_json()).to_json() == world.to_json()


@settings(max_examples=100, deadline=None)
@given(body=st.dictionaries(st.sampled_from(["name", "language", "address", "contactPersons", "status"]), values))
def test_any_customer_is_answered(body: Any) -> None:
    marketplace = Marketplace(World.empty(date(2026, 11, 23)), Behaviour())
    request = Request("POST", "/customers", "", {"content-type": "application/json"}, exact_json.dumps(body), "")
    status = 200
    try:
        marketplace._create_customer(marketplace._body(request))
    except RefusedRequest as refusal:
        status = refusal.status
    assert status in {200, 400}
