"""What the stand-in answers without signing: credentials, verdicts, time-stamps, the journal."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from flask import Response, request

from tests.clients.sdk.standin_journal import Journal
from tests.clients.sdk.standin_login import Login
from tests.clients.sdk.standin_problems import Refused

CREDENTIAL = "con-dau-mau"


def seconds() -> int:
    return int(datetime.now(UTC).timestamp())


class Reads(Login):
    def __init__(self, client_jwk: dict[str, Any]) -> None:
        super().__init__(client_jwk)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certificate()
        self.journal = Journal()
        self.verdict: dict[str, Any] = {}

    def login(self) -> list[dict[str, Any]]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            request.get_data()
            raise Refused(401, "invalid_token")
        return self.tokens[token]

    def credentials(self) -> Any:
        self.login()
        credential = {
            "credential_id": CREDENTIAL,
            "purpose": "seal",
            "state": "active",
            "algorithm": "ES256",
            "description": "Con dấu MẪU",
            "certificates": [base64.b64encode(self.certificate).decode()],
            "not_before": seconds() - 60,
            "not_after": seconds() + 86400,
            "training": True,
        }
        return {"credentials": [credential]}

    def verify(self) -> Any:
        request.get_data()
        return self.verdict

    def timestamp(self) -> Any:
        self.login()
        asked = request.get_json()
        digest = b"\x00" * 32 if "other_digest" in self.faults else base64.b64decode(asked["hash"])
        # Not a CMS: the SDK leaves the token's signature to verifiers that know the authority.
        token = b"\x30\x80" + digest + b"\x02\x08" + bytes.fromhex(asked["nonce"])
        return {"timestamp": base64.b64encode(token).decode()}

    def checkpoint(self) -> Response:
        response = Response(self.journal.checkpoint(), content_type="text/plain; charset=utf-8")
        response.headers["Antin-Verifier-Key"] = self.journal.verifier_key
        return response

    def entries(self) -> Response:
        start, limit = int(request.args["start"]), min(int(request.args["limit"]), 2)
        page = list(enumerate(self.journal.entries))[start : start + limit]
        if "lost_entry" in self.faults:
            page = page[:-1] if start else page
        lines = [json.dumps({"index": index, "entry": base64.b64encode(one).decode()}) for index, one in page]
        return Response("".join(line + "\n" for line in lines), content_type="application/x-ndjson")

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MẪU")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)
