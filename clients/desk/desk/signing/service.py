"""Calls of the signing service with a person's token and the proof that goes with it (RFC 9449 §7.1)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from desk.errors import LoginNeeded, ServiceRefused, ServiceUnavailable
from desk.provider.dpop import proof

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person's token and the key it is bound to. Never shown in ``repr``."""

    token: str = field(repr=False)
    key: dict[str, Any] = field(repr=False)


class SigningService:
    """Thread-safe. Calls raise ServiceRefused, ServiceUnavailable, LoginNeeded (token not taken)."""

    def __init__(self, http: Callable[[], httpx.Client], base: str) -> None:
        self._http = http
        self._base = base

    def upload(self, bearer: Bearer, name: str, content: bytes, key: str) -> dict[str, Any]:
        """``key``: the same file sent twice under it is one document."""
        headers = {"Content-Type": PDF, "Idempotency-Key": key}
        return self._json(
            "POST", "/v1/documents", bearer, content=content, params={"name": name}, headers=headers
        )

    def content(self, bearer: Bearer, document_id: str) -> bytes:
        """As it was sent."""
        return self._call("GET", f"/v1/documents/{document_id}/content", bearer).content

    def prepare(self, bearer: Bearer, members: dict[str, Any]) -> dict[str, Any]:
        return self._json("POST", "/v1/signatures", bearer, json=members)

    def complete(self, approved: Bearer, signature_id: str) -> dict[str, Any]:
        """``approved``: the token of an approval on the page. May be repeated: it never signs twice."""
        return self._json("POST", f"/v1/signatures/{signature_id}/complete", approved, json={})

    def signature(self, bearer: Bearer, signature_id: str) -> dict[str, Any]:
        return self._json("GET", f"/v1/signatures/{signature_id}", bearer)

    def signed(self, bearer: Bearer, signature_id: str) -> bytes:
        return self._call("GET", f"/v1/signatures/{signature_id}/content", bearer).content

    def credentials(self, bearer: Bearer, *, only_valid: bool = True) -> list[dict[str, Any]]:
        """The person's own, as CSC v2 tells them."""
        asked = {"credentialInfo": True, "certInfo": True, "onlyValid": only_valid}
        told = self._json("POST", "/csc/v2/credentials/list", bearer, json=asked)
        return list(told.get("credentialInfos", []))

    def verify(self, content: bytes, *, caller: str) -> dict[str, Any]:
        """Without a token: the service counts by ``caller``, the person's network address."""
        headers = {"Content-Type": PDF, "X-Forwarded-For": caller}
        return self._json("POST", "/v1/verify", None, content=content, headers=headers)

    def _json(self, method: str, path: str, bearer: Bearer | None, **how: Any) -> dict[str, Any]:
        told = self._call(method, path, bearer, **how).json()
        if not isinstance(told, dict):
            raise ServiceUnavailable("not an object")
        return told

    def _call(self, method: str, path: str, bearer: Bearer | None, **how: Any) -> httpx.Response:
        url = f"{self._base}{path}"
        headers = dict(how.pop("headers", {}))
        if bearer:
            headers["Authorization"] = f"DPoP {bearer.token}"
            headers["DPoP"] = proof(bearer.key, method, url, int(time.time()), token=bearer.token)
        try:
            answer = self._http().request(method, url, headers=headers, **how)
        except httpx.HTTPError as error:
            raise ServiceUnavailable(type(error).__name__) from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise LoginNeeded
        if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise ServiceUnavailable(f"{path.split('/')[2]}: {answer.status_code}")
        if answer.is_error:
            raise _refused(answer)
        return answer


def _refused(answer: httpx.Response) -> ServiceRefused:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    problem: dict[str, Any] = told if isinstance(told, dict) else {}
    return ServiceRefused(
        str(problem.get("detail") or "Dịch vụ ký số không nhận yêu cầu này."),
        str(
            problem.get("detail_en")
            or problem.get("error_description")
            or "The signing service refused this."
        ),
        status=answer.status_code,
        code=str(problem.get("code") or ""),
        findings=list(problem.get("findings") or []),
    )
