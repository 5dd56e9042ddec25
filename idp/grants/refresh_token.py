"""RFC 6749 §6: new tokens without the person, from a family that is still good.

Tokens bound to a key are not rotated (FAPI 2.0 §5.3.2.1 note: rotation adds nothing and loses people).
Others are, and forgive: within the grace time the one before gets the same successor.
"""

from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.errors import InvalidGrant, InvalidRequest, UnauthorizedClient
from idp.evidence.event import Event, Evidence
from idp.grants.form_request import FormRequest
from idp.grants.narrowing import narrow
from idp.grants.person_tokens import PersonTokens
from idp.grants.sender_binding import DpopProofs, confirm_sender
from idp.protocol.client import REFRESH_TOKEN, Client
from idp.store.refresh_families import Family, RefreshFamilies

MAX_REFRESH_TOKEN = 128


class Refresh:
    """The act, apart from Authlib. Raises InvalidGrant and the like."""

    def __init__(
        self,
        *,
        issuer: str,
        proofs: DpopProofs,
        tokens: PersonTokens,
        families: RefreshFamilies,
        evidence: Evidence,
    ) -> None:
        self._issuer = issuer
        self._proofs = proofs
        self._tokens = tokens
        self._families = families
        self._evidence = evidence

    def __call__(self, request: FormRequest, client: Client) -> dict[str, Any]:
        token, now = request.form.get("refresh_token", ""), request.moment
        if not token or len(token) > MAX_REFRESH_TOKEN:
            raise InvalidRequest("refresh_token is missing or too long.", detail="refresh_token")
        # 1 whose it is
        family = self._families.find(token, now)
        if family is None or family.client_id != client.client_id:
            raise InvalidGrant(detail="refresh token unknown or another client's")
        # 2 the family still lives
        if self._families.is_over(family, now):
            raise InvalidGrant(detail="refresh family is over")
        # 3 with the key it is bound to
        confirmation = confirm_sender(self._proofs, request, client, person=True)
        if not confirmation.covers(family.confirmation):
            raise InvalidGrant("The refresh token is bound to another key.", detail="bound to another key")
        # 4 it was not used before by somebody else
        if family.was_replaced(now):
            self._end_reused(family, now)
        # 5 no more than was allowed
        wanted = narrow(request, client, family.authorization, self._issuer)
        # 6 the successor, or the same again
        if confirmation.kind == "bearer":
            token = self._families.rotate(token, family, now)
        else:
            self._families.touch(family, now)
        return self._tokens.issue(
            client,
            family.authorization,
            confirmation,
            wanted=wanted,
            family_id=family.family_id,
            grant_type=REFRESH_TOKEN,
            now=now,
            refresh_token=token,
            in_session=not family.session_over,
        )

    def _end_reused(self, family: Family, now: int) -> None:
        """RFC 9700 §4.14.2: one of two holders is a thief, and nobody knows which."""
        if self._families.revoke(family.family_id, "reused", now):
            self._evidence.record(
                Event(
                    "refresh.reused",
                    now,
                    person_id=family.authorization.authentication.person_id,
                    client_id=family.client_id,
                    session_id=family.authorization.authentication.session_id,
                    details={"family_id": family.family_id, "generation": family.token_generation},
                )
            )
        raise InvalidGrant(detail="refresh token reused")


def refresh_token(refresh: Refresh) -> type[BaseGrant]:
    """The grant class for one app."""

    class RefreshTokenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
        GRANT_TYPE = REFRESH_TOKEN

        def validate_token_request(self) -> None:
            client = self.authenticate_token_endpoint_client()
            if not client.check_grant_type(REFRESH_TOKEN):
                raise UnauthorizedClient(detail="grant_type")

        def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
            return 200, refresh(self.request, self.request.client), []

    return RefreshTokenGrant
