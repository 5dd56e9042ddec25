"""What a relying party registered, in the words of RFC 7591, OpenID Connect Registration and the logout
specifications. ``registration/`` checks it before it is stored; here it is only read.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FAPI2, BASELINE = "fapi2", "baseline"


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """All of it has a default: a system that only asks for tokens in its own name needs none.

    ``profile``: ``fapi2`` (PAR, private_key_jwt or mTLS, sender-constrained tokens) or ``baseline``,
    which is an exception until ``profile_until`` (Unix seconds). ``agency``: the agency code whose
    departments share a pairwise ``sub``. ``first_party``: the province's own, no consent page.
    ``minimum_acr``: below it nobody logs in to this client. ``secret_*``: SHA-256 (hex) of a random
    secret, and its end; ``previous_secret_*``: the one before, while both are taken.
    """

    application_type: str = "web"
    profile: str = FAPI2
    profile_until: int = 0
    agency: str = ""
    first_party: bool = False
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ("code",)
    grant_types: tuple[str, ...] = ("client_credentials",)
    token_endpoint_auth_method: str = "private_key_jwt"  # noqa: S105 -- a method
    token_endpoint_auth_signing_alg: str = ""
    secret_hash: str = ""
    secret_expires_at: int = 0
    previous_secret_hash: str = ""
    previous_secret_expires_at: int = 0
    jwks_uri: str = ""
    tls_client_auth_subject_dn: str = ""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_certificate_bound_access_tokens: bool = False
    dpop_bound_access_tokens: bool = False
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: str = ""
    request_uris: tuple[str, ...] = ()
    authorization_signed_response_alg: str = ""
    subject_type: str = "pairwise"
    sector_identifier_uri: str = ""
    id_token_signed_response_alg: str = "ES256"  # noqa: S105 -- an algorithm
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    introspection_signed_response_alg: str = ""
    default_max_age: int = 0
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    minimum_acr: str = ""
    claims_allowed: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    software_version: str = ""

    def takes_secret(self, secret: str, now: int) -> bool:
        """Whether this is the client's secret, or the one before while the two overlap."""
        given = hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
        kept = (
            (self.secret_hash, self.secret_expires_at),
            (self.previous_secret_hash, self.previous_secret_expires_at),
        )
        matches = [
            hmac.compare_digest(given, hashed) and now < expires_at for hashed, expires_at in kept if hashed
        ]
        return any(matches)

    def plain(self) -> dict[str, Any]:
        """For storing: what differs from the default."""
        default = asdict(_DEFAULT)
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "ClientMetadata":
        known = {each.name for each in fields(ClientMetadata)}
        values: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in plain.items() if name in known
        }
        return ClientMetadata(**values)


_DEFAULT = ClientMetadata()
