"""private_key_jwt (RFC 7523 as updated by RFC 10070). The rules are in protocol/checks.

Authlib's own ``JWTBearerClientAssertion`` accepts any audience of a list, asks for no ``typ`` and
leaves the algorithms to its defaults.
"""

from collections.abc import Callable, Mapping

from idp.errors import InvalidClient, JwsRefused
from idp.grants.form_request import FormRequest
from idp.protocol.checks import check_client_assertion
from idp.protocol.checks.attempt import CLOCK_LEEWAY, Attempt
from idp.protocol.client import Client
from idp.protocol.compact_jws import UnverifiedJws, parse_unverified

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_CHARACTERS = 8 * 1024


def parse_assertion(form: Mapping[str, str]) -> UnverifiedJws:
    """Raises InvalidClient."""
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidClient(f"client_assertion_type must be {ASSERTION_TYPE}.", detail="assertion type")
    try:
        return parse_unverified(form.get("client_assertion", ""), max_length=MAX_ASSERTION_CHARACTERS)
    except JwsRefused as error:
        raise InvalidClient(error.message, detail=error.detail) from error


def verify_assertion(
    issuer: str,
    request: FormRequest,
    assertion: UnverifiedJws,
    client: Client | None,
    look_again: Callable[[Client, object], Client],
) -> tuple[str, float]:
    """The assertion's jti, not yet spent, and until when it must not come again. Raises InvalidClient.

    ``look_again``: the client with its keys fetched anew, when the kid is not among them.
    """
    if client is not None:
        client = look_again(client, assertion.header.get("kid"))
    attempt = Attempt(
        assertion=assertion,
        posted_client_id=request.form.get("client_id"),
        client=client,
        issuer=issuer,
        now=request.strict_form.now.timestamp(),
    )
    check_client_assertion(attempt)
    return attempt.claims["jti"], attempt.claims["exp"] + CLOCK_LEEWAY
