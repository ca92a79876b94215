"""The marketplace client: CORE / CloudBlue Commerce SimpleAPI 1.15 (README.md)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from cwtui.domain.errors import AccessDenied
from cwtui.domain.ids import CustomerId, OrderId, SubscriptionId
from cwtui.domain.lazily import dataclass
from cwtui.domain.marketplace import Customer, Order, OrderStatus, Product, Subscription, SubscriptionStatus
from cwtui.services import cloudblue_records as records
from cwtui.services.addresses import checked_url
from cwtui.services.answers import Asked, unreadable
from cwtui.services.client import Client
from cwtui.services.gate import Timing
from cwtui.services.http_policy import Answer, HttpPolicy
from cwtui.services.paging import SeenPages, in_order
from cwtui.services.reading import M, Reader, UnreadRow
from cwtui.services.tokens import BasicSignIn, OAuthClient, OAuthSignIn, SignIn, Tokens, origin_of, secrets_of

PAGE = 100
"""Rows of one page; if a server gives fewer, its own page size is used."""
_READING_S = 0.003
"""About how long receiving and reading a page of 100 takes here."""

D = TypeVar("D")


class CloudBlue(Client):
    """The marketplace, as the engine's `Marketplace` protocol asks it. Every method raises `ServiceError`s."""

    def __init__(
        self,
        base_url: str,
        username: str,
        password: SecretStr,
        subscription_key: SecretStr,
        marketplace: str,
        *,
        concurrency: int = 16,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        timing: Timing | None = None,
        oauth: OAuthClient | None = None,
        per_minute: int | None = None,
    ) -> None:
        """Take the credentials (settings.md#sign-in). Nothing is sent before the first question.

        Raises:
            ConfigError: If `base_url` may not be used (see `HttpPolicy`).
        """
        key = subscription_key.get_secret_value()
        basic = b64encode(f"{username}:{password.get_secret_value()}".encode()).decode()
        timing = timing or Timing()
        http = HttpPolicy(
            base_url,
            service="marketplace",
            headers={"Accept": "application/json"} | ({"X-Subscription-Key": key} if key else {}),
            secrets=(key, password.get_secret_value(), basic),
            concurrency=concurrency,
            timeout_s=timeout_s,
            transport=transport,
            timing=timing,
            per_minute=per_minute,
        )
        super().__init__(http, concurrency)
        sign_in: SignIn = BasicSignIn(self._http, basic, marketplace)
        if oauth is not None:
            address = checked_url(oauth.token_url, "marketplace", "token_url")
            to_tokens = HttpPolicy(
                origin_of(address),
                service="marketplace",
                headers={"Accept": "application/json"},
                secrets=secrets_of(oauth),
                concurrency=1,
                timeout_s=timeout_s,
                transport=transport,
                timing=timing,
                url_setting="token_url",
            )
            sign_in = OAuthSignIn(oauth, to_tokens)
        self._tokens = Tokens(self._http, sign_in, timing)
        self._unreadable_orders: dict[OrderId, None] = {}

    async def aclose(self) -> None:
        """Close the connections."""
        await super().aclose()
        await self._tokens.aclose()

    def stop(self) -> None:
        """Wait only a moment longer for answers: the process ends."""
        super().stop()
        self._tokens.stop()

    @property
    def unreadable_orders(self) -> Sequence[OrderId]:
        """Ids of the orders among `unreadable`: they have to be followed until they can be read.

        Rule: check.md#following-orders.
        """
        return tuple(self._unreadable_orders)

    def clear_unreadable(self) -> None:
        """Forget `unreadable` and `unreadable_orders`."""
        super().clear_unreadable()
        self._unreadable_orders.clear()

    async def sign_in(self) -> None:
        """Ask for a new token, which shows whether the address and the credentials are right.

        Rule: reconciling.md#doctor.
        """
        await self._tokens.fresh()

    def orders(
        self,
        *,
        created_from: datetime | None = None,
        status: OrderStatus | None = None,
        subscription_id: SubscriptionId | None = None,
    ) -> AsyncIterator[Sequence[Order]]:
        """Pages of orders in list form: with their lines, without products and subscription."""
        query = {}
        if created_from is not None:
            query["creationTimeFrom"] = created_from.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if status is not None:
            query["status"] = str(status)
        if subscription_id is not None:
            query["subscriptionId"] = subscription_id
        return self._list("/orders", query, records.ORDERS, "order")

    async def order(self, order_id: OrderId) -> Order:
        """One order in its detailed form; `NotFound` if there is none."""
        return await self._detail(f"/orders/{quote(order_id, safe='')}", records.ORDER_DETAILS)

    def subscriptions(
        self, *, status: SubscriptionStatus | None = None, customer_id: CustomerId | None = None
    ) -> AsyncIterator[Sequence[Subscription]]:
        """Pages of subscriptions in list form: without their products."""
        query = {}
        if status is not None:
            query["status"] = str(status)
        if customer_id is not None:
            query["customerId"] = customer_id
        return self._list("/subscriptions", query, records.SUBSCRIPTIONS, "subscription")

    async def subscription(self, subscription_id: SubscriptionId) -> Subscription:
        """One subscription in its detailed form; `NotFound` if there is none."""
        return await self._detail(f"/subscriptions/{quote(subscription_id, safe='')}", records.SUBSCRIPTION_DETAILS)

    def customers(self) -> AsyncIterator[Sequence[Customer]]:
        """Pages of customers."""
        return self._list("/customers", {}, records.CUSTOMERS, "customer")

    async def customer(self, customer_id: CustomerId) -> Customer:
        """One customer; `NotFound` if there is none."""
        return await self._detail(f"/customers/{quote(customer_id, safe='')}", records.CUSTOMERS)

    def products(self) -> AsyncIterator[Sequence[Product]]:
        """Pages of the product catalogue."""
        return self._list("/products", {}, records.PRODUCTS, "product")

    async def total(self, what: str) -> int:
        """How many `customers`, `subscriptions` or `products` there are: one request, whatever the number.

        A server that does not say is only asked whether there is any: 1 or 0.
        """
        page = await self._page(f"/{what}", {}, 0, 1)
        return len(page.rows) if page.total is None else page.total

    async def create_customer(self, account: Mapping[str, object]) -> Customer:
        """Create a customer from a body of the contract's `Customer` shape; `OutcomeUnknown` as for any create."""
        answer = await self._ask("POST", "/customers", body=account)
        return _read(answer, records.CUSTOMERS)

    async def _detail(self, path: str, reader: Reader[M, D]) -> D:
        return _read(await self._ask("GET", path), reader)

    async def _list(
        self, path: str, query: Mapping[str, str], reader: Reader[M, D], kind: str
    ) -> AsyncIterator[Sequence[D]]:
        async with aclosing(self._pages(path, query)) as pages:
            async for rows in pages:
                read, unread = reader.many(rows)
                for each in unread:
                    self._note(each, kind)
                yield read

    def _note(self, unread: UnreadRow, kind: str) -> None:
        name = f"{kind} {unread.id}" if unread.id else f"{kind} without an id"
        self._unreadable.append(f"The marketplace's {name} cannot be read: {unread.why}.")
        if kind == "order" and unread.id:
            self._unreadable_orders[OrderId(unread.id)] = None

    async def _pages(self, path: str, query: Mapping[str, str]) -> AsyncGenerator[Sequence[object]]:
        """Pages of rows in their order; once the total is known, the rest is fetched side by side."""
        pages = SeenPages()
        first = await self._page(path, query, 0, PAGE)
        position, total = len(first.rows), first.total
        yield pages.new(first.rows, first.asked)
        if total is not None and position:
            step = position
            offsets = range(step, total, step)
            fetches = [partial(self._page, path, query, offset, step) for offset in offsets]
            async with aclosing(in_order(fetches, self._worth_asking_ahead(first))) as following:
                async for page in following:
                    total = max(total, page.total or 0)
                    yield pages.new(page.rows, page.asked)
                    position, end = page.offset + len(page.rows), min(page.offset + step, total)
                    while page.rows and position < end:  # the server gave fewer rows than it should: ask for the rest
                        rest = await self._page(path, query, position, end - position)
                        if not rest.rows:
                            break
                        yield pages.new(rest.rows, rest.asked)
                        position += len(rest.rows)
        while position and (total is None or position < total):
            page = await self._page(path, query, position, PAGE)
            if not page.rows:
                return
            yield pages.new(page.rows, page.asked)
            position, total = position + len(page.rows), page.total

    def _worth_asking_ahead(self, first: _Page) -> int:
        """How many pages to ask for at once: more than our reading keeps up with only cost time."""
        return max(2, min(self._ahead, round(first.asked.took_s / _READING_S)))

    async def _page(self, path: str, query: Mapping[str, str], offset: int, limit: int) -> _Page:
        answer = await self._ask("GET", path, query={**query, "offset": str(offset), "limit": str(limit)})
        document = answer.document
        rows = document.get("data") if isinstance(document, dict) else None
        pagination = document.get("pagination") if isinstance(document, dict) else None
        total = pagination.get("total") if isinstance(pagination, dict) else None
        total = int(total) if isinstance(total, str) and total.isdecimal() else total
        total = total if isinstance(total, int) and not isinstance(total, bool) else None
        if rows is None and total == 0:
            rows = []
        if not isinstance(rows, list):
            raise unreadable(answer.asked, "a document that holds no list of records", answer.status)
        if not rows and total is not None and total > offset:
            raise unreadable(answer.asked, f"no records where it announces {total - offset}", answer.status)
        return _Page(offset, rows, total, answer.asked)

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        """Ask with a token; once more with a new one if it is refused (synchronising.md#retries)."""
        token = await self._tokens.current()
        try:
            return await self._http.ask(method, path, query=query, body=body, headers=_bearer(token))
        except AccessDenied as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
        token = await self._tokens.other_than(token)
        return await self._http.ask(method, path, query=query, body=body, headers=_bearer(token))


@dataclass(frozen=True, slots=True)
class _Page:
    offset: int
    rows: Sequence[object]
    total: int | None
    asked: Asked


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _read(answer: Answer, reader: Reader[M, D]) -> D:
    try:
        return reader.one(answer.document)
    except ValueError as error:
        raise unreadable(answer.asked, f"a record that cannot be read ({error})", answer.status) from error
