"""A signing service and identity provider over real HTTP, with software keys, that can misbehave on purpose.

``faults`` switches lies on (see where each is named); ``busy`` holds answers to give before working:
path -> [(status, Retry-After), …].
"""

import base64
import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, Response, jsonify, request
from joserfc import jws
from werkzeug.serving import make_server

from tests.clients.sdk.standin_files import Prepared, prepare
from tests.clients.sdk.standin_login import CLIENT
from tests.clients.sdk.standin_problems import Refused, problem
from tests.clients.sdk.standin_reads import CREDENTIAL, Reads, seconds

__all__ = ["CLIENT", "CREDENTIAL", "StandIn", "serving"]


class StandIn(Reads):
    def __init__(self, client_jwk: dict[str, Any]) -> None:
        super().__init__(client_jwk)
        self.journal.append(rfc8785.dumps({"type": "ceremony"}))
        self.busy: dict[str, list[tuple[int, str]]] = {}
        self.waiting = 0
        self.cut = 0
        self.calls: Counter[str] = Counter()
        self.idempotency_keys: dict[str, list[str]] = {}
        self.approvals: list[str] = []
        self.documents: dict[str, bytes] = {}
        self.signatures: dict[str, dict[str, Any]] = {}
        self.signed_count = 0

    def app(self) -> Flask:
        app = Flask("standin")
        rule = app.add_url_rule
        rule("/.well-known/oauth-authorization-server/dinh-danh", view_func=self.metadata)
        rule("/dinh-danh/token", view_func=self.token, methods=["POST"])
        rule("/v1/documents", view_func=self.upload, methods=["POST"])
        rule("/v1/documents/<document_id>", view_func=self.forget, methods=["DELETE"])
        rule("/v1/signatures", view_func=self.prepare, methods=["POST"])
        rule("/v1/signatures/<signature_id>/complete", view_func=self.complete, methods=["POST"])
        rule("/v1/signatures/<signature_id>/content", view_func=self.content)
        rule("/v1/signatures/<signature_id>/receipt", view_func=self.receipt_of)
        rule("/v1/sign", view_func=self.sign, methods=["POST"])
        rule("/v1/hashes/sign", view_func=self.sign_hashes, methods=["POST"])
        rule("/v1/credentials", view_func=self.credentials)
        rule("/v1/verify", view_func=self.verify, methods=["POST"])
        rule("/v1/timestamp", view_func=self.timestamp, methods=["POST"])
        rule("/v1/journal/checkpoint", view_func=self.checkpoint)
        rule("/v1/journal/entries", view_func=self.entries)
        rule("/v1/journal/receipts/<int:index>", view_func=self.journal.receipt)
        app.before_request(self.count)
        app.register_error_handler(Refused, problem)
        return app

    # --- the edge

    def count(self) -> Response | None:
        self.calls[request.path] += 1
        if key := request.headers.get("Idempotency-Key"):
            self.idempotency_keys.setdefault(request.path, []).append(key)
        waiting = self.busy.get(request.path)
        if waiting:
            request.get_data()
            status, retry_after = waiting.pop(0)
            raise Refused(status, "busy", retry_after=retry_after)
        return None

    # --- the signing service

    def upload(self) -> Any:
        self.login()
        data = request.get_data()
        if "javascript" in self.faults:
            finding = {
                "code": "javascript",
                "page": 2,
                "message": "Có mã chạy",
                "message_en": "Active content",
            }
            raise Refused(422, "document-refused", findings=[finding])
        document_id = secrets.token_hex(8)
        self.documents[document_id] = data
        return {
            "id": document_id,
            "name": request.args["name"],
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "pages": 1,
            "signatures": 0,
            "pdfa": None,
            "findings": [{"code": "no-font", "message": "Thiếu phông", "message_en": "Font missing"}],
        }, 201

    def forget(self, document_id: str) -> Any:
        self.login()
        del self.documents[document_id]
        return "", 204

    def prepare(self) -> Any:
        self.login()
        asked = request.get_json()
        base = self.documents[asked["document_id"]]
        prepared = prepare(b"%PDF-another" if "substituted" in self.faults else base)
        act = self._act(prepared, asked, base)
        text = rfc8785.dumps(act).decode()
        if "not_canonical" in self.faults:
            text = json.dumps(act, ensure_ascii=False, sort_keys=True)
        gap = list(prepared.gap)
        if "wide_gap" in self.faults:
            gap[0] -= 40
        signature_id = secrets.token_hex(8)
        self.signatures[signature_id] = {"prepared": prepared, "act": text.encode(), "asked": asked}
        own = "honest_base" not in self.faults
        return {
            "id": signature_id,
            "state": "awaiting_approval",
            "act": text,
            "act_digest": hashlib.sha256(text.encode()).hexdigest(),
            "document_digest": base64.b64encode(prepared.digest).decode(),
            "base_size": len(prepared.base if own else base),
            "base_sha256": hashlib.sha256(prepared.base if own else base).hexdigest(),
            "gap": gap,
            "suffix": base64.b64encode(prepared.suffix).decode(),
        }, 201

    def _act(self, prepared: Prepared, asked: dict[str, Any], base: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(b"evil").digest() if "other_digest" in self.faults else prepared.digest
        item = {
            "digest": base64.b64encode(digest).decode(),
            "kind": "dtbsr" if "dtbsr" in self.faults else "prepared",
            "title": "Khác" if "other_title" in self.faults else asked.get("title", "document.pdf"),
            "source": base64.b64encode(hashlib.sha256(base).digest()).decode(),
        }
        return {
            "type": "sign",
            "act_id": secrets.token_urlsafe(16),
            "client_id": "khac" if "other_client" in self.faults else CLIENT,
            "credential_id": "con-dau-khac" if "other_credential" in self.faults else asked["credential_id"],
            "algorithm": "none" if "other_algorithm" in self.faults else "ES256",
            "document_kind": "other" if "other_kind" in self.faults else "document",
            "issued_at": seconds(),
            "expires_at": seconds() + (-5 if "expired" in self.faults else 300),
            "items": [item, item] if "two_items" in self.faults else [item],
        }

    def complete(self, signature_id: str) -> Any:
        self.login()
        signature = self.signatures[signature_id]
        approval = request.get_json()["approval"]
        if approval["kind"] == "client_jws":
            evidence = jws.deserialize_compact(approval["evidence"], self.client_key, algorithms=["ES256"])
            assert evidence.payload == signature["act"]
            assert evidence.headers()["typ"] == "antin-act+jws"
        self.approvals.append(approval["evidence"])
        if "failed" in self.faults:
            failure = {"code": "revoked", "message": "Đã thu hồi", "message_en": "Certificate revoked"}
            return {"id": signature_id, "state": "failed", "failure": failure}, 202
        if self.waiting:
            self.waiting -= 1
            response = jsonify({"id": signature_id, "state": "waiting"})
            response.status_code = 202
            response.headers["Retry-After"] = "7"
            return response
        if "leaf" not in signature:
            self._sign(signature)
        level = "B-B" if "lower_level" in self.faults else signature["asked"]["level"]
        return {
            "id": signature_id,
            "state": "completed",
            "level": level,
            "document": {
                "sha256": hashlib.sha256(signature["file"]).hexdigest(),
                "size": len(signature["file"]),
            },
            "signature": {"leaf_index": signature["leaf"]},
            "receipt": None if "late_receipt" in self.faults else self._receipt(signature["leaf"]),
        }

    def _sign(self, signature: dict[str, Any]) -> None:
        prepared, act = signature["prepared"], json.loads(signature["act"])
        value = self.key.sign(prepared.digest, ec.ECDSA(Prehashed(SHA256())))
        self.signed_count += 1
        signature["leaf"] = self._intent(act, prepared.digest, hashlib.sha256(signature["act"]).hexdigest())
        signature["file"] = prepared.signed(value, b"% DSS\n" if act["items"] else b"")

    def _intent(self, act: dict[str, Any], digest: bytes, act_digest: str) -> int:
        index = self.journal.append(
            rfc8785.dumps(
                {
                    "type": "intent",
                    "time": seconds(),
                    "act": act_digest,
                    "credential": act["credential_id"],
                    "client": act["client_id"],
                    "algorithm": "ES256",
                    "digest": base64.b64encode(digest).decode(),
                    "position": 0,
                }
            )
        )
        self.journal.append(
            rfc8785.dumps(
                {"type": "outcome", "time": seconds(), "intents": [{"index": index, "signature": "00" * 32}]}
            )
        )
        return index

    def _receipt(self, index: int) -> dict[str, str]:
        if "other_receipt" in self.faults:
            other = {"credential_id": CREDENTIAL, "client_id": CLIENT}
            return self.journal.receipt(self._intent(other, hashlib.sha256(b"other").digest(), "00" * 32))
        receipt = self.journal.receipt(index)
        if "forged_receipt" in self.faults:
            entry = base64.b64decode(receipt["entry"]).replace(b'"position":0', b'"position":1')
            receipt["entry"] = base64.b64encode(entry).decode()
        return receipt

    def content(self, signature_id: str) -> Response:
        self.login()
        return self._file(self.signatures[signature_id]["file"])

    def _file(self, data: bytes, **headers: str) -> Response:
        if "foreign_bytes" in self.faults:
            data = b"%PDF-9.9" + data[8:]
        if "changed_page" in self.faults:
            data = data.replace(b"/Type /Sig", b"/Type /Fig")
        length = len(data)
        if self.cut:
            self.cut -= 1
            data = data[: length // 2]
        if "short" in self.faults:
            data = data[:-3]
            length = len(data)
        response = Response(iter([data]), content_type="application/pdf")
        response.headers.extend({"Content-Length": str(length), **headers})
        return response

    def receipt_of(self, signature_id: str) -> Any:
        self.login()
        return self.journal.receipt(self.signatures[signature_id]["leaf"])

    def sign(self) -> Any:
        details = self.login()
        base = request.get_data()
        (wanted,) = details[0]["documentDigests"]
        source = base64.b64encode(hashlib.sha256(base).digest()).decode()
        if wanted["hash"] != source or details[0]["credentialID"] != request.args["credential_id"]:
            raise Refused(403, "approval-refused")
        prepared = prepare(base)
        act = {"credential_id": request.args["credential_id"], "client_id": CLIENT, "items": []}
        signature = {"prepared": prepared, "act": json.dumps(act).encode()}
        self._sign(signature)
        leaf = signature["leaf"]
        if "other_receipt" in self.faults:
            other = {"credential_id": CREDENTIAL, "client_id": CLIENT}
            leaf = self._intent(other, hashlib.sha256(b"other").digest(), "00" * 32)
        headers = {"Antin-Signature-Id": "s-1", "Antin-Leaf-Index": str(leaf)}
        return self._file(signature["file"], **headers)

    def sign_hashes(self) -> Any:
        self.login()
        body = request.get_json()
        act = json.loads(body["act"])
        evidence = jws.deserialize_compact(
            body["approval"]["evidence"], self.client_key, algorithms=["ES256"]
        )
        assert evidence.payload == body["act"].encode() == rfc8785.dumps(act)
        act_digest = hashlib.sha256(body["act"].encode()).hexdigest()
        signatures, leaves = [], []
        for item in act["items"]:
            assert item["kind"] == "dtbsr"
            digest = base64.b64decode(item["digest"])
            made = hashlib.sha256(b"evil").digest() if "other_digest" in self.faults else digest
            signatures.append(base64.b64encode(self.key.sign(made, ec.ECDSA(Prehashed(SHA256())))).decode())
            leaves.append(self._intent(act, digest, act_digest))
        return {
            "signatures": signatures,
            "leaf_indexes": leaves,
            "receipts": [self._receipt(leaf) for leaf in leaves],
        }


@contextmanager
def serving(standin: StandIn) -> Iterator[StandIn]:
    server = make_server("127.0.0.1", 0, standin.app(), threaded=True)
    standin.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
