"""Make the tokens of a person's authorization: one place for every grant that speaks for a person."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.directory.subjects import Subjects
from idp.errors import InvalidGrant
from idp.evidence.event import Evidence
from idp.grants.token_record import issued_event
from idp.outbound.client_keys import ClientKeys
from idp.protocol.access_token import Authorized, access_token_claims, person_claims
from idp.protocol.authorization import Authorization
from idp.protocol.client import REFRESH_TOKEN, Client
from idp.protocol.confirmation import Confirmation
from idp.protocol.encryption import encrypt_for
from idp.protocol.id_token import ID_TOKEN_TYP, asked_in_id_token, id_token_claims
from idp.protocol.person_claims import still_acts, tell
from idp.store.living_tokens import LivingTokens
from idp.store.people import People
from idp.store.refresh_families import RefreshFamilies
from idp.token_keys import TokenKeys


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this one request gets of an authorization: never more than it allows."""

    scope: str
    resource: str
    details: Sequence[Mapping[str, Any]]


class PersonTokens:
    """One for each app. ``lifetime`` of access and ID Tokens in seconds."""

    def __init__(
        self,
        *,
        issuer: str,
        token_keys: TokenKeys,
        subjects: Subjects,
        people: People,
        families: RefreshFamilies,
        client_keys: ClientKeys,
        living: LivingTokens,
        evidence: Evidence,
        lifetime: int,
    ) -> None:
        self._issuer = issuer
        self._token_keys = token_keys
        self._subjects = subjects
        self._people = people
        self._families = families
        self._client_keys = client_keys
        self._living = living
        self._evidence = evidence
        self._lifetime = lifetime

    def issue_first(
        self,
        client: Client,
        authorization: Authorization,
        confirmation: Confirmation,
        *,
        wanted: Wanted,
        family_id: str,
        grant_type: str,
        now: int,
    ) -> dict[str, Any]:
        """The answer to an authorization (RFC 6749 §5.1, Core §3.1.3.3), and a refresh token if it may."""
        refresh_token = ""
        if client.check_grant_type(REFRESH_TOKEN):
            # The family is bound to the key of a public client; who authenticates is bound by that
            # (RFC 9449 §5), so that a client may change its DPoP key.
            bound = confirmation if client.is_public else Confirmation()
            started = self._families.start(family_id, authorization, bound, now)
            if started is None:
                raise InvalidGrant(detail="code reused meanwhile")
            refresh_token = started
        return self.issue(
            client,
            authorization,
            confirmation,
            wanted=wanted,
            family_id=family_id,
            grant_type=grant_type,
            now=now,
            refresh_token=refresh_token,
        )

    def issue(
        self,
        client: Client,
        authorization: Authorization,
        confirmation: Confirmation,
        *,
        wanted: Wanted,
        family_id: str,
        grant_type: str,
        now: int,
        refresh_token: str = "",
        in_session: bool = True,
    ) -> dict[str, Any]:
        """``in_session``: the token dies with the session; offline access after a logout has none.

        Raises InvalidGrant (the mandate has ended), KeysUnavailable, StoreUnavailable and
        ReplayStoreUnavailable.
        """
        authentication = authorization.authentication
        acting = self._people.find(authentication.person_id) if authentication.mandate_id else None
        if not still_acts(acting, authentication, now):
            raise InvalidGrant("The mandate has ended: have the person choose again.", detail="mandate ended")
        sub = self._subjects.sub_for(authentication.person_id, client)
        jti = f"{family_id}.{secrets.token_urlsafe(16)}"
        claims = access_token_claims(
            client,
            Authorized(wanted.scope, wanted.resource, wanted.details),
            issuer=self._issuer,
            now=now,
            lifetime=self._lifetime,
            jti=jti,
            confirmation=confirmation,
        ) | person_claims(authentication, sub, in_session=in_session)
        access_token = self._token_keys.sign(client.token_algorithm, claims)
        if wanted.resource == self._issuer:
            # What userinfo will have to know of it, and the token does not say.
            self._living.keep(jti, authorization, self._lifetime)
        body: dict[str, Any] = {
            "access_token": access_token,
            "token_type": confirmation.token_type,
            "expires_in": self._lifetime,
            "scope": wanted.scope,
        }
        if refresh_token:
            body["refresh_token"] = refresh_token
        if "openid" in wanted.scope.split():
            body["id_token"] = self._id_token(client, authorization, sub, access_token, now)
        if wanted.details:
            body["authorization_details"] = list(wanted.details)
        self._evidence.record(
            issued_event(
                grant_type,
                client_id=client.client_id,
                jti=jti,
                scope=wanted.scope,
                resource=wanted.resource,
                confirmation=confirmation,
                now=now,
                authentication=authentication,
            )
        )
        return body

    def _id_token(
        self, client: Client, authorization: Authorization, sub: str, access_token: str, now: int
    ) -> str:
        names = asked_in_id_token(authorization)
        person = self._people.find(authorization.authentication.person_id) if names else None
        about = tell(person, authorization.authentication, client, names, now) if person else {}
        claims = id_token_claims(
            authorization,
            issuer=self._issuer,
            sub=sub,
            access_token=access_token,
            now=now,
            lifetime=self._lifetime,
            about_person=about,
        )
        metadata = client.metadata
        signed = self._token_keys.sign(metadata.id_token_signed_response_alg, claims, typ=ID_TOKEN_TYP)
        if not metadata.id_token_encrypted_response_alg:
            return signed
        return encrypt_for(
            self._client_keys.encryption_keys(client),
            signed,
            algorithm=metadata.id_token_encrypted_response_alg,
            content=metadata.id_token_encrypted_response_enc,
        )
