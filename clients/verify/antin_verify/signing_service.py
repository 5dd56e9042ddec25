"""The signing service's public part over HTTP: verify a document, find a file by its digest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from antin_verify.errors import DocumentUnfit, NotSignedHere, TryLater, VerifyError, too_large

CHUNK = 256 * 1024
# An unknown word must never pass for "valid".
VERDICTS = frozenset({"TOTAL_PASSED", "INDETERMINATE", "TOTAL_FAILED", "NO_SIGNATURE"})
_AWAY_SECONDS = 30


class SigningService:
    """Raises TryLater whenever it gives no answer that can be relied on. Thread-safe; open after the fork.

    ``caller``: the person's network address. The service counts by it, as it does behind a gateway.
    """

    def __init__(self, base_url: str, timeout: float, *, max_document: int) -> None:
        self._base_url = base_url.rstrip("/")
        self._max_document = max_document
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=5.0), trust_env=False, follow_redirects=False
        )

    def verify(self, path: Path, size: int, *, caller: str, request_id: str) -> tuple[dict[str, Any], str]:
        """The verdict's members, and the ETSI report of the same validation. Raises DocumentUnfit too."""
        members = self._ask(
            "POST",
            "/v1/verify?report=xml",
            caller,
            request_id,
            content=_chunks(path),
            headers={"Content-Type": "application/pdf", "Content-Length": str(size)},
        )
        report = members.pop("report", None)
        verdicts = [members.get("verdict"), *(one.get("verdict") for one in _every(members))]
        if not set(verdicts) <= VERDICTS or not isinstance(report, str):
            raise _away("the answer is not a verdict")
        return members, report

    def find(self, sha256: str, *, caller: str, request_id: str) -> list[dict[str, Any]]:
        """The signatures made there on the file with this digest, newest first. Raises NotSignedHere."""
        members = self._ask("GET", f"/v1/verify/digests/{sha256}", caller, request_id)
        signatures = members.get("signatures")
        if not isinstance(signatures, list) or not signatures:
            raise _away("the answer has no signatures")
        return signatures

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            return self._http.get(f"{self._base_url}/healthz", timeout=2.0).is_success
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, caller: str, request_id: str, **how: Any) -> dict[str, Any]:
        headers = how.pop("headers", {}) | {
            "Accept": "application/json",
            "X-Forwarded-For": caller,
            "X-Request-Id": request_id,
        }
        try:
            answer = self._http.request(method, self._base_url + path, headers=headers, **how)
            members = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(type(error).__name__) from error
        if answer.is_success and isinstance(members, dict):
            return members
        raise self._error(answer, members if isinstance(members, dict) else {})

    def _error(self, answer: httpx.Response, problem: dict[str, Any]) -> VerifyError:
        status, code = answer.status_code, str(problem.get("code", ""))
        if status == httpx.codes.NOT_FOUND and code == "not_found":
            return NotSignedHere()
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return too_large(self._max_document)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            seconds = _retry_after(answer)
            return TryLater(
                f"Từ địa chỉ mạng của bạn vừa có quá nhiều lượt kiểm tra. Hãy thử lại sau {seconds} giây.",
                f"There were too many checks from your network address. Try again in {seconds} seconds.",
                code="too_many",
                retry_after=seconds,
                status=429,
            )
        if status in (400, 415, 422):
            return DocumentUnfit(
                str(problem.get("detail", "")) or "Không kiểm tra được tệp này. Hãy chọn tệp khác.",
                str(problem.get("detail_en", "")) or "This file cannot be checked. Choose another.",
                code="refused",
                detail=code,
            )
        return _away(f"status {status} {code}", _retry_after(answer))


def _every(members: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("signatures", "timestamps"):
        listed = members.get(name)
        if not isinstance(listed, list):
            raise _away(f"the answer has no {name}")
        yield from listed


def _away(detail: str, seconds: int = _AWAY_SECONDS) -> TryLater:
    return TryLater(
        "Dịch vụ kiểm tra tạm thời không trả lời. Tệp của bạn không có lỗi gì; hãy thử lại sau ít phút.",
        "The service does not answer at the moment. Nothing is wrong with your file; try again soon.",
        code="service_away",
        retry_after=seconds,
        detail=detail,
    )


def _retry_after(answer: httpx.Response) -> int:
    value = answer.headers.get("Retry-After", "")
    return min(3600, max(1, int(value))) if value.isdigit() else _AWAY_SECONDS


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
