"""Where the attacks happen: one real key process, its victims, and the journal that must not grow.

The attacker stands at the sockets of signsvc, of idp and of the administrators at once, and holds all
that passes through them: acts, approvals, SADs, access tokens. What they do not hold are the clients'
keys, the people's passkeys and the administrators' keys, which the scene uses on their behalf.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from antin.software_passkey import SoftwarePasskey
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.signed_attributes import minimal_attributes
from hsm.administer import approve, draft
from hsm.algorithms import SignatureAlgorithm
from hsm.client import ActRefused, Approval, HsmError, Item, KeyProcess, Signed
from tests.servers.key_process import RunningKeyProcess, activate, client_jws

CLIENT, OTHER_CLIENT = "nan-nhan", "he-thong-khac"
PERSON, OTHER_PERSON = "nguoi-bi-hai", "nguoi-khac"
FILE = hashlib.sha256(b"the file as the client sent it").digest()


class Scene:
    """The key process and everybody that is registered with it."""

    def __init__(self, process: RunningKeyProcess, devca: Any) -> None:
        self.process, self.devca = process, devca
        self._connect()
        self.keys = {name: process.register_client(name) for name in (CLIENT, OTHER_CLIENT)}
        self.passkeys = {name: process.enrol_person(name) for name in (PERSON, OTHER_PERSON)}
        self.seal, self.other_seal = (self.certified("service-seal", name) for name in self.keys)
        self.personal, self.others_personal = (self.certified("personal", name) for name in self.passkeys)
        made = process.perform(
            "create_credential",
            {"profile": "oidc-token", "holder": "idp", "description": "MẪU", "training": True},
        )
        process.perform("activate_credential", {"credential_id": made["credential_id"]})
        self.kid = made["kid"]

    def certified(self, profile: str, holder: str) -> str:
        created = self.process.create_credential(profile, holder)
        return activate(self.process, created, self.devca, profile.removesuffix("-high"))

    def act(self, *items: ActItem, **changes: Any) -> SignAct:
        moment = int(time.time())
        act = SignAct(
            new_act_id(), CLIENT, self.seal, SignatureAlgorithm.ES256, items or (bare("a"),),
            moment, moment + 300,
        )  # fmt: skip
        return replace(act, **changes)

    def persons_act(self, *items: ActItem, **changes: Any) -> SignAct:
        return self.act(*items, **{"credential_id": self.personal, **changes})

    def by_client(self, act: SignAct | bytes, client: str = CLIENT) -> Approval:
        return client_jws(act if isinstance(act, bytes) else act.encode(), self.keys[client])

    def by_passkey(self, act: SignAct | bytes, person: str = PERSON) -> Approval:
        """The person's own, honest approval."""
        text = act if isinstance(act, bytes) else act.encode()
        return Approval(**self.passkeys[person].approve(text))

    def access_token(self, *sources: bytes, **claims: Any) -> Approval:
        """As the identity provider makes it: signed by our own token key."""
        signing_input = jws_input(self.token_header(), self.token_claims(*sources, **claims))
        signature = self.idp.sign_token(self.kid, signing_input)
        return Approval("access_token", (signing_input + b"." + b64(signature)).decode())

    def token_header(self) -> dict[str, Any]:
        return {"alg": "ES256", "kid": self.kid, "typ": "at+jwt"}

    def token_claims(self, *sources: bytes, **claims: Any) -> dict[str, Any]:
        moment = int(time.time())
        return {
            "iss": self.process.issuer, "aud": self.process.resource, "sub": CLIENT, "client_id": CLIENT,
            "iat": moment, "exp": moment + 300, "jti": new_act_id(),
            "authorization_details": [self.detail(*sources)], **claims,
        }  # fmt: skip

    def detail(self, *sources: bytes, **changes: Any) -> dict[str, Any]:
        named = [{"hash": base64.b64encode(s).decode(), "label": "x"} for s in sources or (FILE,)]
        return {
            "type": "antin_sign", "credentialID": self.seal, "documentDigests": named,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", **changes,
        }  # fmt: skip

    def prepared(self, text: str = "prepared", source: bytes = FILE) -> ActItem:
        return ActItem(hashlib.sha256(text.encode()).digest(), "Giấy tiếp nhận", "prepared", source)

    def attributes(self, act: SignAct) -> list[Item]:
        """The right signed attributes for an act's prepared items."""
        certificate = self.admin.credential(act.credential_id).certificates[0]
        thumbprint = x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256())
        return [Item(signed_attributes=minimal_attributes(item.digest, thumbprint)) for item in act.items]

    def sign(
        self, act: SignAct | bytes, approval: Approval, items: Sequence[Item] | None = None
    ) -> list[Signed]:
        """Ask for it as signsvc would."""
        text = act if isinstance(act, bytes) else act.encode()
        chosen = digests(act) if items is None and isinstance(act, SignAct) else items or [Item(bytes(32))]
        return self.signsvc.sign(chosen, act=text, approval=approval)

    def sad(self, act: SignAct, approval: Approval | None = None) -> str:
        return self.signsvc.authorize(act.encode(), approval or self.by_client(act)).sad

    def redeem(self, sad: str, items: Sequence[Item], client_id: str = CLIENT, **more: Any) -> list[Signed]:
        return self.signsvc.sign(items, sad=sad, client_id=client_id, **more)

    def perform(self, action: str, parameters: dict[str, Any], *more: Approval, admins: int = 2) -> Any:
        act = draft(action, parameters, now=int(time.time()))
        approvals = [approve(act, key) for key in self.process.admin_keys[:admins]]
        return self.admin.perform(act, [*approvals, *more])

    def hand_out(self, person: str) -> tuple[str, pyotp.TOTP]:
        """A new PIN and one-time password secret."""
        handed = self.process.perform("set_pin_otp", {"person_id": person})
        totp = pyotp.parse_uri(handed["otpauth"])
        assert isinstance(totp, pyotp.TOTP)
        return handed["pin"], totp

    def new_person(self, name: str) -> tuple[SoftwarePasskey, str]:
        """Somebody whose means a test may ruin: their passkey and credential."""
        self.passkeys[name] = self.process.enrol_person(name)
        return self.passkeys[name], self.certified("personal", name)

    def restart(self, *, kill: bool = False) -> None:
        self.stop(kill=kill)
        self.start()

    def stop(self, *, kill: bool = False) -> None:
        self.close()
        (self.process.kill if kill else self.process.stop)()

    def start(self) -> None:
        self.process.start()
        self._connect()

    def journal_size(self) -> int:
        return int(self.admin.checkpoint().text.splitlines()[1])

    def entries(self, start: int) -> list[dict[str, Any]]:
        return [json.loads(entry) for _, entry in self.admin.export(start, 10_000)]

    @contextmanager
    def nothing_happens(
        self, refusal: type[HsmError] | tuple[type[HsmError], ...] = ActRefused, match: str = ""
    ) -> Iterator[None]:
        """What is tried inside is refused so, and the journal knows of no intent to sign or change anything.

        An intent is durable before the key is used, so where there is none there is no signature.
        """
        before = self.journal_size()
        with pytest.raises(refusal, match=match or None):
            yield
        assert [entry for entry in self.entries(before) if entry["type"] == "intent"] == []

    @contextmanager
    def signed_once(self, credential_id: str = "") -> Iterator[None]:
        """However often it is tried inside, the journal knows of one signature by this credential."""
        before = self.journal_size()
        yield
        intents = [entry for entry in self.entries(before) if entry["type"] == "intent"]
        assert [entry["credential"] for entry in intents] == [credential_id or self.seal]

    def _connect(self) -> None:
        self.signsvc, self.idp, self.admin = (
            KeyProcess(target, deadline=30)
            for target in (self.process.signsvc, self.process.idp, self.process.admin)
        )

    def close(self) -> None:
        for client in (self.signsvc, self.admin, self.idp):
            client.close()


def bare(text: str) -> ActItem:
    return ActItem(hashlib.sha256(text.encode()).digest(), text, "dtbsr")


def digests(act: SignAct) -> list[Item]:
    return [Item(digest=item.digest) for item in act.items]


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def jws_input(header: dict[str, Any], claims: dict[str, Any] | bytes) -> bytes:
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return b64(json.dumps(header).encode()) + b"." + b64(payload)


def signed_by(key: ECKey, header: dict[str, Any], payload: dict[str, Any] | bytes) -> str:
    """A compact JWS by whatever key and header: no library keeps an attacker from it."""
    signing_input = jws_input(header, payload)
    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return (signing_input + b"." + b64(r.to_bytes(32) + s.to_bytes(32))).decode()
