"""private_key_jwt for Authlib's registry of client authentication methods.

Authlib's own ``JWTBearerClientAssertion`` accepts any audience of a list, asks for no ``typ`` and
leaves the algorithms to its defaults, so the rules are ours (protocol/checks) and the registry Authlib's.
"""

from collections.abc import Callable, Mapping

from limits import RateLimitItem

from idp.errors import InvalidClient, InvalidRequest, JwsRefused
from idp.grants.form_request import FormRequest
from idp.protocol.checks import check_client_assertion
from idp.protocol.checks.attempt import CLOCK_LEEWAY, Attempt
from idp.protocol.client import Client
from idp.protocol.compact_jws import UnverifiedJws, parse_unverified
from idp.store.admission import Admission

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_CHARACTERS = 8 * 1024
MAX_CLIENT_ID = 200

FindClient = Callable[[str], Client | None]


class PrivateKeyJwt:
    """One endpoint's client authentication. ``endpoint`` names the budget that a call counts against."""

    def __init__(self, issuer: str, admission: Admission, budgets: Mapping[str, RateLimitItem]) -> None:
        self._issuer = issuer
        self._admission = admission
        self._budgets = budgets

    def authenticate(self, find_client: FindClient, request: FormRequest, endpoint: str) -> Client:
        """The client that made this assertion, which is spent hereby.

        Raises InvalidClient, InvalidRequest, TooManyRequests, ReplayStoreUnavailable, StoreUnavailable.
        """
        _check_one_method(request)
        assertion = _get_assertion(request.form)
        now = request.strict_form.now.timestamp()
        attempt = Attempt(
            assertion=assertion,
            posted_client_id=request.form.get("client_id"),
            client=_find_named(find_client, assertion),
            issuer=self._issuer,
            now=now,
        )
        check_client_assertion(attempt)
        client = attempt.client
        if client is None:
            raise InvalidClient(detail="client unknown")
        # Last, so that nobody but the client can spend its jti or its budget.
        self._admission.admit(
            client.client_id,
            attempt.claims["jti"],
            expires_at=attempt.claims["exp"] + CLOCK_LEEWAY,
            budget=self._budgets[endpoint],
            endpoint=endpoint,
            now=now,
        )
        return client


def _check_one_method(request: FormRequest) -> None:
    """RFC 6749 §2.3: a client uses one way to authenticate in a request; here only one exists."""
    authorization = request.strict_form.authorization
    asserted = "client_assertion" in request.form or "client_assertion_type" in request.form
    if asserted and (authorization or "client_secret" in request.form):
        raise InvalidRequest("Authenticate in one way only: by client_assertion.", detail="several methods")
    if not asserted:
        scheme = authorization.partition(" ")[0]
        raise InvalidClient(
            "Authenticate by private_key_jwt: client_assertion and client_assertion_type.",
            detail="no assertion",
            scheme=scheme if scheme.isalnum() and scheme.isascii() else "",
        )


def _get_assertion(form: Mapping[str, str]) -> UnverifiedJws:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient(f"client_assertion_type must be {ASSERTION_TYPE}.", detail="assertion type")
    try:
        return parse_unverified(form.get("client_assertion", ""), max_length=MAX_ASSERTION_CHARACTERS)
    except JwsRefused as error:
        raise InvalidClient(error.message, detail=error.detail) from error


def _find_named(find_client: FindClient, assertion: UnverifiedJws) -> Client | None:
    subject = assertion.claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_CLIENT_ID or not subject.isascii():
        return None
    return find_client(subject)
