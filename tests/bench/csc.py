"""SADs a second through HTTP: issued by a client's JWS or a passkey (authorize), redeemed (signHash).

Everything is the real thing; the acts and their approvals are made in advance. By a person's PIN and
one-time password it is argon2id that sets the pace: see ``approvals``.
"""

import base64
import json
import secrets
import time
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlsplit

from antin.software_passkey import SoftwarePasskey

from hsm.client import ActItem, SignAct, SignatureAlgorithm, new_act_id
from tests.bench.load_client import Load, drive, post
from tests.bench.province import Province
from tests.bench.table import Row
from tests.servers.csc import CscClient, register_csc_client
from tests.servers.key_process import client_jws

DIGEST = secrets.token_bytes(32)
HASH = base64.b64encode(DIGEST).decode()
SHA256 = "2.16.840.1.101.3.4.2.1"
PERSON, BY_PERSON = "nguoi-ky-mau", "P-256 by passkey"
KINDS = {
    BY_PERSON: (SignatureAlgorithm.ES256, {"signAlgo": "1.2.840.10045.4.3.2"}),
    "P-256": (SignatureAlgorithm.ES256, {"signAlgo": "1.2.840.10045.4.3.2"}),
    "RSA-3072": (
        SignatureAlgorithm.PS256,
        {
            "signAlgo": "1.2.840.113549.1.1.10",
            "signAlgoParams": "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg",
        },
    ),
}
CALLS = {
    ("P-256", 1): 800, ("P-256", 20): 120, (BY_PERSON, 1): 600, (BY_PERSON, 20): 100,
    ("RSA-3072", 1): 300, ("RSA-3072", 20): 40,
}  # fmt: skip
CONNECTIONS = 8


class _Caller:
    def __init__(self, client: CscClient, province: Province) -> None:
        self._client = client
        key_process = client.stack.key_process
        key_process.perform("register_person", {"person_id": PERSON})
        # Without a counter: what is made in advance arrives in any order.
        self._passkey = SoftwarePasskey.new(key_process.rp_id, key_process.origin)
        key_process.enrol_passkey(PERSON, self._passkey)
        self._personal = province.enrol(key_process, "personal", PERSON)
        url = urlsplit(client.stack.base_url)
        self.address = (url.hostname or "", int(url.port or 0))

    def run(self, kind: str, count: int, calls: int) -> tuple[Load, Load]:
        """Issue that many SADs for ``count`` hashes each, then redeem each at once."""
        bodies: list[bytes] = []
        issued = drive(
            self.address, [self._authorize(kind, count) for _ in range(calls)], connections=CONNECTIONS,
            bodies=bodies,
        )  # fmt: skip
        sads = [json.loads(body)["SAD"] for body in bodies]
        redeemed = drive(
            self.address, [self._sign(kind, count, sad) for sad in sads], connections=CONNECTIONS
        )
        return issued, redeemed

    def _approval(self, kind: str, act: bytes) -> dict[str, str]:
        if kind != BY_PERSON:
            return {"id": "client_jws", "value": client_jws(act, self._client.key).evidence}
        response = json.loads(self._passkey.approve(act)["evidence"])
        return {"id": "passkey", "value": json.dumps({"act": act.decode(), "response": response})}

    def _credential(self, kind: str) -> str:
        if kind == BY_PERSON:
            return self._personal
        return self._client.seal if kind == "P-256" else self._client.seal_rsa

    def _authorize(self, kind: str, count: int) -> bytes:
        algorithm, _ = KINDS[kind]
        moment = int(time.time())
        act = SignAct(
            new_act_id(), self._client.client_id, self._credential(kind), algorithm,
            tuple(ActItem(DIGEST, f"MẪU {n}", "dtbsr") for n in range(count)), moment, moment + 600,
        ).encode()  # fmt: skip
        return self._post(
            "credentials/authorize",
            {
                "credentialID": self._credential(kind), "numSignatures": count, "hashes": [HASH] * count,
                "hashAlgorithmOID": SHA256, "authData": [self._approval(kind, act)],
            },
        )  # fmt: skip

    def _sign(self, kind: str, count: int, sad: str) -> bytes:
        asked = {"credentialID": self._credential(kind), "SAD": sad, "hashes": [HASH] * count}
        return self._post("signatures/signHash", asked | {"hashAlgorithmOID": SHA256} | KINDS[kind][1])

    def _post(self, method: str, members: dict[str, object]) -> bytes:
        host = f"{self.address[0]}:{self.address[1]}"
        return post(host, f"/csc/v2/{method}", self._client.token(), json.dumps(members).encode())


def measure(province: Province) -> list[Row]:
    """Both calls of each kind of key, with one hash and with twenty."""
    rows = []
    with ExitStack() as opened:
        registered = register_csc_client(province.stack, "bench-csc")
        opened.callback(registered.close)  # type: ignore[attr-defined]
        caller = _Caller(next(registered), province)
        for (kind, count), calls in CALLS.items():
            wanted = calls // (2 if province.quick else 1)
            caller.run(kind, count, max(8, wanted // 10))
            runs = [caller.run(kind, count, wanted) for _ in range(province.rounds)]
            for name, at, each in (("issued", 0, 1), ("redeemed", 1, count)):
                loads = [run[at] for run in runs]
                rate = median(load.requests / load.wall for load in loads)
                p50, p99 = (median(getattr(load, part) for load in loads) for part in ("p50", "p99"))
                note = f"p50 {p50:.1f}, p99 {p99:.1f} ms" + (
                    f"; {rate * each:.0f} signatures/s" if each > 1 else ""
                )
                rows.append(Row(f"CSC: SADs {name} a second, {kind}, {count} hashes", rate, "", note, "/s"))
    return rows
