import json
import stat
from pathlib import Path

import pytest
from antin import ConfigError, FileError, OutputExists, load_key, new_key, read_key, write_key
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

KINDS = {"ES256": ECKey, "PS256": RSAKey}


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_a_key_approves_exactly_the_bytes_of_the_act(algorithm: str, tmp_path: Path) -> None:
    write_key(new_key(algorithm), tmp_path / "k.jwk")
    key = load_key(tmp_path / "k.jwk")
    approval = key.approve(b'{"act":"\xe1\xba\xa4n"}')
    assert approval["kind"] == "client_jws"
    # What a verifier that knows only the public key, by another registry, makes of it.
    kind = KINDS.get(algorithm, OKPKey)
    public = kind.import_key({k: v for k, v in key.public_jwk().items() if k != "alg"})
    if algorithm == "EdDSA":
        with pytest.warns(match="EdDSA is deprecated"):
            evidence = jws.deserialize_compact(approval["evidence"], public, algorithms=[algorithm])
    else:
        evidence = jws.deserialize_compact(approval["evidence"], public, algorithms=[algorithm])
    assert evidence.payload == b'{"act":"\xe1\xba\xa4n"}'
    assert evidence.headers() == {"alg": algorithm, "kid": key.key_id, "typ": "antin-act+jws"}
    assert "d" not in key.public_jwk()


def test_an_act_of_thousands_of_items_can_be_approved() -> None:
    act = b'{"items":"' + b"x" * 1_000_000 + b'"}'
    assert new_key().approve(act)["evidence"].count(".") == 2


def test_a_key_file_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "k.jwk"
    write_key(new_key(key_id="k1"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(OutputExists):
        write_key(new_key(), path)
    assert path.read_bytes() == before
    assert load_key(path).key_id == "k1"
    assert load_key(path, "other").key_id == "other"
    with pytest.raises(FileError):
        write_key(new_key(), tmp_path / "missing" / "k.jwk")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
)
def test_a_pem_is_named_by_its_thumbprint(key: ec.EllipticCurvePrivateKey, algorithm: str) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    read = read_key(pem)
    assert read.algorithm == algorithm
    assert read_key(json.dumps(read.private_jwk()).encode()).key_id == read.key_id
    assert read.sign(b"{}", "t").count(".") == 2


def test_what_is_no_private_key_of_a_known_kind_is_refused(tmp_path: Path) -> None:
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    p384 = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    public = json.dumps(new_key().public_jwk()).encode()
    for data in (b"", b"{}", b"{", b'{"kty":"oct","k":"AA"}', b"\x00\xff", locked, p384, public):
        with pytest.raises(ConfigError):
            read_key(data)
    with pytest.raises(ConfigError, match="antin keys new"):
        load_key(tmp_path / "none.jwk")
    with pytest.raises(ConfigError):
        new_key("HS256")
