"""Who is this client? The registry of authentication methods: one a request, and only the registered one.

=============================  ====================================================================
private_key_jwt                RFC 7523, RFC 10070; everybody's default
tls_client_auth                RFC 8705 §2.1; the gateway verified the chain
self_signed_tls_client_auth    RFC 8705 §2.2; the key is registered
client_secret_basic, _post     RFC 6749 §2.3.1; an exception with an end (baseline)
none                           public clients, which prove possession of a key at every use (DPoP)
=============================  ====================================================================
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus

from limits import RateLimitItem

from idp.errors import InvalidClient, InvalidRequest
from idp.grants.form_request import FormRequest
from idp.grants.private_key_jwt import parse_assertion, verify_assertion
from idp.outbound.client_keys import ClientKeys
from idp.protocol.client import (
    CLIENT_SECRET_BASIC,
    CLIENT_SECRET_POST,
    NO_AUTHENTICATION,
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS,
    TLS_CLIENT_AUTH,
    Client,
)
from idp.protocol.client_certificate import is_of_key, is_valid_at, names_client
from idp.protocol.client_metadata import ClientMetadata
from idp.store.admission import Admission

MAX_CLIENT_ID = 200
FindClient = Callable[[str], Client | None]
# Compared with when there is no such client.
_NOBODY = ClientMetadata(secret_hash="0" * 64, secret_expires_at=1)


class ClientAuthentication:
    """One for each app. ``budgets`` by endpoint, as Authlib names them."""

    def __init__(
        self,
        issuer: str,
        find_client: FindClient,
        client_keys: ClientKeys,
        admission: Admission,
        budgets: Mapping[str, RateLimitItem],
    ) -> None:
        self._issuer = issuer
        self._find_client = find_client
        self._client_keys = client_keys
        self._admission = admission
        self._budgets = budgets

    def authenticate(self, request: FormRequest, endpoint: str) -> tuple[Client, str]:
        """The client that made this request, and by which method; an assertion is spent hereby.

        Raises InvalidClient, InvalidRequest, TooManyRequests, ReplayStoreUnavailable, StoreUnavailable.
        """
        # 1 what the request shows; 2 whom it names
        shown = _shown(request)
        now = request.strict_form.now
        jti, spent_until = secrets.token_urlsafe(12), now.timestamp() + 1
        if shown == PRIVATE_KEY_JWT:
            assertion = parse_assertion(request.form)
            client = self._find(assertion.claims.get("sub"))
            jti, spent_until = verify_assertion(
                self._issuer, request, assertion, client, self._client_keys.with_key
            )
            client = _registered(client, shown)
        elif shown in (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST):
            client_id, secret = _basic(request) if shown == CLIENT_SECRET_BASIC else _posted(request)
            client = self._find(client_id)
            # Compared for an unknown client too, so that the answer takes as long.
            if not _takes_secret(client, secret, request.moment):
                raise InvalidClient(detail="secret", scheme="Basic" if shown == CLIENT_SECRET_BASIC else "")
            client = _registered(client, shown)
        else:
            client = self._by_certificate_or_public(request)
            shown = client.metadata.token_endpoint_auth_method
        # 3 last, so that nobody but the client can spend its jti or its budget
        self._admission.admit(
            client.client_id,
            jti,
            expires_at=spent_until,
            budget=self._budgets[endpoint],
            endpoint=endpoint,
            now=now.timestamp(),
        )
        return client, shown

    def _by_certificate_or_public(self, request: FormRequest) -> Client:
        """Only client_id was sent: the registered method says what must stand behind it."""
        found = self._find(request.form.get("client_id"))
        client = _registered(found, found.metadata.token_endpoint_auth_method if found else "")
        method, form = client.metadata.token_endpoint_auth_method, request.strict_form
        if method == NO_AUTHENTICATION and client.is_baseline(request.moment):
            return client
        if method not in (TLS_CLIENT_AUTH, SELF_SIGNED_TLS):
            raise InvalidClient(
                f"Authenticate by {PRIVATE_KEY_JWT if method == NO_AUTHENTICATION else method}.",
                detail="no assertion",
                scheme=_scheme(form.authorization),
            )
        if not form.certificate or not is_valid_at(form.certificate, form.now):
            raise InvalidClient("A valid TLS client certificate is needed.", detail="no certificate")
        if method == TLS_CLIENT_AUTH:
            known = names_client(form.certificate, client.metadata)
        else:
            known = is_of_key(form.certificate, self._client_keys.all_keys(client))
        if not known:
            raise InvalidClient(detail="certificate")
        return client

    def _find(self, client_id: object) -> Client | None:
        if (
            not isinstance(client_id, str)
            or not 0 < len(client_id) <= MAX_CLIENT_ID
            or not client_id.isascii()
        ):
            return None
        return self._find_client(client_id)


def _shown(request: FormRequest) -> str:
    """RFC 6749 §2.3: one method in a request. "" when it names a client and shows nothing in the body."""
    form, authorization = request.form, request.strict_form.authorization
    shown = [
        method
        for method, there in (
            (PRIVATE_KEY_JWT, "client_assertion" in form or "client_assertion_type" in form),
            (CLIENT_SECRET_BASIC, authorization.lower().startswith("basic ")),
            (CLIENT_SECRET_POST, "client_secret" in form),
        )
        if there
    ]
    other = authorization and CLIENT_SECRET_BASIC not in shown
    if len(shown) > 1 or (shown and other):
        raise InvalidRequest("Authenticate in one way only.", detail="several methods")
    if not shown and (other or "client_id" not in form):
        raise InvalidClient(
            "Authenticate as registered: by private_key_jwt, unless agreed otherwise.",
            detail="no assertion",
            scheme=_scheme(authorization),
        )
    return shown[0] if shown else ""


def _registered(client: Client | None, method: str) -> Client:
    if client is None:
        raise InvalidClient(detail="client unknown")
    if not client.active:
        raise InvalidClient(detail="client disabled")
    if client.metadata.token_endpoint_auth_method != method:
        raise InvalidClient("This is not the method that the client registered.", detail="method")
    return client


def _takes_secret(client: Client | None, secret: str, now: int) -> bool:
    if client is None or not client.is_baseline(now):
        _NOBODY.takes_secret(secret, now)
        return False
    return client.metadata.takes_secret(secret, now)


def _basic(request: FormRequest) -> tuple[str, str]:
    """RFC 6749 §2.3.1: both halves are form-encoded before they are joined."""
    try:
        decoded = base64.b64decode(request.strict_form.authorization[6:].strip(), validate=True).decode(
            "ascii"
        )
    except (ValueError, binascii.Error) as error:
        raise InvalidClient("The Basic credentials are malformed.", detail="basic", scheme="Basic") from error
    client_id, _, secret = decoded.partition(":")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if request.form.get("client_id", client_id) != client_id:
        raise InvalidClient("client_id is not the one in the header.", detail="client_id", scheme="Basic")
    return client_id, secret


def _posted(request: FormRequest) -> tuple[str, str]:
    return request.form.get("client_id", ""), request.form["client_secret"]


def _scheme(authorization: str) -> str:
    scheme = authorization.partition(" ")[0]
    return scheme if scheme.isalnum() and scheme.isascii() else ""
