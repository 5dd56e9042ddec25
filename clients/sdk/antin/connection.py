"""One HTTP connection to the signing service: login, Idempotency-Key, retries, problems."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from antin.errors import ConfigError, NetworkError
from antin.oauth import Token, TokenSource
from antin.problems import error_of
from antin.retry import Retry, no_answer

SCOPE = "sign"
_SAFE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})

# Whether a call carries a token.
Login = Literal["yes", "no"]


@dataclass(frozen=True, slots=True)
class Body:
    """A request body that can be sent again: ``open`` starts it anew. ``size`` in bytes."""

    open: Callable[[], Iterator[bytes]]
    size: int
    media_type: str


class Connection:
    """Calls of one signing service. Thread-safe as httpx.Client is."""

    def __init__(
        self, base_url: str, http: httpx.Client, retry: Retry, tokens: TokenSource | None, resource: str
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._retry = retry
        self._tokens = tokens
        self._resource = resource

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: Body | None = None,
        params: dict[str, str] | None = None,
        login: Login = "yes",
        accept: str = "application/json",
    ) -> httpx.Response:
        """The answer, read to its end. Raises ServiceError for 400 and above, NetworkError."""
        send = self._sender(method, path, json=json, body=body, params=params, login=login, accept=accept)

        def ask() -> httpx.Response:
            response = send()
            try:
                response.read()
            finally:
                response.close()
            return response

        return _checked(self._ask(ask, send))

    def members(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """As ``call``; the answer's JSON object."""
        response = self.call(method, path, **how)
        try:
            members = response.json()
        except ValueError as error:
            raise _not_json(path) from error
        if not isinstance(members, dict):
            raise _not_json(path)
        return members

    @contextmanager
    def streamed(
        self, method: str, path: str, *, token: Token | None = None, **how: Any
    ) -> Iterator[httpx.Response]:
        """The answer with its body still to be read by ``iter_bytes``. Raises as ``call`` does.

        ``token``: use this one instead of the kept one. A body cut short raises NetworkError.
        """
        send = self._sender(method, path, token=token, **how)
        response = self._ask(send, send)
        try:
            if response.is_error:
                response.read()
            yield _checked(response)
        except httpx.HTTPError as error:
            raise no_answer(error) from error
        finally:
            response.close()

    def login(self, scope: str = SCOPE, details: list[dict[str, Any]] | None = None, **how: Any) -> Token:
        """A token for this service. Raises ConfigError when the client has no key."""
        if self._tokens is None:
            raise ConfigError(
                "Việc này cần đăng nhập: đặt issuer, client_id và key_file trong cấu hình.",
                "This needs a login: set issuer, client_id and key_file in the configuration.",
            )
        return self._tokens.token(scope, how.pop("resource", None) or self._resource, details or (), **how)

    def _ask(self, ask: Callable[[], httpx.Response], send: "_Sender") -> httpx.Response:
        response = self._retry.run(ask, safe=send.safe)
        if response.status_code == httpx.codes.UNAUTHORIZED and send.renewable:
            # The token was revoked, or the service's keys rolled: one new login, then its word is final.
            response.close()
            send.renew()
            response = self._retry.run(ask, safe=send.safe)
        return response

    def _sender(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: Body | None = None,
        params: dict[str, str] | None = None,
        login: Login = "yes",
        accept: str = "application/json",
        token: Token | None = None,
    ) -> "_Sender":
        headers = {"Accept": f"{accept}, application/problem+json"}
        if method == "POST":
            # One key for all tries of this call: the service does the work once.
            headers["Idempotency-Key"] = secrets.token_urlsafe(24)
        if body is not None:
            headers |= {"Content-Type": body.media_type, "Content-Length": str(body.size)}
        if login == "yes" and token is None:
            token = self.login()
            renew: Callable[[], Token] | None = lambda: self.login(fresh=True)  # noqa: E731
        else:
            renew = None

        def build(current: Token | None) -> httpx.Request:
            bearer = {"Authorization": f"Bearer {current.value}"} if current else {}
            content = body.open() if body is not None else None
            return self._http.build_request(
                method,
                self._base_url + path,
                json=json,
                content=content,
                params=params,
                headers=headers | bearer,
            )

        safe = method in _SAFE_METHODS or "Idempotency-Key" in headers
        return _Sender(self._http, build, token, renew, safe=safe)


class _Sender:
    """Builds the request anew for each try, since a streamed body can be sent once only."""

    def __init__(
        self,
        http: httpx.Client,
        build: Callable[[Token | None], httpx.Request],
        token: Token | None,
        renew: Callable[[], Token] | None,
        *,
        safe: bool,
    ) -> None:
        self._http = http
        self._build = build
        self._token = token
        self._renew = renew
        self.safe = safe

    @property
    def renewable(self) -> bool:
        return self._renew is not None

    def renew(self) -> None:
        if self._renew is not None:
            self._token = self._renew()

    def __call__(self) -> httpx.Response:
        return self._http.send(self._build(self._token), stream=True)


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise error_of(response)
    if response.is_redirect:
        raise ConfigError(
            "Dịch vụ chuyển hướng; base_url phải là địa chỉ của chính nó.",
            "The service redirects; base_url must be its own address.",
        )
    return response


def _not_json(path: str) -> NetworkError:
    return NetworkError(
        f"Trả lời của {path} không phải JSON. Kiểm tra base_url.",
        f"The answer of {path} is not JSON. Check base_url.",
    )
