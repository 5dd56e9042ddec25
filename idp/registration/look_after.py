"""Looking after registered clients: findings, what ends soon, secrets, states."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.errors import ClientUnknown, OutboundError, RegistrationRefused
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.protocol.registration.rules import SECRETS
from idp.protocol.registration.secret import DEFAULT_DAYS, OVERLAP_DAYS, with_new_secret
from idp.protocol.strict_json import parse_strict_object
from idp.registration.lint import Finding, Looked, key_thumbprint, lint
from idp.registration.requested import Fetch
from idp.store.clients import (
    Registration,
    change_state,
    find_registration,
    find_registrations,
    save_registration,
)
from idp.store.clients_changed import lock_client
from idp.store.database import Database


@dataclass(frozen=True, slots=True)
class LookAfter:
    """Every method raises StoreUnavailable, and ClientUnknown for a client that is not there."""

    database: Database
    fetch: Fetch
    evidence: EvidenceRecorder
    forget: Callable[[str], None]

    def find(self, client_id: str) -> Registration:
        with self.database.reading() as connection:
            found = find_registration(connection, client_id)
        if found is None:
            raise ClientUnknown(client_id)
        return found

    def find_all(self) -> list[Registration]:
        with self.database.reading() as connection:
            return find_registrations(connection)

    def findings(
        self, now: int, client_ids: Sequence[str] = (), *, reach: bool = False
    ) -> Mapping[str, list[Finding]]:
        """By client_id; of all when none is named. ``reach``: also ask each ``jwks_uri``."""
        registered = self.find_all()
        owners: dict[str, set[str]] = {}
        for each in registered:
            for jwk in each.jwks.values():
                owners.setdefault(key_thumbprint(jwk), set()).add(each.client_id)
        found = {}
        for each in registered:
            if client_ids and each.client_id not in client_ids:
                continue
            others = {
                thumbprint: min(clients - {each.client_id})
                for thumbprint, clients in owners.items()
                if clients - {each.client_id}
            }
            uri = each.metadata.jwks_uri
            reachable = self._reach(uri) if reach and uri else None
            found[each.client_id] = lint(Looked(each.metadata, each.jwks, now, others, reachable))
        return found

    def rotate_secret(
        self, client_id: str, *, by: str, now: int, days: int = DEFAULT_DAYS, overlap_days: int = OVERLAP_DAYS
    ) -> tuple[Registration, str]:
        """A new secret, shown this once. Raises RegistrationRefused for a client that has none."""
        with self.database.writing() as connection:
            # Read and written in one: a change by somebody else in between would be undone.
            lock_client(connection, client_id)
            changed, secret = self._with_new_secret(connection, client_id, now, days, overlap_days)
            save_registration(connection, changed, now)
            details = {"expires_at": changed.metadata.secret_expires_at, "by": by}
            self.evidence.record_within(
                connection, Event("client.secret_rotated", now, client_id=client_id, details=details)
            )
        self.forget(client_id)
        return changed, secret

    def _with_new_secret(
        self, connection: Connection, client_id: str, now: int, days: int, overlap_days: int
    ) -> tuple[Registration, str]:
        registration = find_registration(connection, client_id)
        if registration is None:
            raise ClientUnknown(client_id)
        if registration.metadata.token_endpoint_auth_method not in SECRETS:
            raise RegistrationRefused(
                "Hệ thống này xác thực bằng khóa, không có khóa bí mật.",
                "This client authenticates by a key; it has no secret.",
            )
        try:
            metadata, secret = with_new_secret(
                registration.metadata, now=now, days=days, overlap_days=overlap_days
            )
        except ValueError as error:
            raise RegistrationRefused(
                "Khóa bí mật sống 1 đến 365 ngày, khóa cũ còn dùng tối đa 14 ngày.",
                "A secret lives 1 to 365 days, and the one before at most 14 more.",
            ) from error
        return replace(registration, metadata=metadata), secret

    def change_state(self, client_id: str, state: str, *, by: str, now: int) -> Registration:
        """``active`` or ``disabled``: its tokens are no longer active from now on."""
        self.find(client_id)
        with self.database.writing() as connection:
            change_state(connection, client_id, state, now)
            self.evidence.record_within(
                connection,
                Event("client.state_changed", now, client_id=client_id, details={"state": state, "by": by}),
            )
        self.forget(client_id)
        return self.find(client_id)

    def _reach(self, uri: str) -> str:
        try:
            answer = self.fetch.get(uri)
        except OutboundError as error:
            return error.detail
        if answer.status != 200:
            return f"http_{answer.status}"
        try:
            return "" if isinstance(parse_strict_object(answer.body).get("keys"), list) else "no_keys"
        except ValueError:
            return "not_json"
