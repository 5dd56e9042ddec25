"""An authorization request as the rules see it, sound unless a test changes it."""

from dataclasses import replace
from typing import Any

from idp.protocol.authorize import read_authorization_request
from idp.protocol.authorize.asked import Asked, Parameters
from idp.protocol.authorize.destination import read_destination
from idp.protocol.authorize.request import AuthorizationRequest
from idp.protocol.client import Client
from idp.protocol.client_metadata import ClientMetadata

ISSUER = "https://sso.example.gov.vn"
REDIRECT_URI = "https://one-stop.example.gov.vn/callback"
SIGNING = "https://sign.example.gov.vn"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
NOW = 1_800_000_000

BASELINE = ClientMetadata(
    profile="baseline",
    profile_until=NOW + 1,
    redirect_uris=(REDIRECT_URI,),
    grant_types=("authorization_code", "refresh_token"),
)
FAPI2 = replace(BASELINE, profile="fapi2", profile_until=0)
SOUND = {
    "client_id": "one-stop",
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid profile",
    "state": "af0ifjsldkj",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def new_client(metadata: ClientMetadata = BASELINE, **changes: Any) -> Client:
    values: dict[str, Any] = {
        "client_id": "one-stop",
        "name": "Một cửa MẪU",
        "contact": "mau@example.gov.vn",
        "active": True,
        "token_algorithm": "ES256",
        "scopes": ("openid", "profile", "email", "offline_access"),
        "resources": (SIGNING,),
        "credential_ids": frozenset({"cred-1"}),
        "introspects": frozenset(),
        "keys": {},
        "metadata": metadata,
    }
    return Client(**(values | changes))


def asked(
    metadata: ClientMetadata = BASELINE, *, client: Client | None = None, **changes: Any
) -> tuple[Asked, Parameters]:
    """``changes``: fields of Asked or Parameters by name, else a parameter; None takes one away."""
    fields = {name: changes.pop(name) for name in list(changes) if name in Asked.__dataclass_fields__}
    wrapped = {name: changes.pop(name) for name in ("resources", "repeated") if name in changes}
    values = {name: value for name, value in (SOUND | changes).items() if value is not None}
    parameters = Parameters(values, **wrapped)
    sound: dict[str, Any] = {"issuer": ISSUER, "now": NOW, "find_key": lambda _kid: None}
    return (
        Asked(parameters=parameters, client=client or new_client(metadata), **(sound | fields)),
        parameters,
    )


def read(
    metadata: ClientMetadata = BASELINE, *, client: Client | None = None, **changes: Any
) -> AuthorizationRequest:
    """All rules, in their order."""
    attempt, parameters = asked(metadata, client=client, **changes)
    return read_authorization_request(attempt, read_destination(parameters, attempt.client))
