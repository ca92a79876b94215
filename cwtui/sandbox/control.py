"""The control endpoint of a served sandbox, for tests in another process. Loopback only, as all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from cwtui.sandbox import exact_json
from cwtui.sandbox.behaviour import Behaviour, RequestLog
from cwtui.sandbox.http import Request, Response
from cwtui.sandbox.world import World

# Changes of the world that a test may call by name, with the arguments as a JSON object.
_CALLS = frozenset(
    [
        "add_customer",
        "add_product",
        "add_subscription",
        "add_order",
        "add_plan",
        "add_company",
        "add_agreement",
        "add_addition",
        "add_catalog_item",
        "add_invoice",
        "complete_order",
        "change_subscription",
        "advance_invoice",
        "set_today",
    ]
)


class Control:
    """`GET /additions`, `/world`, `/requests`; `POST /behaviour`, `/world`, `/requests/clear`.

    `POST /world` takes `{"call": "complete_order", "arguments": {"order_id": "…"}}` and answers what it returns.
    """

    def __init__(self, world: World, behaviour: Behaviour, log: RequestLog) -> None:
        self.world, self.behaviour, self.log = world, behaviour, log

    def answer(self, request: Request) -> Response:
        """Answer one request; a wrong one is told what was wrong with it."""
        routes: dict[tuple[str, str], Callable[[Any], Response]] = {
            ("GET", "/additions"): lambda _: Response(document=self.world.additions()),
            ("GET", "/world"): lambda _: Response(raw=self.world.to_json()),
            ("GET", "/requests"): lambda _: Response(document=self.log.as_json()),
            ("POST", "/requests/clear"): self._clear,
            ("POST", "/behaviour"): self._behave,
            ("POST", "/world"): self._call,
        }
        handle = routes.get((request.method, request.path))
        if handle is None:
            return Response(404, {"message": "The control endpoint has no such path."})
        try:
            return handle(exact_json.loads(request.body) if request.body else {})
        except (ValueError, TypeError, KeyError) as error:
            return Response(400, {"message": f"{type(error).__name__}: {error}"})

    def _clear(self, _: Any) -> Response:
        self.log.clear()
        return Response(document={})

    def _behave(self, changes: Any) -> Response:
        self.behaviour.change(changes)
        return Response(document={})

    def _call(self, body: Any) -> Response:
        name, arguments = body["call"], body.get("arguments", {})
        if name not in _CALLS:
            raise ValueError(f"{name} is not among {', '.join(sorted(_CALLS))}")
        if name == "set_today":
            self.world.today = date.fromisoformat(arguments["today"])
            return Response(document={})
        result = getattr(self.world, name)(**arguments)
        return Response(document=result)
