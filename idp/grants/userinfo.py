"""What userinfo tells (OpenID Connect Core §5.3): as JSON, signed, encrypted, or both."""

from datetime import datetime
from typing import Any

import orjson

from idp.directory.person import ACTIVE
from idp.errors import InvalidToken
from idp.grants.shown_token import Shown, ShownTokens
from idp.outbound.client_keys import ClientKeys
from idp.protocol.client import Client
from idp.protocol.encryption import encrypt_for
from idp.protocol.person_claims import claims_of_scopes, still_acts, tell
from idp.store.living_tokens import LivingTokens
from idp.store.people import People
from idp.token_keys import TokenKeys

OPENID = "openid"


class UserInfo:
    """One for each app."""

    def __init__(
        self,
        *,
        issuer: str,
        access: ShownTokens,
        living: LivingTokens,
        people: People,
        token_keys: TokenKeys,
        client_keys: ClientKeys,
    ) -> None:
        self._issuer = issuer
        self._access = access
        self._living = living
        self._people = people
        self._token_keys = token_keys
        self._client_keys = client_keys

    def __call__(self, shown: Shown, moment: datetime) -> tuple[dict[str, Any] | str, str]:
        """Claims (JSON) or a JWT, and the client_id. Raises InvalidToken and its like."""
        token, client = self._access.check(shown, OPENID, moment)
        authorization = self._living.find(token.jti)
        if authorization is None:
            raise InvalidToken(detail="authorization not known any more", scheme=shown.scheme)
        person = self._people.find(authorization.authentication.person_id)
        if person is None or person.state != ACTIVE:
            raise InvalidToken(detail="person not active", scheme=shown.scheme)
        now = int(moment.timestamp())
        if not still_acts(person, authorization.authentication, now):
            raise InvalidToken(detail="mandate ended", scheme=shown.scheme)
        names = claims_of_scopes(str(token.claims["scope"]).split()) | frozenset(
            authorization.claims.get("userinfo") or ()
        )
        told = tell(person, authorization.authentication, client, names, now)
        claims = {**told, "sub": token.claims["sub"]}
        return self._dress(client, claims), client.client_id

    def _dress(self, client: Client, claims: dict[str, Any]) -> dict[str, Any] | str:
        """§5.3.2: as the client registered it. A signed answer says who it is from and for."""
        metadata = client.metadata
        signing, encrypting = metadata.userinfo_signed_response_alg, metadata.userinfo_encrypted_response_alg
        if not signing and not encrypting:
            return claims
        inner = (
            self._token_keys.sign(
                signing, {**claims, "iss": self._issuer, "aud": client.client_id}, typ="JWT"
            )
            if signing
            else orjson.dumps(claims).decode()
        )
        if not encrypting:
            return inner
        return encrypt_for(
            self._client_keys.encryption_keys(client),
            inner,
            algorithm=encrypting,
            content=metadata.userinfo_encrypted_response_enc,
            nested=bool(signing),
        )
