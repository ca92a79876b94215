"""The simulated marketplace: tokens, lists by offset and limit, details, new customers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cwtui.sandbox import exact_json
from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import MARKETPLACE
from cwtui.sandbox.errors import MarketplaceRefusal, RefusedRequest
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.marketplace_bodies import CHANGED_CUSTOMER, NEW_CUSTOMER, VALIDATION, judge
from cwtui.sandbox.table import Row
from cwtui.sandbox.world import World

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
# Requests for orders within so many seconds belong to one check of one client.
ROUND_S = 2.0

# The fields of the details that a list leaves out.
_DETAILS_ONLY = {
    "orders": frozenset({"products", "subscriptionId", "targetSubscriptionId", "billingModel", "subscriptions"}),
    "subscriptions": frozenset(
        [
            "products",
            "planId",
            "totalPrice",
            "totalSubscriptionPrice",
            "totalSubscriptionCost",
            "orderParameters",
            "fulfillmentParameters",
        ]
    ),
    "plans": frozenset({"planSwitches"}),
}
Test = Callable[[Row, str], bool]


class Marketplace:
    """Answers requests from a world's marketplace tables; its tokens live as long as it does."""

    def __init__(self, world: World, behaviour: Behaviour, clock: Callable[[], float] = time.monotonic) -> None:
        self.world, self.behaviour = world, behaviour
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._last_look: float | None = None

    def drop_tokens(self) -> None:
        """Make every token given out so far unknown."""
        self._tokens.clear()

    def answer(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            RefusedRequest: In place of an answer that is not a success.
        """
        subscribed = request.headers.get("x-subscription-key")
        if self.behaviour.needs_subscription_key and subscribed != MARKETPLACE.subscription_key:
            text = "Access denied due to missing or invalid subscription key."
            raise RefusedRequest(401, {"statusCode": "401", "message": text})
        if request.path != "/token":
            self._know_token(request)
        table, key = _resolve(request)
        if table == "token":
            return self._token(request)
        if table == "validation":
            return _validated(self._body(request))
        if request.method == "POST":
            return self._create_customer(self._body(request))
        if request.method == "PATCH":
            return self._update_customer(key, self._body(request))
        if table == "orders" and self.behaviour.orders_ripen:
            self._poll()
        return self._listed(table, request) if key == "" else self._detailed(table, key)

    def _know_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0) <= self._clock():
            raise MarketplaceRefusal(401, "unauthorized", "The token is unknown or has expired.")

    def _poll(self) -> None:
        """Begin a new round of polling unless the last look at an order was a moment ago."""
        now = self._clock()
        if self._last_look is None or now - self._last_look >= ROUND_S:
            self.world.pass_round()
        self._last_look = now

    def _token(self, request: Request) -> Response:
        if request.basic_credentials() != f"{MARKETPLACE.username}:{MARKETPLACE.password}":
            raise MarketplaceRefusal(401, "unauthorized", "The user name or the password is wrong.")
        if self._body(request).get("marketplace") != MARKETPLACE.marketplace:
            raise MarketplaceRefusal(400, "invalidMarketplace", "There is no such marketplace.")
        token, lifetime = self.grant()
        return Response(document={"token": token, "expiresInSeconds": lifetime})

    def grant(self) -> tuple[str, int]:
        """A new token, and the seconds it is good for."""
        token = secrets.token_urlsafe(24)
        lifetime = self.behaviour.token_lifetime_s
        self._tokens[token] = self._clock() + lifetime
        return token, lifetime

    def _body(self, request: Request) -> Row:
        try:
            body = exact_json.loads(request.body)
        except ValueError as error:
            raise MarketplaceRefusal(400, "invalidBody", "The body is not valid JSON.") from error
        if not request.sends_json() or not isinstance(body, dict):
            raise MarketplaceRefusal(400, "invalidBody", "The body must be a JSON object.")
        return body

    def _listed(self, name: str, request: Request) -> Response:
        offset = _whole(request, "offset", 0, least=0)
        limit = min(_whole(request, "limit", DEFAULT_LIMIT, least=1), MAX_LIMIT)
        table = self.world.marketplace[name]
        tests = _FILTERS[name]
        for moment in _MOMENTS & tests.keys() & request.query.keys():
            _moment(request.query[moment])
        asked = tuple(sorted((key, value) for key, value in request.query.items() if key in tests and value))
        rows = table.filtered(asked, lambda row: all(tests[key](row, value) for key, value in asked))
        hidden = _DETAILS_ONLY.get(name, frozenset())
        page = [_without(row, hidden) for row in rows[offset : offset + limit]]
        return Response(document={"data": page, "pagination": {"offset": offset, "limit": limit, "total": len(rows)}})

    def _detailed(self, name: str, key: str) -> Response:
        row = self.world.marketplace[name].get(key)
        if row is None:
            raise MarketplaceRefusal(404, "notFound", f"There is no {name[:-1]} {key}.")
        return Response(document=row)

    def _create_customer(self, body: Row) -> Response:
        judge(NEW_CUSTOMER, body)
        customers = self.world.marketplace["customers"]
        number = 1_000_000 + len(customers) + 1
        while customers.get(str(number)) is not None:
            number += 1
        customer = {"id": str(number), "status": "active", "resellerId": "1000001", **_readable(body)}
        return Response(document=customers.add(customer))

    def _update_customer(self, key: str, body: Row) -> Response:
        customers = self.world.marketplace["customers"]
        customer = customers.get(key)
        if customer is None:
            raise MarketplaceRefusal(404, "notFound", f"There is no customer {key}.")
        judge(CHANGED_CUSTOMER, body)
        customer.update(_readable(body))
        customers.touch()
        return Response(document=customer)


_COLLECTIONS = frozenset({"customers", "orders", "subscriptions", "products", "plans"})
_WITH_DETAILS = _COLLECTIONS - {"products"}


def _resolve(request: Request) -> tuple[str, str]:
    """The table a path leads to and the id in it; notes the template.

    Raises:
        MarketplaceRefusal: If there is no such path, or it does not understand the verb.
    """
    steps = request.path.strip("/").split("/")
    if request.path in {"/token", "/validation/parameters"}:
        request.template, methods, found = request.path, {"POST"}, (steps[0], "")
    elif len(steps) == 1 and steps[0] in _COLLECTIONS:
        methods = {"GET", "POST"} if steps[0] == "customers" else {"GET"}
        request.template, found = f"/{steps[0]}", (steps[0], "")
    elif len(steps) == 2 and steps[0] in _WITH_DETAILS:  # noqa: PLR2004  # collection and id
        methods = {"GET", "PATCH"} if steps[0] == "customers" else {"GET"}
        request.template, found = f"/{steps[0]}/{{id}}", (steps[0], steps[1])
    else:
        raise MarketplaceRefusal(404, "notFound", "There is no such path.")
    if request.method not in methods:
        allowed = {"Allow": ", ".join(sorted(methods))}
        raise MarketplaceRefusal(405, "methodNotAllowed", f"{request.method} is not supported here.", allowed)
    return found


_INT64, _DIGITS_OF_INT64 = 2**63, 19


def _whole(request: Request, name: str, default: int, least: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    digits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_OF_INT64
    if not digits or not least <= int(text) < _INT64 or request.names.count(name) > 1:
        raise MarketplaceRefusal(400, "invalidParameter", f"{name} must be a whole number from {least}.")
    return int(text)


def _without(row: Row, hidden: frozenset[str]) -> Row:
    return {key: value for key, value in row.items() if key not in hidden} if hidden else row


@lru_cache(maxsize=100_000)
def _moment(text: str) -> datetime:
    """A date or date-time in UTC; without an offset it is taken as UTC.

    Raises:
        MarketplaceRefusal: If it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MarketplaceRefusal(400, "invalidParameter", f"{text} is not a date.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _same(field: str) -> Test:
    return lambda row, value: str(row.get(field, "")) == value


def _similar(field: str) -> Test:
    return lambda row, value: value.casefold() in str(row.get(field, "")).casefold()


def _not_before(field: str) -> Test:
    return lambda row, value: _moment(row[field]) >= _moment(value)


def _not_after(field: str) -> Test:
    return lambda row, value: _moment(row[field]) <= _moment(value)


def _of_subscription(row: Row, value: str) -> bool:
    ends = ("subscriptionId", "targetSubscriptionId")
    return any(part.get(end) == value for part in (row, *row.get("products", ())) for end in ends)


def _has_email(row: Row, value: str) -> bool:
    return any(person["email"].casefold() == value.casefold() for person in row["contactPersons"])


_FILTERS: dict[str, dict[str, Test]] = {
    "customers": {
        "name": _similar("name"),
        "email": _has_email,
        "externalId": _same("externalId"),
        "resellerId": _same("resellerId"),
    },
    "orders": {
        "customerId": _same("customerId"),
        "subscriptionId": _of_subscription,
        "orderNumber": _same("orderNumber"),
        "status": _same("status"),
        "statusCode": _same("statusCode"),
        "creationTimeFrom": _not_before("creationDate"),
        "creationTimeTo": _not_after("creationDate"),
    },
    "subscriptions": {
        "customerId": _same("customerId"),
        "status": _same("status"),
        "creationDateFrom": _not_before("creationDate"),
        "creationDateTo": _not_after("creationDate"),
    },
    "products": {
        "name": _similar("name"),
        "serviceName": _same("serviceName"),
        "mpn": _same("mpn"),
        "vendor": _same("vendor"),
    },
    "plans": {},
}
_MOMENTS = {"creationTimeFrom", "creationTimeTo", "creationDateFrom", "creationDateTo"}


def _readable(body: Row) -> Row:
    """A customer's body without write-only fields, and without those that only the marketplace sets."""
    row = {key: value for key, value in body.items() if key not in {"id", "resellerId"}}
    if isinstance(row.get("contactPersons"), list):
        row["contactPersons"] = [
            {key: value for key, value in person.items() if key not in {"login", "password"}}
            for person in row["contactPersons"]
        ]
    return row


def _validated(body: Row) -> Response:
    judge(VALIDATION, body)
    results: list[Any] = []
    for product in body["products"]:
        parameters = [
            {"name": each["name"], "value": str(each.get("value", "")), "result": "success"}
            for each in product.get("parameters", ())
        ]
        kept = {key: product[key] for key in ("id", "mpn", "vendor", "billingPeriod") if key in product}
        results.append({**kept, "parameters": parameters})
    total = len(results)
    return Response(document={"data": results, "pagination": {"offset": 0, "limit": max(total, 1), "total": total}})
