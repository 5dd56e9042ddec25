"""auth/login and auth/revoke: the identity provider's own endpoints, in the CSC's words.

There is one place where anybody logs in, and it is not here: what a client sends is handed on, unread and
unkept, to the token endpoint of our issuer, and its answer is put into the CSC's members.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from signsvc.errors import IssuerUnavailable
from signsvc.usecases.csc_refusal import CscRefused

SCOPE = "service"


@dataclass(frozen=True, slots=True)
class CscLogin:
    """``issuer``: where it is reached from here. ``resource``: what its tokens are for: us."""

    http: Callable[[], httpx.Client]
    issuer: str
    resource: str

    def log_in(self, basic: str) -> dict[str, Any]:
        """``basic``: the Authorization header of a client with a secret. Raises CscRefused."""
        form = {"grant_type": "client_credentials", "scope": SCOPE, "resource": self.resource}
        answer = self._post("/token", form, basic)
        if answer.status_code != 200:
            raise CscRefused(
                "An error occurred during authentication process", error="authentication_error", status=401
            )
        try:
            told = answer.json()
            return {"access_token": told["access_token"], "expires_in": told["expires_in"]}
        except (ValueError, KeyError, TypeError) as error:
            raise IssuerUnavailable(detail="the issuer's answer is no token") from error

    def revoke(self, bearer: str, token: str) -> None:
        """Give a token back; an unknown one is no error (RFC 7009). Raises CscRefused."""
        answer = self._post("/revoke", {"token": token}, bearer)
        if answer.status_code != 200:
            raise CscRefused("Invalid string parameter token")

    def _post(self, path: str, form: dict[str, str], authorization: str) -> httpx.Response:
        try:
            answer = self.http().post(
                f"{self.issuer}{path}", data=form, headers={"Authorization": authorization}
            )
        except httpx.HTTPError as error:
            raise IssuerUnavailable(detail=type(error).__name__) from error
        if answer.status_code in (429, 503) or answer.status_code >= 500:
            raise IssuerUnavailable(detail=f"the issuer answered {answer.status_code}")
        return answer
