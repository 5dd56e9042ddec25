"""OpenID Connect Core §3.1.2.1: an ID Token of ours, for this client, expired or not."""

from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from idp.errors import IdpError
from idp.protocol.authorize.request import AuthorizationRequest
from idp.protocol.compact_jws import VerifyingKey, import_public_key
from tests.idp.protocol.authorize.asking import ISSUER, NOW, read
from tests.idp.provider import AnyHeader

OURS = ECKey.generate_key("P-256")


def find_key(kid: object) -> VerifyingKey | None:
    return import_public_key(dict(OURS.as_dict(private=False)) | {"kid": "es-1"}) if kid == "es-1" else None


def hint(key: ECKey = OURS, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": "one-stop", "sub": "person-1", "exp": NOW - 86400} | changes
    protected = {"alg": "ES256", "kid": "es-1", "typ": "JWT"} | (header or {})
    sound = {name: value for name, value in protected.items() if value is not None}
    return jws.serialize_compact(sound, orjson.dumps(claims), key, registry=AnyHeader("ES256"))


def read_hint(compact: str) -> AuthorizationRequest:
    return read(id_token_hint=compact, find_key=find_key)


@pytest.mark.parametrize("changes", [{}, {"aud": ["other", "one-stop"]}, {"header": {"typ": None}}])
def test_it_names_the_person_even_when_it_has_expired(changes: dict[str, Any]) -> None:
    assert read_hint(hint(**changes)).wanted_sub == "person-1"


@pytest.mark.parametrize(
    "compact",
    [
        hint(ECKey.generate_key("P-256")),
        hint(header={"kid": "unknown"}),
        hint(header={"kid": None}),
        hint(iss="https://other.example"),
        hint(aud="another"),
        hint(sub=1),
        hint(header={"typ": "at+jwt"}),
        hint(header={"typ": "logout+jwt"}),
        hint()[:-4] + "AAAA",
    ],
)
def test_anything_else_is_refused(compact: str) -> None:
    with pytest.raises(IdpError) as refused:
        read_hint(compact)
    assert refused.value.error == "invalid_request"
