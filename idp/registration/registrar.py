"""Dynamic registration (RFC 7591, OpenID Connect Registration) and its management (RFC 7592)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from idp.directory.subjects import DEVICE_GRANT, sector_of
from idp.errors import InvalidClientMetadata, InvalidToken
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.registration.information import client_information
from idp.protocol.registration.rules import SECRETS
from idp.protocol.registration.secret import with_new_secret, without_secret
from idp.registration.requested import Allowed, Fetch, read_registration
from idp.store.clients import Registration, find_registration, save_registration
from idp.store.clients_changed import created_at, delete_registration, lock_client
from idp.store.database import Database
from idp.store.initial_access_tokens import find_initial_access, spend_initial_access
from idp.store.registration_access import (
    issue_registration_access,
    opens_registration,
)

_SERVER_SAYS = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
SELF = "self"


@dataclass(frozen=True, slots=True)
class Registrar:
    """Answers are the JSON of RFC 7591 §3.2.1. Every method raises StoreUnavailable besides its own.

    ``forget``: drops a client from the caches in front of the token path.
    """

    issuer: str
    database: Database
    fetch: Fetch
    evidence: EvidenceRecorder
    forget: Callable[[str], None]

    def register(self, token: str, body: Mapping[str, Any], now: int) -> dict[str, Any]:
        """1. the initial access token; 2. the rules; 3. in one transaction: spend it, store, say so.

        A refused registration spends nothing. Raises InvalidToken, InvalidClientMetadata, InvalidRedirectUri.
        """
        with self.database.reading() as connection:
            access = find_initial_access(connection, token, now)
        if access is None:
            raise InvalidToken(_ASK_FOR_ONE, detail="initial access token")
        client_id = f"rp-{secrets.token_hex(10)}"
        allowed = Allowed(access.profile, access.profile_until, access.agency, access.scopes)
        registration = read_registration(client_id, body, allowed, self.fetch)
        registration, secret = with_secret_if_wanted(registration, now)
        with self.database.writing() as connection:
            if spend_initial_access(connection, token, now) is None:
                raise InvalidToken(_ASK_FOR_ONE, detail="initial access token spent meanwhile")
            save_registration(connection, registration, now)
            registration_token = issue_registration_access(
                connection, client_id, initial_token_id=access.token_id, now=now
            )
            self.evidence.record_within(
                connection,
                Event(
                    "client.registered",
                    now,
                    client_id=client_id,
                    details={"profile": access.profile, "agency": access.agency, "by": access.token_id},
                ),
            )
        told = self._information(registration, now)
        return (
            told
            | _secret_members(registration.metadata, secret)
            | {"registration_access_token": registration_token}
        )

    def read(self, client_id: str, token: str) -> dict[str, Any]:
        """RFC 7592 §2.1. Raises InvalidToken."""
        with self.database.reading() as connection:
            registration = _opened(connection, client_id, token)
            issued_at = created_at(connection, client_id)
        return self._information(registration, issued_at) | _secret_members(registration.metadata, "")

    def replace(self, client_id: str, token: str, body: Mapping[str, Any], now: int) -> dict[str, Any]:
        """RFC 7592 §2.2: all of it anew; what is left out goes back to its default.

        What administrators decided stays as it is, whatever the body says. Of its scopes a client may keep
        or give up what it has today: what an administrator took away does not come back by itself.
        Raises InvalidToken, InvalidClientMetadata, InvalidRedirectUri.
        """
        with self.database.reading() as connection:
            before = _opened(connection, client_id, token)
        if body.get("client_id") != client_id:
            raise InvalidClientMetadata("client_id must be in the body, and be the one of the address.")
        for name in _SERVER_SAYS:
            if name in body:
                raise InvalidClientMetadata(
                    f"Leave {name} out: the server decides it (RFC 7592 section 2.2)."
                )
        kept = before.metadata
        secret = body.get("client_secret")
        if secret is not None and not (isinstance(secret, str) and kept.takes_secret(secret, now)):
            raise InvalidClientMetadata("client_secret, when it is sent, must be the current one.")
        allowed = Allowed(
            kept.profile,
            kept.profile_until,
            kept.agency,
            before.scopes,
            kept,
        )
        after = read_registration(client_id, body, allowed, self.fetch)
        _check_same_sector(before, after)
        after = replace(
            after,
            resources=before.resources,
            credential_ids=before.credential_ids,
            introspects=before.introspects,
        )
        after, new_secret = with_secret_if_wanted(after, now)
        with self.database.writing() as connection:
            lock_client(connection, client_id)
            if _opened(connection, client_id, token) != before:
                # An administrator was here between our look and our write.
                raise InvalidClientMetadata("The client was changed meanwhile: read it, and send it again.")
            save_registration(connection, after, now)
            issued_at = created_at(connection, client_id)
            self.evidence.record_within(
                connection,
                Event(
                    "client.changed",
                    now,
                    client_id=client_id,
                    details={"names": changed_names(before, after), "by": SELF},
                ),
            )
        self.forget(client_id)
        return self._information(after, issued_at) | _secret_members(after.metadata, new_secret)

    def delete(self, client_id: str, token: str, now: int) -> None:
        """RFC 7592 §2.3: its tokens die with it, since introspection and refresh ask for the client."""
        with self.database.writing() as connection:
            _opened(connection, client_id, token)
            delete_registration(connection, client_id)
            self.evidence.record_within(
                connection, Event("client.deleted", now, client_id=client_id, details={"by": SELF})
            )
        self.forget(client_id)

    def _information(self, registration: Registration, issued_at: int) -> dict[str, Any]:
        return client_information(
            registration.client_id,
            registration.name,
            registration.scopes,
            registration.jwks,
            registration.metadata,
        ) | {
            "client_id_issued_at": issued_at,
            "registration_client_uri": f"{self.issuer}/register/{registration.client_id}",
        }


_ASK_FOR_ONE = (
    "Registration needs an initial access token that still has uses left: "
    "ask the administrator of this service."
)


def changed_names(before: Registration, after: Registration) -> list[str]:
    """Which members differ, for the evidence; never their values."""
    names = [
        name
        for name in ClientMetadata.__dataclass_fields__
        if getattr(before.metadata, name) != getattr(after.metadata, name)
    ]
    names += [
        name
        for name in ("name", "contact", "scopes", "jwks")
        if getattr(before, name) != getattr(after, name)
    ]
    return names[:32]


def _check_same_sector(before: Registration, after: Registration) -> None:
    """What people were told of in one sector, a refresh token or userinfo would tell of in the next.

    So a client that got tokens in its own sector, or by the device grant, does not move to another's.
    """
    metadata = before.metadata
    if not metadata.redirect_uris and DEVICE_GRANT not in metadata.grant_types:
        return
    if sector_of(before.client_id, metadata) != sector_of(after.client_id, after.metadata):
        raise InvalidClientMetadata(
            "This change moves the client to another sector, so its sub values would change: "
            "register a new client, or ask an administrator."
        )


def _opened(connection: Connection, client_id: str, token: str) -> Registration:
    """The client whose token this is; a disabled one does not change itself back."""
    registration = find_registration(connection, client_id)
    if (
        registration is None
        or registration.state != "active"
        or not opens_registration(connection, client_id, token)
    ):
        raise InvalidToken("This registration access token does not open this client.", detail="registration")
    return registration


def with_secret_if_wanted(registration: Registration, now: int) -> tuple[Registration, str]:
    """With a new secret, when its method wants one and it has none; the secret, or ""."""
    metadata = registration.metadata
    if metadata.token_endpoint_auth_method not in SECRETS:
        return replace(registration, metadata=without_secret(metadata)), ""
    if metadata.secret_hash:
        return registration, ""
    metadata, secret = with_new_secret(metadata, now=now)
    return replace(registration, metadata=metadata), secret


def _secret_members(metadata: ClientMetadata, secret: str) -> dict[str, Any]:
    """The secret is shown once, when it is made: only its hash is kept."""
    if not metadata.secret_hash:
        return {}
    shown: dict[str, Any] = {"client_secret_expires_at": metadata.secret_expires_at}
    return {"client_secret": secret, **shown} if secret else shown
