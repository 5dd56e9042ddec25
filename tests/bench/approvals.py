"""What step 2 costs: approvals verified per second, each kind on one core."""

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Literal

from antin.software_passkey import SoftwarePasskey
from joserfc import jws
from joserfc.jwk import ECKey
from webauthn import verify_registration_response

from hsm.acts.approval import ACT_TYPE
from hsm.acts.factors import Secrets, new_factor, open_factor
from hsm.acts.jose import import_verifying_key, verify_compact
from hsm.acts.passkey import WebAuthn, check_assertion
from hsm.people import StoredPasskey
from tests.bench.acts import hash_act
from tests.bench.province import Province
from tests.bench.table import Row, interleaved

RP_ID, ORIGIN = "localhost", "http://localhost:8080"
BATCH_SECONDS = 0.5
Algorithm = Literal["ES256", "EdDSA", "RS256"]


def measure(province: Province) -> list[Row]:
    """One row a kind. PIN and one-time password cost what argon2id is meant to cost."""
    act, _ = hash_act("mot-cua", "credential")
    ways: dict[str, Callable[[], float]] = {
        f"passkey, {algorithm}": _rate(_passkey(algorithm, act)) for algorithm in ("ES256", "EdDSA", "RS256")
    }
    ways["client_jws, ES256"] = _rate(_client_jws(act))
    ways["pin_otp (argon2id, 19 MiB)"] = _rate(_pin())
    found = interleaved(2 if province.quick else 6, ways)
    return [Row(f"approvals verified a second: {name}", max(rates)) for name, rates in found.items()]


def _rate(verify: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < BATCH_SECONDS:
            verify()
            count += 1
        return count / (time.perf_counter() - began)

    return run


def _passkey(algorithm: Algorithm, act: bytes) -> Callable[[], object]:
    passkey = SoftwarePasskey.new(RP_ID, ORIGIN, algorithm=algorithm)
    registered = verify_registration_response(
        credential=passkey.register(b"invitation"), expected_challenge=hashlib.sha256(b"invitation").digest(),
        expected_rp_id=RP_ID, expected_origin=ORIGIN,
    )  # fmt: skip
    stored = StoredPasskey(
        credential_id=passkey.credential_id, person_id="an", public_key=registered.credential_public_key,
        sign_count=0, backup_eligible=False, backup_state=False, aaguid=registered.aaguid, transports="",
        rp_id=RP_ID, state="active", created_at=0,
    )  # fmt: skip
    evidence, digest = passkey.approve(act)["evidence"], hashlib.sha256(act).digest()
    webauthn = WebAuthn(RP_ID, (ORIGIN,))
    return lambda: check_assertion(json.loads(evidence), stored, digest, webauthn)


def _client_jws(act: bytes) -> Callable[[], object]:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": ACT_TYPE}
    evidence = jws.serialize_compact(header, act, key, algorithms=["ES256"])
    known = import_verifying_key(key.as_dict(private=False))
    return lambda: verify_compact(evidence, known, typ=ACT_TYPE)


class _Unsealed:
    """The hash is what costs; the token's part is measured elsewhere."""

    def seal(self, label: str, data: bytes, context: bytes) -> bytes:
        return data

    def unseal(self, label: str, sealed: bytes, context: bytes) -> bytes:
        return sealed


def _pin() -> Callable[[], object]:
    sealed, handed = new_factor(_Unsealed(), "an")
    opened: Secrets = open_factor(_Unsealed(), "", sealed, "an")
    assert opened.matches(handed.pin)
    return lambda: opened.matches(secrets.token_hex(4))
