"""The proofs that both verifiers judge alike: the identity provider's and the signing service's."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

DOCUMENT: dict[str, Any] = json.loads(Path(__file__).with_name("proofs.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = DOCUMENT["cases"]
NOW = 1_800_000_000
KEY = ECKey.generate_key("P-256")


def proof_of(case: dict[str, Any]) -> str:
    """The proof of this case, made at NOW."""
    token_hash = base64.urlsafe_b64encode(hashlib.sha256(DOCUMENT["token"].encode()).digest())
    sound = {
        "htm": DOCUMENT["method"],
        "htu": DOCUMENT["origin"] + DOCUMENT["path"],
        "iat": 0,
        "jti": "jti-1",
        "ath": token_hash.rstrip(b"=").decode(),
        "typ": "dpop+jwt",
    }
    said = {name: value for name, value in (sound | case["changes"]).items() if value is not None}
    for name in {"iat", "exp", "nbf"} & said.keys():
        said[name] += NOW
    header = {"typ": said.pop("typ"), "alg": "ES256", "jwk": KEY.as_dict(private=False)}
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(said).encode(), KEY, registry=registry)
