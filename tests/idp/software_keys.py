"""The ``Tokens`` service of the trust line with keys in memory: a stand-in that can fail on purpose."""

import shutil
import tempfile
from concurrent import futures
from typing import Any

import grpc
import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from joserfc.jwk import ECKey, RSAKey

from hsm.api import hsm_pb2, hsm_pb2_grpc


class SoftwareKeys(hsm_pb2_grpc.TokensServicer):  # type: ignore[misc]
    """``failure``: "", or the name of an ``hsm.errors`` class that every call then answers with."""

    def __init__(self) -> None:
        self._home = tempfile.mkdtemp(prefix="antin-keys-", dir="/tmp")
        self.target = f"unix:{self._home}/keys.sock"
        self.failure = ""
        self.keys: dict[str, tuple[str, ECKey | RSAKey]] = {}
        self.current: list[str] = []
        self.listed = self.signed = 0
        self.add_key("es-1", "ES256")
        self.add_key("rs-1", "RS256")
        self._server: grpc.Server | None = None
        self.start()

    def add_key(self, kid: str, algorithm: str) -> None:
        """A new key, current for its algorithm; the earlier one stays published."""
        key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
        self.current = [old for old in self.current if self.keys[old][0] != algorithm] + [kid]
        self.keys[kid] = (algorithm, key)

    def start(self) -> None:
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        hsm_pb2_grpc.add_TokensServicer_to_server(self, self._server)
        self._health = health.HealthServicer()
        self._health.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_insecure_port(self.target)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(0).wait()
            self._server = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def GetTokenKeys(self, _request: Any, context: grpc.ServicerContext) -> hsm_pb2.TokenKeysResponse:  # noqa: N802
        self.listed += 1
        self._fail(context)
        jwks = [
            # A private member beside the public ones: the web process must not publish what it is handed.
            orjson.dumps(
                key.as_dict(private=False) | {"kid": kid, "alg": alg, "use": "sig", "d": "AAAA"}
            ).decode()
            for kid, (alg, key) in self.keys.items()
        ]
        return hsm_pb2.TokenKeysResponse(jwks=jwks, current_kids=self.current)

    def SignToken(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.SignTokenResponse:  # noqa: N802
        self.signed += 1
        self._fail(context)
        if request.kid not in self.current:
            _abort(context, "KeyNotFound")
        algorithm, key = self.keys[request.kid]
        private: Any = key.private_key
        if algorithm == "RS256":
            value = private.sign(request.signing_input, padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = decode_dss_signature(private.sign(request.signing_input, ec.ECDSA(hashes.SHA256())))
            value = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return hsm_pb2.SignTokenResponse(signature=value)

    def _fail(self, context: grpc.ServicerContext) -> None:
        if self.failure:
            _abort(context, self.failure)


def _abort(context: grpc.ServicerContext, error: str) -> None:
    context.set_trailing_metadata((("antin-error", error),))
    context.abort(grpc.StatusCode.UNAVAILABLE, "the token is away")
