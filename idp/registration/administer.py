"""Administrators register and change clients: the same rules as registration, and what only they decide."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from idp.directory.agency_code import read_agency_code
from idp.errors import (
    ClientExists,
    ClientUnknown,
    DirectoryRefused,
    InvalidClientMetadata,
    RegistrationRefused,
)
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.protocol.client_metadata import FAPI2
from idp.protocol.registration.administrators import administrators_metadata
from idp.protocol.registration.shape import MAX_ENTRIES, as_description
from idp.protocol.registration.shape import MAX_TEXT as MAX_VALUE
from idp.register_clients import MAX_TEXT, new_registration
from idp.registration.registrar import changed_names, with_secret_if_wanted
from idp.registration.requested import Fetch, check_sector, read_keys, read_name
from idp.store.clients import Registration, find_registration, save_registration
from idp.store.clients_changed import lock_client
from idp.store.database import Database

# Registered beside the metadata.
BESIDE = (
    "client_id", "client_name", "contact", "scope", "jwks", "resources", "credential_ids", "introspects",
)  # fmt: skip
# What the server says of a client; who reads, edits and sends it back need not take it out.
SERVER_SAYS = ("state", "findings", "client_secret_expires_at")


@dataclass(frozen=True, slots=True)
class Administer:
    """Bodies are JSON objects: RFC 7591's members and the administrators' own (``BESIDE``, ``DECIDED``).

    Every method raises InvalidClientMetadata, InvalidRedirectUri, StoreUnavailable besides its own.
    ``by``: the calling client. ``forget``: drops a client from the caches in front of the token path.
    """

    database: Database
    fetch: Fetch
    evidence: EvidenceRecorder
    forget: Callable[[str], None]

    def create(self, body: Mapping[str, Any], *, by: str, now: int) -> tuple[Registration, str]:
        """The active client, and its secret or "". Without ``client_id`` it gets one. Raises ClientExists."""
        client_id = body.get("client_id", f"rp-{secrets.token_hex(10)}")
        if not isinstance(client_id, str):
            raise InvalidClientMetadata("client_id must be a string.")
        registration, secret = with_secret_if_wanted(self._read(client_id, body), now)
        metadata = registration.metadata
        with self.database.writing() as connection:
            if find_registration(connection, client_id) is not None:
                raise ClientExists(client_id)
            save_registration(connection, registration, now)
            details = {"profile": metadata.profile, "agency": metadata.agency, "by": by}
            self.evidence.record_within(
                connection, Event("client.registered", now, client_id=client_id, details=details)
            )
        self.forget(client_id)
        return registration, secret

    def replace(
        self, client_id: str, body: Mapping[str, Any], *, by: str, now: int
    ) -> tuple[Registration, str]:
        """All of it anew; what is left out goes back to its default. State, secret, token algorithm stay.

        The secret is told only when this change made the client need one. Raises ClientUnknown.
        """
        with self.database.reading() as connection:
            if find_registration(connection, client_id) is None:
                raise ClientUnknown(client_id)
        if body.get("client_id", client_id) != client_id:
            raise InvalidClientMetadata("client_id, when it is in the body, must be the one of the address.")
        asked = self._read(client_id, body)
        with self.database.writing() as connection:
            before = find_registration(connection, client_id) if lock_client(connection, client_id) else None
            if before is None:
                raise ClientUnknown(client_id)
            after, secret = with_secret_if_wanted(_keeping(asked, before), now)
            save_registration(connection, after, now)
            details = {"names": changed_names(before, after), "by": by}
            self.evidence.record_within(
                connection, Event("client.changed", now, client_id=client_id, details=details)
            )
        self.forget(client_id)
        return after, secret

    def _read(self, client_id: str, body: Mapping[str, Any]) -> Registration:
        """1. keys; 2. the rules; 3. what stands beside; 4. the sector's list: a request to somebody else."""
        said = {name: value for name, value in body.items() if name not in SERVER_SAYS}
        jwks = read_keys(said.get("jwks"))
        metadata = administrators_metadata(
            {name: value for name, value in said.items() if name not in BESIDE}, keys=bool(jwks)
        )
        if metadata.agency:
            metadata = replace(metadata, agency=_read_agency(metadata.agency))
        contact = said.get("contact", ", ".join(metadata.contacts)[:MAX_TEXT])
        scope = said.get("scope", "")
        if not all(isinstance(each, str) and each.isprintable() for each in (contact, scope)):
            raise InvalidClientMetadata("contact and scope are printable strings.")
        fapi = metadata.profile == FAPI2
        try:
            registration = new_registration(
                client_id,
                name=read_name(said.get("client_name"), client_id),
                contact=contact,
                token_algorithm="ES256" if fapi else metadata.id_token_signed_response_alg or "ES256",
                scopes=scope.split(),
                resources=_read_strings(said, "resources"),
                credential_ids=_read_strings(said, "credential_ids"),
                introspects=_read_strings(said, "introspects"),
                jwks=jwks,
                metadata=metadata,
            )
        except RegistrationRefused as error:
            raise InvalidClientMetadata(as_description(error.message_en)) from error
        if metadata.sector_identifier_uri:
            check_sector(metadata, self.fetch)
        return registration


def _keeping(asked: Registration, before: Registration) -> Registration:
    kept = before.metadata
    metadata = replace(
        asked.metadata,
        secret_hash=kept.secret_hash,
        secret_expires_at=kept.secret_expires_at,
        previous_secret_hash=kept.previous_secret_hash,
        previous_secret_expires_at=kept.previous_secret_expires_at,
    )
    return replace(asked, state=before.state, token_algorithm=before.token_algorithm, metadata=metadata)


def _read_agency(code: str) -> str:
    try:
        return read_agency_code(code)
    except DirectoryRefused as error:
        raise InvalidClientMetadata(as_description(f"agency: {error.message_en}")) from error


def _read_strings(said: Mapping[str, Any], name: str) -> list[str]:
    values = said.get(name, [])
    if (
        not isinstance(values, list)
        or len(values) > MAX_ENTRIES
        or not all(isinstance(each, str) and len(each) <= MAX_VALUE and each.isprintable() for each in values)
    ):
        raise InvalidClientMetadata(f"{name} must be an array of at most {MAX_ENTRIES} printable strings.")
    return values
