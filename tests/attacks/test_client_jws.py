"""A client's JWS that is not its own, or says more than it should (RFC 8725)."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from hsm.administer import approve
from hsm.client import ActRefused, Approval, ApprovalRefused, PolicyRefused
from tests.attacks.scene import CLIENT, OTHER_CLIENT, Scene, b64, jws_input, signed_by

ATTACKER = ECKey.generate_key("P-256")


def header(scene: Scene, **changes: Any) -> dict[str, Any]:
    return {"alg": "ES256", "kid": scene.keys[CLIENT].thumbprint(), "typ": "antin-act+jws", **changes}


def hmac_by_public_key(scene: Scene, act: bytes) -> str:
    public = scene.keys[CLIENT].public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = OctKey.import_key(public[:64].hex())
    return jws.serialize_compact(header(scene, alg="HS256"), act, key, algorithms=["HS256"])


FORGED: dict[str, Callable[[Scene, bytes], str]] = {
    "alg none": lambda scene, act: (jws_input(header(scene, alg="none"), act) + b".").decode(),
    "alg None in capitals": lambda scene, act: (jws_input(header(scene, alg="NONE"), act) + b".").decode(),
    "an empty signature": lambda scene, act: (jws_input(header(scene), act) + b".").decode(),
    "a signature of zeros": lambda scene, act: (
        jws_input(header(scene), act) + b"." + b64(bytes(64))
    ).decode(),
    "HMAC by the public key": hmac_by_public_key,
    "a key of the attacker's own": lambda scene, act: signed_by(
        ATTACKER, header(scene, kid=ATTACKER.thumbprint()), act
    ),
    "the attacker's key under the client's kid": lambda scene, act: signed_by(ATTACKER, header(scene), act),
    "a key embedded as jwk": lambda scene, act: signed_by(
        ATTACKER, header(scene, jwk=ATTACKER.as_dict(private=False)), act
    ),
    "a key at a jku": lambda scene, act: signed_by(
        ATTACKER, header(scene, jku="https://evil.test/jwks.json"), act
    ),
    "a certificate in x5c": lambda scene, act: signed_by(ATTACKER, header(scene, x5c=["AAAA"]), act),
    "an unknown critical header": lambda scene, act: signed_by(
        scene.keys[CLIENT], header(scene, crit=["x"], x=1), act
    ),
    "critical headers that are empty": lambda scene, act: signed_by(
        scene.keys[CLIENT], header(scene, crit=[]), act
    ),
    "the type of a JWT": lambda scene, act: signed_by(scene.keys[CLIENT], header(scene, typ="JWT"), act),
    "no type": lambda scene, act: signed_by(scene.keys[CLIENT], header(scene, typ=None), act),
    "no kid": lambda scene, act: signed_by(scene.keys[CLIENT], header(scene, kid=None), act),
    "a payload that is detached": lambda scene, act: (
        signed_by(scene.keys[CLIENT], header(scene), act).replace("." + b64(act).decode() + ".", "..")
    ),
    "a payload that is the act's digest": lambda scene, act: signed_by(
        scene.keys[CLIENT], header(scene), hashlib.sha256(act).digest()
    ),
    "a payload in other letters": lambda scene, act: signed_by(
        scene.keys[CLIENT], header(scene), act.replace(b",", b", ")
    ),
    "b64 false": lambda scene, act: signed_by(
        scene.keys[CLIENT], header(scene, b64=False, crit=["b64"]), act
    ),
    "four parts": lambda scene, act: signed_by(scene.keys[CLIENT], header(scene), act) + ".AAAA",
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_clients_approval_has(scene: Scene, forge: Callable[[Scene, bytes], str]) -> None:
    act = scene.act().encode()
    with scene.nothing_happens(ApprovalRefused):
        scene.signsvc.authorize(act, Approval("client_jws", forge(scene, act)))


def test_another_clients_key_approves(scene: Scene) -> None:
    act = scene.act()
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_client(act, OTHER_CLIENT))


def test_another_client_approves_for_a_credential_that_it_does_not_hold(scene: Scene) -> None:
    act = scene.act(client_id=OTHER_CLIENT)
    with scene.nothing_happens(PolicyRefused, match="policy"):
        scene.sign(act, scene.by_client(act, OTHER_CLIENT))


def test_a_retired_client_key_approves(scene: Scene, name: str) -> None:
    scene.keys[name] = scene.process.register_client(name)
    seal = scene.certified("service-seal", name)
    act = scene.act(client_id=name, credential_id=seal)
    scene.sign(act, scene.by_client(act, name))
    scene.perform("retire_client_key", {"kid": scene.keys[name].thumbprint()})
    act = scene.act(client_id=name, credential_id=seal)
    with scene.nothing_happens(ApprovalRefused):
        scene.sign(act, scene.by_client(act, name))


def test_an_administrator_approves_a_signature(scene: Scene) -> None:
    act = scene.act()
    evidence = approve(act.encode(), scene.process.admin_keys[0]).evidence
    for kind in ("client_jws", "admin_jws"):
        with scene.nothing_happens(ActRefused):
            scene.sign(act, Approval(kind, evidence))


def test_a_system_puts_an_organisations_seal_with_its_own_key(scene: Scene, name: str) -> None:
    """The system holds it, before a clerk has it and after; automatic seals are of another purpose."""
    seal = scene.certified("organisation-seal", CLIENT)
    for clerk in (False, True):
        if clerk:
            scene.process.perform(
                "hand_over_seal",
                {"credential_id": seal, "record": "1/BB", "receiver": name},
                scene.process.enrol_person(name),
            )
        act = scene.act(scene.prepared(), credential_id=seal)
        with scene.nothing_happens(PolicyRefused):
            scene.sign(act, scene.by_client(act), scene.attributes(act))
