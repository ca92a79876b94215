"""The two published API contracts, as something requests and answers can be held against.

`psa_contract` and `marketplace_contract` are fixtures; both offer

    check_request(method, path, body=None, query=())   a request a client sends
    check_answer(method, path, status, body, partial=False)   an answer a service gives

where `path` may be concrete (`/finance/agreements/7/additions`) or a template. Each raises AssertionError with
everything that is wrong. `partial` is for answers to `fields=…`, from which required properties may be absent.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(os.environ.get("CWTUI_CONTRACTS") or Path(__file__).parents[3] / "shared" / "contracts")
MARKETPLACE_FILE, PSA_FILE = "cloudblue-simpleapi-1.15.yaml", "connectwise-psa.openapi.json"
INT32 = 2**31

Json = dict[str, Any]

formats = FormatChecker(formats=("date",))


@formats.checks("date-time")
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    pattern = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})"
    return bool(re.fullmatch(pattern, value) and datetime.fromisoformat(value))


@formats.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -INT32 <= value < INT32


class Contract:
    """One OpenAPI document. Objects may hold no property the document does not name."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._validators: dict[tuple[str, str, str, bool], Draft202012Validator] = {}

    @cached_property
    def operations(self) -> set[tuple[str, str]]:
        """Every (METHOD, path template) of the document."""
        verbs = {"get", "post", "put", "patch", "delete"}
        return {
            (verb.upper(), path)
            for path, operations in self.document["paths"].items()
            for verb in operations
            if verb in verbs
        }

    def template(self, method: str, path: str) -> str:
        """The path as the document writes it; a literal one wins over one with an id."""
        if (method, path) in self.operations:
            return path
        for verb, template in sorted(self.operations, key=lambda each: each[1].count("{")):
            pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(template))
            if verb == method and re.fullmatch(pattern, path):
                return template
        raise AssertionError(f"The contract has no {method} {path}.")

    def check_request(self, method: str, path: str, body: Any = None, query: Iterable[str] = ()) -> None:
        """Hold a request against the contract: its path, the names of its query parameters, its body."""
        template = self.template(method, path)
        known = {each["name"] for each in self._parameters(method, template) if each["in"] == "query"}
        assert set(query) <= known, f"{method} {template} has no query parameter {sorted(set(query) - known)}"
        content = self._operation(method, template).get("requestBody", {}).get("content")
        if content is None:
            assert body is None, f"{method} {template} takes no body"
            return
        self._check(self._validator(method, template, "request", partial=False), body, f"{method} {template}")

    def check_answer(self, method: str, path: str, status: int, body: Any, *, partial: bool = False) -> None:
        """Hold an answer against the contract: its status and its body (None for no body)."""
        template = self.template(method, path)
        responses = self._operation(method, template)["responses"]
        assert str(status) in responses or "default" in responses, f"{method} {template} never answers {status}"
        content = self._response(method, template, str(status)).get("content")
        if content is None:
            assert body is None, f"{method} {template} answers {status} without a body"
            return
        self._check(self._validator(method, template, str(status), partial=partial), body, f"{method} {template}")

    def _check(self, validator: Draft202012Validator, body: Any, where: str) -> None:
        problems = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]
        assert not problems, f"{where}:\n" + "\n".join(problems)

    def _operation(self, method: str, template: str) -> Json:
        operation: Json = self.document["paths"][template][method.lower()]
        return operation

    def _parameters(self, method: str, template: str) -> list[Json]:
        shared = self.document["paths"][template].get("parameters", [])
        return [self._resolved(each) for each in [*shared, *self._operation(method, template).get("parameters", [])]]

    def _response(self, method: str, template: str, status: str) -> Json:
        responses = self._operation(method, template)["responses"]
        return self._resolved(responses.get(status) or responses["default"])

    def _resolved(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        found: Any = self.document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        result: Json = found
        return result

    def _validator(self, method: str, template: str, part: str, *, partial: bool) -> Draft202012Validator:
        key = (method, template, part, partial)
        if key not in self._validators:
            if part == "request":
                content = self._operation(method, template)["requestBody"]["content"]
            else:
                content = self._response(method, template, part)["content"]
            schema = content.get("application/json") or next(iter(content.values()))
            components = self._partial if partial else self._whole["request" if part == "request" else "answer"]
            root = {**_converted(schema["schema"], forbidden=""), "components": {"schemas": components}}
            self._validators[key] = Draft202012Validator(root, format_checker=formats)
        return self._validators[key]

    @cached_property
    def _whole(self) -> dict[str, Json]:
        return {
            "request": self._components(forbidden="readOnly"),
            "answer": self._components(forbidden="writeOnly"),
        }

    @cached_property
    def _partial(self) -> Json:
        partial: Json = _without_required(copy.deepcopy(self._whole["answer"]))
        return partial

    def _components(self, forbidden: str) -> Json:
        schemas = self.document["components"]["schemas"]
        combined = {
            part["$ref"].rsplit("/", 1)[1]
            for schema in schemas.values()
            for part in schema.get("allOf", ())
            if "$ref" in part
        }
        converted = {}
        for name, schema in schemas.items():
            converted[name] = _converted(schema, forbidden)
            if name not in combined and ("properties" in schema or "allOf" in schema):
                converted[name]["unevaluatedProperties"] = False
        return converted


def _converted(schema: Any, forbidden: str) -> Any:
    """OpenAPI 3.0 as JSON Schema 2020-12; a property marked `forbidden` may not be there at all."""
    if isinstance(schema, list):
        return [_converted(part, forbidden) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in {"nullable", "example", "discriminator", "xml"}}
    result = {key: _converted(value, forbidden) for key, value in kept.items() if key not in {"properties", "enum"}}
    if "enum" in schema:
        result["enum"] = [*schema["enum"], None] if schema.get("nullable") else schema["enum"]
    if "properties" in schema:
        result["properties"] = {
            name: False if forbidden and part.get(forbidden) else _converted(part, forbidden)
            for name, part in schema["properties"].items()
        }
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


def _without_required(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_required(value)
            for key, value in schema.items()
            if not (key == "required" and isinstance(value, list))
        }
    return [_without_required(part) for part in schema] if isinstance(schema, list) else schema


def _text(name: str) -> str:
    path = FOLDER / name
    if not path.is_file():
        reason = f"The published contract {name} is not in {FOLDER}; CWTUI_CONTRACTS may name the folder."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def psa_contract() -> Contract:
    """The PSA's contract."""
    return Contract(json.loads(_text(PSA_FILE)))


@pytest.fixture(scope="session")
def marketplace_contract() -> Contract:
    """The marketplace's contract."""
    return Contract(yaml.load(_text(MARKETPLACE_FILE), Loader=yaml.CSafeLoader))
