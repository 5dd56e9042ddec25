"""The stand-in's identity provider: client_credentials with private_key_jwt, by RFC 10070."""

import json
import secrets
from typing import Any

from flask import Response, jsonify, request
from joserfc import jws
from joserfc.jwk import ECKey

CLIENT = "motcua"


class Login:
    """``assertions`` holds what clients proved themselves by; ``tokens`` maps a token to its details."""

    def __init__(self, client_jwk: dict[str, Any]) -> None:
        self.client_key = ECKey.import_key(client_jwk)
        self.base_url = ""
        self.faults: set[str] = set()
        self.assertions: list[dict[str, Any]] = []
        self.tokens: dict[str, list[dict[str, Any]]] = {}

    @property
    def issuer(self) -> str:
        return f"{self.base_url}/dinh-danh"

    def metadata(self) -> Response:
        issuer = "https://khac.example" if "other_issuer" in self.faults else self.issuer
        return jsonify({"issuer": issuer, "token_endpoint": f"{self.issuer}/token"})

    def token(self) -> Any:
        form = request.form
        assertion = jws.deserialize_compact(form["client_assertion"], self.client_key, algorithms=["ES256"])
        claims = json.loads(assertion.payload)
        self.assertions.append({"header": assertion.headers(), "claims": claims, "form": form.to_dict()})
        spent = [one["claims"]["jti"] for one in self.assertions[:-1]]
        if assertion.headers()["typ"] != "client-authentication+jwt" or claims["aud"] != self.issuer:
            return {"error": "invalid_client"}, 401
        if claims["jti"] in spent or claims["iss"] != CLIENT or "no_login" in self.faults:
            return {"error": "invalid_client", "error_description": "assertion refused"}, 401
        token = f"token-{secrets.token_hex(8)}"
        self.tokens[token] = json.loads(form.get("authorization_details", "[]"))
        return {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": form["scope"]}
