"""RFC 6749 §4.1.3, RFC 7636 §4.6, OpenID Connect Core §3.1.3: a code becomes tokens, once."""

import base64
import hashlib
import hmac
import re
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.errors import InvalidGrant, InvalidRequest, UnauthorizedClient
from idp.evidence.event import Event, Evidence
from idp.grants.form_request import FormRequest
from idp.grants.narrowing import narrow
from idp.grants.person_tokens import PersonTokens
from idp.grants.sender_binding import DpopProofs, confirm_sender
from idp.protocol.authorization import Authorization
from idp.protocol.client import AUTHORIZATION_CODE, Client
from idp.protocol.confirmation import Confirmation
from idp.store.codes import Codes, Reused, family_of
from idp.store.refresh_families import RefreshFamilies
from idp.store.revocations import Revocations
from idp.store.sessions import Sessions

MAX_CODE = 128
# RFC 7636 §4.1
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class RedeemCode:
    """The act, apart from Authlib. Steps, in this order:

    1. the client proved who it is (server); 2. the code is known; 3. it is this client's, for this
    redirect_uri; 4. the verifier fits; 5. the key is the bound one; 6. nothing more than allowed is asked;
    7. the session still lives; 8. the code is used up, atomically; 9. tokens are made.

    A code that comes again after 8 revokes what came of it, whoever brings it.
    """

    def __init__(
        self,
        *,
        issuer: str,
        codes: Codes,
        proofs: DpopProofs,
        tokens: PersonTokens,
        families: RefreshFamilies,
        revocations: Revocations,
        sessions: Sessions,
        evidence: Evidence,
        access_token_seconds: int,
    ) -> None:
        self._issuer = issuer
        self._codes = codes
        self._proofs = proofs
        self._tokens = tokens
        self._families = families
        self._revocations = revocations
        self._sessions = sessions
        self._evidence = evidence
        self._access_token_seconds = access_token_seconds

    def __call__(self, request: FormRequest, client: Client) -> dict[str, Any]:
        """The token response. Raises InvalidGrant, InvalidRequest, InvalidDpopProof and their like."""
        code, now = request.form.get("code", ""), request.moment
        if not code or len(code) > MAX_CODE:
            raise InvalidRequest(
                "The parameter code is missing." if not code else "code is too long.", detail="code"
            )
        authorization = self._codes.find(code)
        if authorization is None:
            self._refuse_unknown(code, client, now)
            raise InvalidGrant(detail="code unknown or expired")
        if authorization.client_id != client.client_id:
            raise InvalidGrant(detail="another client's code")
        request.code_age = now - authorization.granted_at
        check_redirect_uri(request, authorization)
        check_verifier(request, authorization)
        confirmation = confirm_sender(self._proofs, request, client, person=True)
        check_binding(authorization, confirmation)
        wanted = narrow(request, client, authorization, self._issuer)
        if self._sessions.has_ended(authorization.authentication.session_id, now):
            raise InvalidGrant(detail="session ended")
        redeemed = self._codes.redeem(code, now)
        if not isinstance(redeemed, Authorization):
            if isinstance(redeemed, Reused):
                self._refuse_unknown(code, client, now)
            raise InvalidGrant(detail="code used or expired")
        return self._tokens.issue_first(
            client,
            redeemed,
            confirmation,
            wanted=wanted,
            family_id=family_of(code),
            grant_type=AUTHORIZATION_CODE,
            now=now,
        )

    def _refuse_unknown(self, code: str, client: Client, now: int) -> None:
        """RFC 6749 §4.1.2: a used code means that somebody else has it too: revoke what came of it."""
        reused = self._codes.redeem(code, now)
        if not isinstance(reused, Reused):
            return
        # Access tokens first: they work at once, and without asking us.
        until = now + self._access_token_seconds + 60
        self._revocations.revoke(reused.family, client.client_id, expires_at=until, now=now)
        self._families.revoke_code(reused.family, client.client_id, now)
        self._evidence.record(
            Event("code.reused", now, client_id=client.client_id, details={"family_id": reused.family})
        )


def check_redirect_uri(request: FormRequest, authorization: Authorization) -> None:
    """RFC 6749 §4.1.3: the same as in the authorization request, exactly."""
    if authorization.redirect_uri and request.form.get("redirect_uri") != authorization.redirect_uri:
        raise InvalidGrant("redirect_uri is not that of the authorization request.", detail="redirect_uri")


def check_verifier(request: FormRequest, authorization: Authorization) -> None:
    """RFC 7636 §4.6, and RFC 9700 §2.1.1: a verifier without a challenge is a downgrade."""
    verifier = request.form.get("code_verifier", "")
    if not authorization.code_challenge:
        if verifier:
            raise InvalidGrant("There was no code_challenge.", detail="verifier without challenge")
        return
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is missing or malformed.", detail="verifier")
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(made, authorization.code_challenge.encode()):
        raise InvalidGrant("code_verifier does not fit the code_challenge.", detail="verifier")


def check_binding(authorization: Authorization, confirmation: Confirmation) -> None:
    """RFC 9449 §10, RFC 8705: the key that the request named redeems the code."""
    bound = Confirmation(authorization.dpop_jkt, authorization.mtls_thumbprint)
    if not confirmation.covers(bound):
        raise InvalidGrant("The code is bound to another key.", detail="code bound to another key")


def authorization_code(redeem: RedeemCode) -> type[BaseGrant]:
    """The grant class for one app."""

    class AuthorizationCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
        GRANT_TYPE = AUTHORIZATION_CODE

        def validate_token_request(self) -> None:
            client = self.authenticate_token_endpoint_client()
            if not client.check_grant_type(AUTHORIZATION_CODE):
                raise UnauthorizedClient(detail="grant_type")

        def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
            return 200, redeem(self.request, self.request.client), []

    return AuthorizationCodeGrant
