"""The servers beside both services: OAuth's token endpoint, and ConnectWise's answer to where a company's API is."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from cwtui.sandbox.behaviour import Behaviour
from cwtui.sandbox.credentials import OAUTH, PSA, PSA_BASE
from cwtui.sandbox.http import Request, Response


class Identity:
    """Answers `POST /oauth2/token` (RFC 6749, client credentials, in the header or in the form)."""

    def __init__(self, behaviour: Behaviour, grant: Callable[[], tuple[str, int]]) -> None:
        """Take what makes a token that the marketplace knows, with its lifetime."""
        self._behaviour, self._grant = behaviour, grant

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path != "/oauth2/token" or request.method != "POST":
            return Response(404, {"error": "invalid_request"})
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return Response(400, {"error": "invalid_request"})
        known = tuple(unquote_plus(part) for part in request.basic_credentials().split(":", 1))
        in_form = (form.get("client_id", ""), form.get("client_secret", ""))
        offered = in_form if self._behaviour.oauth_in_form else known
        if offered != (OAUTH.client_id, OAUTH.client_secret):
            return Response(401, {"error": "invalid_client", "error_description": "The client is not known."})
        if form.get("grant_type") != "client_credentials":
            return Response(400, {"error": "unsupported_grant_type"})
        if form.get("scope", OAUTH.scope) != OAUTH.scope:
            return Response(400, {"error": "invalid_scope", "error_description": "There is no such scope."})
        token, lifetime = self._grant()
        return Response(document={"access_token": token, "token_type": "Bearer", "expires_in": lifetime})


def company_info(request: Request, behaviour: Behaviour) -> Response:
    """Answer `GET /login/companyinfo/{company id}`, which needs no credentials."""
    if request.method != "GET" or request.path.casefold() != f"/companyinfo/{PSA.company_id}".casefold():
        return Response(404, {"message": "There is no such company."})
    return Response(
        document={
            "CompanyName": "Sandbox",
            "Codebase": PSA_BASE.split("/")[1] + "/",
            "VersionCode": f"v{behaviour.psa_version}",
            "VersionNumber": "v4.6.100000",
            "CompanyID": PSA.company_id,
            "IsCloud": "True",
            "SiteUrl": urlsplit(request.base_url).netloc,
        }
    )
