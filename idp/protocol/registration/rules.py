"""The rules for metadata, in the order in which they are asked. Each is pure and says what to do."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.protocol.assurance import acr_rank
from idp.protocol.client_metadata import BASELINE, FAPI2, ClientMetadata
from idp.protocol.registration.algorithms import check_algorithms
from idp.protocol.registration.uris import check_https, check_redirect_uri, host_of

GRANT_TYPES = {
    FAPI2: ("authorization_code", "refresh_token", "client_credentials"),
    BASELINE: (
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
    ),
}
MTLS = ("tls_client_auth", "self_signed_tls_client_auth")
SECRETS = ("client_secret_basic", "client_secret_post")
AUTH_METHODS = {
    FAPI2: ("private_key_jwt", *MTLS),
    BASELINE: ("private_key_jwt", *MTLS, *SECRETS, "none"),
}

_PAGES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
_CALLED = (
    "jwks_uri", "sector_identifier_uri", "initiate_login_uri",
    "backchannel_logout_uri", "frontchannel_logout_uri",
)  # fmt: skip

Rule = Callable[[ClientMetadata], None]


def with_defaults(said: Mapping[str, Any], profile: str) -> dict[str, Any]:
    """What is left out becomes what the profile wants (RFC 7591 §2 lets a server choose; it is echoed)."""
    fapi = profile == FAPI2
    defaults: dict[str, Any] = {
        "grant_types": ("authorization_code",),
        "response_types": ("code",)
        if "authorization_code" in said.get("grant_types", ("authorization_code",))
        else (),
        "token_endpoint_auth_method": "private_key_jwt" if fapi else "client_secret_basic",
        "id_token_signed_response_alg": "ES256" if fapi else "RS256",
    }
    filled = {**defaults, **said}
    if fapi:
        # FAPI 2.0 Security Profile §5.3.2: pushed requests always, tokens bound to a key always.
        filled["require_pushed_authorization_requests"] = True
        filled["dpop_bound_access_tokens"] = not filled.get(
            "tls_client_certificate_bound_access_tokens", False
        )
    return filled


def check_metadata(metadata: ClientMetadata, *, keys: bool) -> None:
    """``keys``: whether a ``jwks`` came along. Raises InvalidRedirectUri, InvalidClientMetadata."""
    for rule in RULES:
        rule(metadata)
    _check_keys(metadata, keys=keys)


def _application_type(metadata: ClientMetadata) -> None:
    if metadata.application_type not in ("web", "native"):
        raise InvalidClientMetadata("application_type is web or native.")


def _grants(metadata: ClientMetadata) -> None:
    allowed = GRANT_TYPES[metadata.profile]
    if not metadata.grant_types or not set(metadata.grant_types) <= set(allowed):
        raise InvalidClientMetadata(f"grant_types may be: {', '.join(allowed)}.")
    if "refresh_token" in metadata.grant_types and len(metadata.grant_types) == 1:
        raise InvalidClientMetadata("refresh_token comes with authorization_code.")
    wanted = ("code",) if "authorization_code" in metadata.grant_types else ()
    if metadata.response_types != wanted:
        raise InvalidClientMetadata(
            "response_types is [code] with authorization_code, else empty: no implicit or hybrid flow here."
        )


def _redirect_uris(metadata: ClientMetadata) -> None:
    if "authorization_code" in metadata.grant_types and not metadata.redirect_uris:
        raise InvalidRedirectUri("redirect_uris is missing: give the full addresses that answers go to.")
    for uri in metadata.redirect_uris:
        check_redirect_uri(uri, metadata.application_type)
    for uri in metadata.post_logout_redirect_uris:
        try:
            check_redirect_uri(uri, metadata.application_type)
        except InvalidRedirectUri as error:
            raise InvalidClientMetadata(f"post_logout_redirect_uris: {error.message}") from error


def _authentication(metadata: ClientMetadata) -> None:
    allowed = AUTH_METHODS[metadata.profile]
    method = metadata.token_endpoint_auth_method
    if method not in allowed:
        raise InvalidClientMetadata(
            f"token_endpoint_auth_method may be: {', '.join(allowed)}."
            + (
                ""
                if method not in AUTH_METHODS[BASELINE]
                else " Ask for an exception (baseline) for this one."
            )
        )
    if method == "none" and "client_credentials" in metadata.grant_types:
        raise InvalidClientMetadata("client_credentials needs a client that authenticates.")
    named = sum(
        bool(each)
        for each in (
            metadata.tls_client_auth_subject_dn,
            metadata.tls_client_auth_san_dns,
            metadata.tls_client_auth_san_uri,
        )
    )
    if named != (method == "tls_client_auth"):
        raise InvalidClientMetadata(
            "tls_client_auth, and no other method, needs exactly one of tls_client_auth_subject_dn, "
            "tls_client_auth_san_dns, tls_client_auth_san_uri."
        )


def _web_addresses(metadata: ClientMetadata) -> None:
    for name in (*_PAGES, *_CALLED):
        uri = getattr(metadata, name)
        if uri:
            check_https(name, uri)
    for uri in metadata.request_uris:
        # The one place where a fragment means something (OpenID Connect Core §6.2: a digest).
        check_https("request_uris", uri.partition("#")[0])


def _logout(metadata: ClientMetadata) -> None:
    """Front-Channel Logout §2: the page that is loaded in a frame is the client's own."""
    hosts = {host_of(uri) for uri in metadata.redirect_uris}
    if metadata.frontchannel_logout_uri and host_of(metadata.frontchannel_logout_uri) not in hosts:
        raise InvalidClientMetadata("frontchannel_logout_uri must be on a host of the redirect_uris.")
    for kind in ("backchannel", "frontchannel"):
        required = getattr(metadata, f"{kind}_logout_session_required")
        if required and not getattr(metadata, f"{kind}_logout_uri"):
            raise InvalidClientMetadata(f"{kind}_logout_session_required needs {kind}_logout_uri.")


def _subject(metadata: ClientMetadata) -> None:
    if metadata.subject_type not in ("pairwise", "public"):
        raise InvalidClientMetadata("subject_type is pairwise or public.")
    if metadata.sector_identifier_uri and not metadata.redirect_uris:
        raise InvalidClientMetadata("sector_identifier_uri is for clients whose redirect_uris it can list.")
    hosts = {host_of(uri) for uri in metadata.redirect_uris if uri.startswith("http")}
    grouped = metadata.agency or metadata.sector_identifier_uri
    if metadata.subject_type == "pairwise" and len(hosts) > 1 and not grouped:
        raise InvalidClientMetadata(
            "Redirect URIs of several hosts want a sector_identifier_uri that lists them, "
            "or subject_type public."
        )


def _assurance(metadata: ClientMetadata) -> None:
    if not all(map(acr_rank, metadata.default_acr_values)):
        raise InvalidClientMetadata("default_acr_values may be: LoA1, LoA2, LoA3, LoA4.")


def _check_keys(metadata: ClientMetadata, *, keys: bool) -> None:
    if keys and metadata.jwks_uri:
        raise InvalidClientMetadata("Give jwks or jwks_uri, never both (RFC 7591 section 2).")
    method = metadata.token_endpoint_auth_method
    if method in ("private_key_jwt", "self_signed_tls_client_auth") and not keys and not metadata.jwks_uri:
        raise InvalidClientMetadata(f"{method} needs your public keys: give jwks or jwks_uri.")
    if metadata.require_signed_request_object and not keys and not metadata.jwks_uri:
        raise InvalidClientMetadata("Signed request objects need your public keys: give jwks or jwks_uri.")


RULES: tuple[Rule, ...] = (
    _application_type,
    _grants,
    _redirect_uris,
    _authentication,
    _web_addresses,
    _logout,
    _subject,
    _assurance,
    check_algorithms,
)


def as_metadata(said: Mapping[str, Any], **by_administrator: Any) -> ClientMetadata:
    """Both halves in one."""
    return replace(ClientMetadata(), **{**said, **by_administrator})
