"""Each advisory of Authlib and joserfc since 2023 as an attack on every place that reads a JWS here.

The libraries are newer than all of them; these tests keep our own use of them from opening the same doors.
Advisories of the client side (CVE-2025-68158, CVE-2026-41425) are tried in tests/idp/login, those of the
authorization endpoint (CVE-2026-44681) in tests/idp/protocol/authorize.
"""

import base64
import hashlib
import hmac
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from idp.protocol.encryption import CONTENT_ALGORITHMS, KEY_ALGORITHMS
from idp.protocol.metadata import OUR_ALGORITHMS
from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.provider import SIGNING, Provider, parts

ROOT = Path(__file__).parents[3]
MARK = "danh-dau-khong-duoc-ghi-nhat-ky"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: dict[str, Any], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    signed = f"{encode(orjson.dumps(header))}.{encode(orjson.dumps(claims))}"
    return f"{signed}.{encode(sign(signed.encode()))}"


@dataclass
class Target:
    """What the reader expects: a sound header, sound claims and its key. ``own``: the attacker's key."""

    header: dict[str, Any]
    claims: dict[str, Any]
    public: ECKey
    own: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def keyed(self, prefix: bytes, key: bytes | None = None) -> str:
        """HS256 with our public key, or another one, as the shared secret."""
        pem = self.public.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        secret = prefix + pem if key is None else key
        return self.made({"alg": "HS256"}, lambda signed: hmac.digest(secret, signed, hashlib.sha256))

    def made(
        self, header: dict[str, Any], sign: Callable[[bytes], bytes] | None = None, **claims: Any
    ) -> str:
        return compact({**self.header, **header}, {**self.claims, **claims}, sign or self._sign)

    def jwe(self, header: dict[str, Any]) -> str:
        return f"{encode(orjson.dumps(header))}.AAAA.AAAA.AAAA.AAAA"

    def _sign(self, signed: bytes) -> bytes:
        private: Any = self.own.private_key
        r, s = decode_dss_signature(private.sign(signed, ec.ECDSA(hashes.SHA256())))
        return bytes(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    @property
    def jwk(self) -> dict[str, Any]:
        return dict(self.own.as_dict(private=False))


FORGED: dict[str, Callable[[Target], str]] = {
    "CVE-2024-37568 public key as HMAC key": lambda t: t.keyed(b""),
    "CVE-2026-114615 prefixed PEM as HMAC key": lambda t: t.keyed(b"\n "),
    "CVE-2026-114616, CVE-2026-49852 empty HMAC key": lambda t: t.keyed(b"", b""),
    "CVE-2026-28802 alg none": lambda t: t.made({"alg": "none"}, lambda _: b""),
    "CVE-2026-28802 alg NoNe with a signature": lambda t: t.made({"alg": "NoNe"}),
    "CVE-2026-27962 key of the header": lambda t: t.made({"jwk": t.jwk, "kid": None}),
    "CVE-2026-27962 key of the header under our kid": lambda t: t.made(
        {"jwk": t.jwk, "jku": "https://evil.example/jwks"}
    ),
    "CVE-2025-59420 unknown crit": lambda t: t.made({"crit": ["x"], "x": 1}),
    "CVE-2025-61920 huge header": lambda t: t.made({"x": "A" * 100_000}),
    "CVE-2025-65015 huge payload": lambda t: t.made({}, x=MARK * 4000),
    "CVE-2025-62706 compressed JWE": lambda t: t.jwe({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}),
    "CVE-2026-27932 PBES2 with a count of iterations": lambda t: t.jwe(
        {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31 - 1, "p2s": "AAAA"}
    ),
    "general JSON serialization without signatures": lambda t: orjson.dumps(
        {"payload": encode(orjson.dumps(t.claims)), "signatures": []}
    ).decode(),
}
ATTACKS = list(FORGED)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_assertion_is_nobodys(provider: Provider, attack: str) -> None:
    system = provider.register()
    header = {"alg": "ES256", "kid": system.kid, "typ": "client-authentication+jwt"}
    assert isinstance(system.key, ECKey)
    assertion = FORGED[attack](Target(header, system.claims(), system.key))
    answer = provider.token(system, assertion)
    assert answer.status_code in (400, 401, 413)
    assert answer.json["error"] in ("invalid_client", "invalid_request")
    assert MARK.encode() not in provider.log.getvalue() + answer.data


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_forged_access_token_opens_nothing(provider: Provider, attack: str) -> None:
    client = TokenClient(provider)
    header, claims = parts(client.tokens(scope="openid email")["access_token"])
    published = next(jwk for jwk in provider.client.get("/jwks").json["keys"] if jwk["kid"] == header["kid"])
    token = FORGED[attack](Target(header, claims, ECKey.import_key(published)))
    assert client.userinfo(token).status_code in (400, 401)
    server = provider.register(scopes=(), resources=(), introspects=(SIGNING, str(claims["aud"])))
    answer = provider.client.post("/introspect", data=server.form(token=token))
    assert answer.status_code == 413 or answer.json == {"active": False}
    assert MARK.encode() not in provider.log.getvalue() + answer.data


@pytest.mark.parametrize("attack", [each for each in ATTACKS if "27962" not in each and "61920" not in each])
def test_a_forged_proof_proves_nothing(provider: Provider, attack: str) -> None:
    """A proof's key is its own by design, so the two attacks of that kind are its very purpose."""
    client = TokenClient(provider, DPOP, dpop=True)
    header, claims = parts(client.proof())
    assert isinstance(client.dpop, ECKey)
    proof = FORGED[attack](Target(header, claims, client.dpop))
    answer = client.redeem(client.code(), proof=proof)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert MARK.encode() not in provider.log.getvalue() + answer.data


def test_every_algorithm_of_ours_has_a_hash_for_at_hash() -> None:
    """CVE-2026-28498: an unknown algorithm must not leave at_hash unchecked; ours are all of SHA-256."""
    assert all(name.endswith("256") for name in OUR_ALGORITHMS)


def test_no_weak_encryption_is_offered() -> None:
    """RSA1_5 (padding oracle), PBES2 (CVE-2026-27932) and compression have no place here."""
    offered = " ".join((*KEY_ALGORITHMS, *CONTENT_ALGORITHMS))
    assert "RSA1_5" not in offered
    assert "PBES2" not in offered


def test_the_old_jose_module_is_never_imported() -> None:
    found = subprocess.run(
        ["git", "grep", "-nE", r"^\s*(from|import) authlib\.jose", "--", "*.py"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout == ""


@pytest.mark.parametrize(("library", "since"), [("authlib", (1, 9, 9)), ("joserfc", (1, 8, 0))])
def test_the_libraries_are_newer_than_their_advisories(library: str, since: tuple[int, ...]) -> None:
    assert tuple(int(part) for part in version(library).split(".")[:3]) >= since
