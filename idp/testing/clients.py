"""Relying parties of the tests, registered by the real rules; plain http is let through on loopback only."""

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey

from idp.protocol.client_metadata import BASELINE, FAPI2, ClientMetadata
from idp.protocol.registration.administrators import administrators_metadata
from idp.protocol.registration.secret import with_new_secret
from idp.register_clients import new_registration, read_jwks
from idp.services import Services
from idp.store.clients import save_registration

DEFAULT_REDIRECT_URI = "http://127.0.0.1:5000/callback"
DEFAULT_SCOPE = "openid profile email offline_access"
_YEAR = 365 * 86400
_PLAIN_LOOPBACK = re.compile(r"http(?=://(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/]|$))")


@dataclass(frozen=True, slots=True)
class SampleClient:
    """``client_secret``: or "". ``jwks``: the client's private keys as a JWK set, if made here."""

    client_id: str
    client_secret: str
    jwks: Mapping[str, Any] | None
    metadata: Mapping[str, Any]


def register_client(services: Services, profile: str = BASELINE, **metadata: Any) -> SampleClient:
    """In the words of RFC 7591. What is left out: a loopback redirect URI, code, refresh, usual scopes.

    A client that signs and gives no ``jwks`` gets a P-256 key. ``profile``: baseline or fapi2.
    Raises InvalidClientMetadata, InvalidRedirectUri, RegistrationRefused, as the real provider.
    """
    now = int(time.time())
    document: dict[str, Any] = {
        "redirect_uris": [DEFAULT_REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "client_name": "Hệ thống MẪU",
        "scope": DEFAULT_SCOPE,
        "token_endpoint_auth_method": "private_key_jwt" if profile == FAPI2 else "client_secret_basic",
        "profile": profile,
        **({"profile_until": now + _YEAR} if profile == BASELINE else {}),
        **metadata,
    }
    method = document["token_endpoint_auth_method"]
    public, private = document.get("jwks"), None
    if public is None and method == "private_key_jwt" and not document.get("jwks_uri"):
        key = ECKey.generate_key(
            "P-256", {"kid": f"mau-{secrets.token_hex(4)}", "alg": "ES256", "use": "sig"}
        )
        public, private = {"keys": [key.as_dict(private=False)]}, {"keys": [key.as_dict(private=True)]}
    checked = administrators_metadata(_as_https(document), keys=public is not None)
    # Checked as https; stored as it was given.
    given = {
        name: tuple(document[name]) if isinstance(document[name], list) else document[name]
        for name in document
        if name.endswith(("_uri", "_uris"))
    }
    checked, secret = ClientMetadata.from_plain({**checked.plain(), **given}), ""
    if method.startswith("client_secret"):
        checked, secret = with_new_secret(checked, now=now)
    client_id = document.get("client_id") or f"mau-{secrets.token_hex(4)}"
    registration = new_registration(
        client_id, name=document["client_name"], contact="mau@example.gov.vn",
        token_algorithm="ES256",  # noqa: S106 -- an algorithm
        scopes=document["scope"].split(), resources=(), credential_ids=(), introspects=(),
        jwks=read_jwks(json.dumps(public)) if public else {}, metadata=checked,
    )  # fmt: skip
    with services.database.writing() as connection:
        save_registration(connection, registration, now)
    services.clients.forget(client_id)
    return SampleClient(client_id, secret, private, {k: v for k, v in document.items() if k != "jwks"})


def _as_https(value: Any) -> Any:
    if isinstance(value, str):
        return _PLAIN_LOOPBACK.sub("https", value) if _PLAIN_LOOPBACK.match(value) else value
    if isinstance(value, Mapping):
        return {name: _as_https(each) for name, each in value.items()}
    return [_as_https(each) for each in value] if isinstance(value, (list, tuple)) else value
