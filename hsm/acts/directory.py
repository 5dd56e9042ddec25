"""What the key process knows of credentials and approvers, kept in memory as long as it is so.

Every change of theirs moves one number in the store (by triggers: whoever makes it). It is looked at
every two seconds, and when it has moved everything is forgotten: a suspended credential stops signing
within them, whichever process suspended it; within this process ``forget()`` makes it at once. So
30,000 credentials in use cost as many looks at the store as ten.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from joserfc.jwk import ECKey, Key, RSAKey

from hsm import store
from hsm.acts.jose import VerifyingKey, import_verifying_key
from hsm.acts.row_seals import RowSeals, admin_row, client_key_row
from hsm.algorithms import SignatureAlgorithm
from hsm.database import Database
from hsm.errors import ApprovalRefused, CredentialNotUsable
from hsm.store import StoredCredential

FRESH_SECONDS = 2.0
MOST_KEPT = 40_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """A stored credential with its public key and certificates (DER, the signer's first) parsed."""

    stored: StoredCredential
    algorithm: SignatureAlgorithm
    public_key: PublicKeyTypes
    certificates: tuple[bytes, ...]


class Directory:
    """Cached look-ups. Thread-safe. Implements ``approval.Approvers``."""

    def __init__(self, database: Database, seals: RowSeals) -> None:
        self._database = database
        self._seals = seals
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], Any] = {}
        self._version = -1
        self._looked_at = float("-inf")
        self._forgotten = 0  # how often

    def get_credential(self, credential_id: str) -> KnownCredential:
        """Raises CredentialNotUsable when there is none."""
        known = self._look("credential", credential_id, lambda: self._load_credential(credential_id))
        if known is None:
            raise CredentialNotUsable("There is no such credential.", detail=credential_id[:80])
        return known

    def find_credentials(self, holder: str, holder_kind: str = "Client") -> list[KnownCredential]:
        with self._database.reading() as connection:
            found = store.find_credentials(connection, holder=holder, holder_kind=holder_kind)
        return [_known(stored) for stored in found]

    def token_credentials(self) -> list[KnownCredential]:
        """The keys that sign tokens, oldest first, whatever their state."""
        return self._look("tokens", "", self._load_token_credentials)

    def get_client_key(self, kid: str) -> tuple[str, VerifyingKey]:
        """Raises ApprovalRefused."""
        return self._get_key("client", kid)

    def get_admin_key(self, kid: str) -> tuple[str, VerifyingKey]:
        """Raises ApprovalRefused."""
        return self._get_key("admin", kid)

    def get_token_key(self, kid: str) -> VerifyingKey:
        """The public key of one of our own token credentials. Raises ApprovalRefused."""
        for known in self.token_credentials():
            if known.stored.state in ("active", "suspended") and token_kid(known) == kid:
                rs256 = known.algorithm is SignatureAlgorithm.RS256
                return import_verifying_key(token_jwk(known).as_dict(private=False), rs256=rs256)
        raise ApprovalRefused("The access token is not ours.", detail="unknown kid")

    @staticmethod
    def known(stored: StoredCredential) -> KnownCredential:
        """A stored credential with its keys and certificates read."""
        return _known(stored)

    def forget(self) -> None:
        """Drop everything: the next look is at the store."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self._forgotten += 1

    def _get_key(self, whose: str, kid: str) -> tuple[str, VerifyingKey]:
        found = self._look(whose, kid, lambda: self._load_key(whose, kid))
        if found is None:
            raise ApprovalRefused("The proof is by a key that is not registered.", detail=f"{whose} kid")
        return found

    def _look(self, kind: str, key: str, load: Callable[[], T]) -> T:
        self._forget_what_changed()
        kept = self._kept.get((kind, key))
        if kept is not None:
            return kept  # type: ignore[no-any-return]
        forgotten = self._forgotten
        value = load()
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._forget()
            # Loaded before something was forgotten, it may be what had to be forgotten.
            elif value is not None and forgotten == self._forgotten:
                self._kept[kind, key] = value
        return value

    def _forget_what_changed(self) -> None:
        moment = time.monotonic()
        if moment - self._looked_at < FRESH_SECONDS:
            return
        with self._lock:
            if moment - self._looked_at < FRESH_SECONDS:
                return
            with self._database.reading() as connection:
                version = store.directory_version(connection)
            if version != self._version:
                self._forget()
            # From before the look: what changes after it is seen two seconds from then.
            self._version, self._looked_at = version, moment

    def _load_credential(self, credential_id: str) -> KnownCredential | None:
        with self._database.reading() as connection:
            stored = store.find_credential(connection, credential_id)
        return _known(stored) if stored else None

    def _load_token_credentials(self) -> list[KnownCredential]:
        with self._database.reading() as connection:
            return [_known(stored) for stored in store.find_credentials(connection, purpose="token")]

    def _load_key(self, whose: str, kid: str) -> tuple[str, VerifyingKey] | None:
        """Raises RowNotSealed: a row that somebody else wrote is nobody's key."""
        with self._database.reading() as connection:
            client = store.find_client_key(connection, kid) if whose == "client" else None
            admin = store.find_admin(connection, kid) if whose == "admin" else None
        if client is not None:
            self._seals.check(client_key_row(client), client.seal)
            return client.client_id, import_verifying_key(orjson.loads(client.jwk))
        if admin is not None:
            self._seals.check(admin_row(admin), admin.seal)
            return admin.admin_id, import_verifying_key(orjson.loads(admin.jwk))
        return None


def token_jwk(known: KnownCredential) -> Key:
    """The public JWK of a token credential."""
    return _token_jwk(known.stored.spki, known.algorithm)


def token_kid(known: KnownCredential) -> str:
    """Its RFC 7638 thumbprint, which is looked for with every token."""
    return _token_kid(known.stored.spki, known.algorithm)


@lru_cache(maxsize=256)
def _token_kid(spki: bytes, algorithm: SignatureAlgorithm) -> str:
    return str(_token_jwk(spki, algorithm).thumbprint())


@lru_cache(maxsize=256)
def _token_jwk(spki: bytes, algorithm: SignatureAlgorithm) -> Key:
    kind = RSAKey if algorithm is not SignatureAlgorithm.ES256 else ECKey
    return kind.import_key(spki)


# Keyed by the whole row, so a changed row is read anew; an unchanged one is not parsed every two seconds.
@lru_cache(maxsize=40_000)
def _known(stored: StoredCredential) -> KnownCredential:
    certificates = (
        x509.load_pem_x509_certificates(stored.certificates.encode()) if stored.certificates else []
    )
    return KnownCredential(
        stored,
        SignatureAlgorithm(stored.algorithm),
        load_der_public_key(stored.spki),
        tuple(certificate.public_bytes(Encoding.DER) for certificate in certificates),
    )
