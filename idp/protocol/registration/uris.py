"""URIs that a client registers. Authlib's own test of "secure" took ``http://localhost:80@attacker``."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from idp.errors import InvalidClientMetadata, InvalidRedirectUri

_URI = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=%]+", re.ASCII)  # RFC 3986, without * and #
_SCHEME = re.compile(r"[a-z][a-z0-9+\-]*(\.[a-z0-9+\-]+)+", re.ASCII)
# Schemes with a dot are reversed domain names (RFC 8252 §7.1); these never are, and run or show things.
FORBIDDEN_SCHEMES = frozenset({"javascript", "data", "file", "vbscript", "about", "blob", "urn", "ftp"})


def check_redirect_uri(uri: str, application_type: str) -> None:
    """OpenID Connect Registration §2, RFC 8252 §7, §8.4. Raises InvalidRedirectUri that says what to do."""
    if "#" in uri:
        raise InvalidRedirectUri("A redirect URI has no fragment: leave out everything from # on.")
    if "*" in uri:
        raise InvalidRedirectUri("Redirect URIs are compared exactly: register each one, without wildcards.")
    parts = _split(uri)
    if parts is None:
        raise InvalidRedirectUri("A redirect URI is absolute and has RFC 3986 characters only.")
    if parts.username is not None or parts.password is not None:
        raise InvalidRedirectUri("A redirect URI carries no user name: remove everything before the @ sign.")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http":
        if application_type == "native" and is_loopback_literal(parts):
            return
        raise InvalidRedirectUri(
            "Use https. Plain http is for native applications (application_type native) on 127.0.0.1 or ::1."
        )
    if (
        application_type == "native"
        and parts.scheme not in FORBIDDEN_SCHEMES
        and _SCHEME.fullmatch(parts.scheme)
    ):
        return
    raise InvalidRedirectUri(
        "Use https, or in native applications a scheme of a domain you hold: vn.gov.example:/callback."
    )


def check_https(name: str, uri: str) -> None:
    """A URI that we or a browser will call: https, a host, no fragment. Raises InvalidClientMetadata."""
    parts = _split(uri)
    if parts is None or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise InvalidClientMetadata(f"{name} must be an https URL without fragment or user name.")


def is_loopback_literal(parts: SplitResult) -> bool:
    """127.0.0.1, ::1 or the name localhost (which may resolve elsewhere: the linter says so)."""
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def host_of(uri: str) -> str:
    """Host in lower case, or ""."""
    parts = _split(uri)
    return (parts.hostname or "") if parts else ""


def _split(uri: str) -> SplitResult | None:
    if not _URI.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises ValueError for a port that is none
    except ValueError:
        return None
    return parts if parts.scheme else None
