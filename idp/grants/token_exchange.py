"""RFC 8693: a system acts for the person whose token it holds, at one service, and both can be seen.

The one-stop system exchanges the person's access token for one at the signing service. Nothing grows: the
audience is one the system is registered for, the scope one that both have, the end no later, and the login
(acr, auth_time, sid) stays the person's.
"""

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.errors import InvalidGrant, InvalidRequest, InvalidScope, UnauthorizedClient
from idp.evidence.event import Evidence
from idp.grants.form_request import FormRequest
from idp.grants.issued_token import IssuedToken, find_issued_token
from idp.grants.sender_binding import DpopProofs, confirm_sender
from idp.grants.token_record import issued_event
from idp.protocol.access_token import Authorized, access_token_claims
from idp.protocol.authorization_details import granted_details
from idp.protocol.client import TOKEN_EXCHANGE, Client
from idp.protocol.confirmation import confirmation_of
from idp.protocol.resource import granted_resource
from idp.store.token_life import TokenLife
from idp.token_keys import TokenKeys

ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 -- a type
_OF_THE_LOGIN = ("sub", "acr", "auth_time", "sid")
MAX_ACTORS = 3


class ExchangeToken:
    """The act, apart from Authlib. Raises InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget."""

    def __init__(
        self,
        *,
        issuer: str,
        token_keys: TokenKeys,
        token_life: TokenLife,
        proofs: DpopProofs,
        evidence: Evidence,
        lifetime: int,
    ) -> None:
        self._issuer = issuer
        self._token_keys = token_keys
        self._token_life = token_life
        self._proofs = proofs
        self._evidence = evidence
        self._lifetime = lifetime

    def __call__(self, request: FormRequest, client: Client) -> dict[str, Any]:
        form, now = request.strict_form, request.moment
        # 1 a person's living access token, this client's own
        subject = self._subject(request, client)
        # 2 shown by who holds its key
        confirmation = confirm_sender(self._proofs, request, client, person=True)
        if not confirmation.covers(confirmation_of(subject.claims)):
            raise InvalidGrant("subject_token is bound to another key.", detail="subject bound")
        # 3 never more
        scope = _narrowed(form.fields.get("scope"), subject, client)
        resource = granted_resource(client, form.resources)
        details = granted_details(client, form.fields.get("authorization_details"))
        lifetime = min(self._lifetime, subject.expires_at - now)
        jti = f"{subject.jti.partition('.')[0]}.{secrets.token_urlsafe(16)}"
        claims = access_token_claims(
            client,
            Authorized(scope, resource, details),
            issuer=self._issuer,
            now=now,
            lifetime=lifetime,
            jti=jti,
            confirmation=confirmation,
        )
        claims |= {name: subject.claims[name] for name in _OF_THE_LOGIN if name in subject.claims}
        claims["act"] = _actor(client, subject)
        token = self._token_keys.sign(client.token_algorithm, claims)
        self._evidence.record(
            issued_event(
                TOKEN_EXCHANGE,
                client_id=client.client_id,
                jti=jti,
                scope=scope,
                resource=resource,
                confirmation=confirmation,
                now=now,
            )
        )
        body = {
            "access_token": token,
            "issued_token_type": ACCESS_TOKEN_TYPE,
            "token_type": confirmation.token_type,
            "expires_in": lifetime,
            "scope": scope,
        }
        return {**body, "authorization_details": details} if details else body

    def _subject(self, request: FormRequest, client: Client) -> IssuedToken:
        form, now = request.form, request.moment
        if form.get("subject_token_type") != ACCESS_TOKEN_TYPE:
            raise InvalidRequest(
                f"subject_token_type must be {ACCESS_TOKEN_TYPE}.", detail="subject_token_type"
            )
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
            raise InvalidRequest("Only access tokens are given in exchange.", detail="requested_token_type")
        if "actor_token" in form or "actor_token_type" in form:
            raise InvalidRequest(
                "The actor is the client itself: leave actor_token out.", detail="actor_token"
            )
        token = find_issued_token(form.get("subject_token", ""), self._token_keys, self._issuer, now)
        if token is None or token.is_expired():
            raise InvalidGrant("subject_token is not good, or not any more.", detail="subject token")
        sid = token.claims.get("sid")
        ended = self._token_life.why_ended(token.jti, sid, now)
        if ended == "revoked":
            raise InvalidGrant("subject_token is not good, or not any more.", detail="subject token")
        # A token of a client's own has no person behind it; one without a session has nobody present.
        if not isinstance(sid, str) or ended:
            raise InvalidGrant("subject_token speaks for nobody who is logged in.", detail="subject session")
        if token.client_id != client.client_id:
            raise InvalidGrant("subject_token was issued to another client.", detail="subject client")
        return token


def _narrowed(asked: str | None, subject: IssuedToken, client: Client) -> str:
    """What both the person's token and the client have; what is asked beyond that is refused."""
    held = str(subject.claims.get("scope", "")).split()
    both = [scope for scope in held if scope in client.scopes]
    if asked is None:
        return " ".join(both)
    wanted = set(asked.split(" "))
    if not wanted <= set(both):
        raise InvalidScope("Ask for no more than subject_token has.", detail="widening")
    return " ".join(scope for scope in both if scope in wanted)


def _actor(client: Client, subject: IssuedToken) -> dict[str, Any]:
    """§4.1: the newest actor outside, the earlier ones within."""
    actor: dict[str, Any] = {"sub": client.client_id}
    earlier = subject.claims.get("act")
    depth, link = 1, earlier
    while isinstance(link, dict):
        depth, link = depth + 1, link.get("act")
    if depth > MAX_ACTORS:
        raise InvalidGrant(f"No more than {MAX_ACTORS} systems act after one another.", detail="actors")
    return {**actor, "act": earlier} if earlier else actor


def token_exchange(exchange: ExchangeToken) -> type[BaseGrant]:
    """The grant class for one app."""

    class TokenExchangeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
        GRANT_TYPE = TOKEN_EXCHANGE

        def validate_token_request(self) -> None:
            client = self.authenticate_token_endpoint_client()
            if not client.check_grant_type(TOKEN_EXCHANGE):
                raise UnauthorizedClient(detail="grant_type")

        def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
            return 200, exchange(self.request, self.request.client), []

    return TokenExchangeGrant
