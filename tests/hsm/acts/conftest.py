"""The eight steps in one process: real database, journal and policy; a key that can fail on purpose."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey

from hsm import store
from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.approval import Approval, Audience
from hsm.acts.directory import Directory, KnownCredential, token_jwk
from hsm.acts.factors import FACTORS_KEY, Sealer
from hsm.acts.ledger import Ledger
from hsm.acts.policy import BundlePolicy
from hsm.acts.redeem import Redeemer
from hsm.acts.row_seals import ROWS_KEY, RowSeals, client_key_row
from hsm.acts.sign import Signing
from hsm.acts.sign_token import TokenSigning
from hsm.acts.to_be_signed import ItemToSign
from hsm.algorithms import SignatureAlgorithm
from hsm.database import Database
from hsm.journal.log import Log
from hsm.schema.migrate import migrate
from hsm.store import StoredClientKey, StoredCredential
from hsm.token.token import Token
from policies.bundle import Bundle
from tests.hsm.acts.rebuilt import check_rebuilt
from tests.hsm.acts.software_sealer import SoftwareSealer
from tests.servers.softhsm import SoftHsmTokenFactory

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ISSUER = "https://idp.test"
RESOURCE = "https://sign.test"
ONE_STOP = Redeemer("one-stop")


class SoftwareKey:
    """Signs with a key in memory; ``fail`` is raised instead, ``before`` is called first."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.used_by: ec.EllipticCurvePrivateKey | None = None
        self.fail: Exception | None = None
        self.before: Callable[[], None] = lambda: None
        self.uses = 0

    def __call__(
        self, known: KnownCredential, datas: Sequence[bytes], salt_length: int = 32
    ) -> Iterator[bytes]:
        for data in datas:
            self.before()
            if self.fail:
                raise self.fail
            self.uses += 1
            yield (self.used_by or self.private).sign(data, ec.ECDSA(Prehashed(hashes.SHA256())))

    @property
    def spki(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class House:
    """Everything the eight steps need, wired as ``hsm.app`` wires it but for the token."""

    def __init__(self, database_url: str, sealer: Sealer | None = None) -> None:
        migrate(database_url)
        self.database = Database(database_url)
        self.log = Log(self.database.reader)
        self.log.reload()
        self.ledger = Ledger(self.database, self.log, lambda size, root: f"checkpoint {size} {root.hex()}\n")
        self.sealer = sealer or SoftwareSealer()
        self.seals = RowSeals(self.sealer)
        self.directory = Directory(self.database, self.seals)
        self.policy = BundlePolicy(Bundle.load())
        self.key = SoftwareKey()
        self.token_key = SoftwareKey()
        self.signing = Signing(
            database=self.database, directory=self.directory, policy=self.policy, ledger=self.ledger,
            use_key=self.key, audience=Audience(ISSUER, RESOURCE),
        )  # fmt: skip
        self.tokens = TokenSigning(
            directory=self.directory, policy=self.policy, ledger=self.ledger,
            use_key=self.token_key, issuer=ISSUER,
        )  # fmt: skip
        self.certificate = self._certificate()
        self.clients = {name: ECKey.generate_key("P-256") for name in ("one-stop", "other-client")}
        self.credential_id = self.add_credential("service-seal", "one-stop")
        with self.database.writing() as connection:
            for name, key in self.clients.items():
                store.add_client_key(connection, self.sealed_client_key(name, key), 0)
            store.add_credential(connection, self._token_credential())

    def sealed_client_key(self, client_id: str, key: ECKey) -> StoredClientKey:
        stored = StoredClientKey(key.thumbprint(), client_id, store.jwk_text(key.as_dict(private=False)))
        return replace(stored, seal=self.seals.seal(client_key_row(stored)))

    def add_credential(self, profile: str, holder: str, **changes: Any) -> str:
        stored = StoredCredential(
            credential_id=secrets.token_hex(8), profile=profile, purpose=self.policy.profile(profile).purpose,
            state="active", algorithm="ES256", holder=holder, description="MẪU", training=True,
            key_label="k", wrapped_key=None, kek_label=None, spki=self.key.spki,
            certificates=self.certificate.public_bytes(Encoding.PEM).decode(),
            not_before=int((NOW - timedelta(days=1)).timestamp()),
            not_after=int((NOW + timedelta(days=1)).timestamp()), created_at=0,
        )  # fmt: skip
        with self.database.writing() as connection:
            store.add_credential(connection, replace(stored, **changes))
        return stored.credential_id

    def act(self, *items: ActItem, **changes: Any) -> SignAct:
        act = SignAct(
            act_id=new_act_id(), client_id="one-stop", credential_id=self.credential_id,
            algorithm=SignatureAlgorithm.ES256, items=items or (bare_item("a"),),
            issued_at=int(NOW.timestamp()), expires_at=int(NOW.timestamp()) + 300,
        )  # fmt: skip
        return replace(act, **changes)

    def approve(self, act: bytes, client: str = "one-stop", **header: Any) -> Approval:
        key = self.clients[client]
        full = {"alg": "ES256", "kid": key.thumbprint(), "typ": "antin-act+jws", **header}
        return Approval("client_jws", jws.serialize_compact(full, act, key, algorithms=["ES256"]))

    def access_token(self, sources: list[bytes], **claims: Any) -> Approval:
        """An RFC 9068 token of our own issuer, signed as the identity provider has it signed."""
        detail = {
            "type": "antin_sign", "credentialID": self.credential_id,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "documentDigests": [{"hash": base64.b64encode(s).decode(), "label": "x"} for s in sources],
        }  # fmt: skip
        moment = int(NOW.timestamp())
        body = {
            "iss": ISSUER, "aud": RESOURCE, "sub": "one-stop", "client_id": "one-stop", "iat": moment,
            "exp": moment + 300, "jti": secrets.token_hex(8), "authorization_details": [detail], **claims,
        }  # fmt: skip
        kid = token_jwk(self.directory.token_credentials()[0]).thumbprint()
        signing_input = jws_input({"alg": "ES256", "kid": kid, "typ": "at+jwt"}, body)
        signature = base64.urlsafe_b64encode(self.tokens.sign(kid, signing_input, now=NOW)).rstrip(b"=")
        return Approval("access_token", (signing_input + b"." + signature).decode())

    def entries(self) -> list[dict[str, Any]]:
        """The journal, when what was handed to it is written."""
        self.ledger.enter([])
        return [json.loads(entry) for _, entry in self.log.entries(0, 100_000)]

    def signing_entries(self) -> list[dict[str, Any]]:
        return [
            entry for entry in self.entries() if entry["type"] == "intent" and entry.get("kind") != "token"
        ]

    def close(self) -> None:
        """Whatever a test did: its journal can be rehearsed."""
        try:
            check_rebuilt(self.entries(), self.bundle_of)
        finally:
            self.close_as_it_is()

    def bundle_of(self, version: int) -> Bundle:
        return self.policy.bundle

    def close_as_it_is(self) -> None:
        """For a test whose leaves are no acts."""
        self.ledger.close()
        self.database.close()

    def _certificate(self) -> x509.Certificate:
        name = x509.Name.from_rfc4514_string("CN=MẪU")
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
            .public_key(self.key.private.public_key())
            .not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
            .sign(self.key.private, hashes.SHA256())
        )  # fmt: skip

    def _token_credential(self) -> StoredCredential:
        return StoredCredential(
            credential_id="oidc", profile="oidc-token", purpose="token", state="active", algorithm="ES256",
            holder="idp", description="MẪU", training=True, key_label="t", wrapped_key=None, kek_label=None,
            spki=self.token_key.spki, certificates=None, not_before=None, not_after=None, created_at=0,
        )  # fmt: skip


def bare_item(text: str) -> ActItem:
    return ActItem(hashlib.sha256(text.encode()).digest(), text, "dtbsr")


def to_sign(act: SignAct) -> list[ItemToSign]:
    return [ItemToSign(digest=item.digest) for item in act.items]


def jws_input(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    parts = (json.dumps(part).encode() for part in (header, claims))
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(f"sqlite:///{tmp_path}/hsm.sqlite3")
    yield built
    built.close()


@pytest.fixture
def people_house(tmp_path: Path) -> Iterator[Any]:
    """The house with people and their passkeys in it; there is no PIN."""
    from tests.hsm.acts.people import PeopleHouse  # noqa: PLC0415 -- it builds on House

    built = PeopleHouse(f"sqlite:///{tmp_path}/people.sqlite3", SoftwareSealer())
    yield built
    built.close()


@pytest.fixture
def ruled(tmp_path: Path) -> Iterator[Any]:
    """A house whose policy is changed as in production."""
    from tests.hsm.acts.governed_house import GovernedHouse  # noqa: PLC0415 -- it builds on House

    built = GovernedHouse(tmp_path / "governed")
    yield built
    built.close()


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The same for the tests of a module that leave it as it was."""
    from tests.hsm.acts.governed_house import GovernedHouse  # noqa: PLC0415

    built = GovernedHouse(tmp_path_factory.mktemp("steady"))
    yield built
    built.close()


@pytest.fixture(scope="session")
def sealer(softhsm_token: SoftHsmTokenFactory) -> Iterator[Token]:
    """A real token with its sealing key."""
    token = Token.open(softhsm_token.fresh())
    token.make_canary()
    token.generate_sealing_key(FACTORS_KEY)
    token.generate_sealing_key(ROWS_KEY)
    yield token
    token.close()
