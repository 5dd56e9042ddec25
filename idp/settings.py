"""What the identity provider is told at start: environment, prefix ``IDP_``; read nowhere else."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from idp.protocol.session import SessionLimits


class TlsPaths(BaseModel):
    """PEM files for mutual TLS to the key process: our certificate and key, and the CA of the other side."""

    certificate: Path
    key: Path
    authority: Path


def _rate(value: str) -> str:
    parse(value)  # raises ValueError
    return value


Rate = Annotated[str, AfterValidator(_rate)]


class Settings(BaseSettings):
    """All of it. Faults are reported together by pydantic.

    ``issuer``: the identifier that stands in every token and that clients put into ``aud``: https, or
    http on a loopback address; no query, no fragment, no slash at the end.
    ``key_process``: ``unix:/path`` or ``host:port``, the latter with ``key_process_tls``.
    Rates are counted per client, as ``limits`` writes them: ``6000/minute``.
    """

    model_config = SettingsConfigDict(
        env_prefix="IDP_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    # For a closed network without TLS, such as the containers of a demonstration.
    allow_plain_http: bool = False
    issuer: str = "http://127.0.0.1:8081"

    database_url: str = "sqlite:///run/idp.sqlite3"
    redis_url: str = "redis://127.0.0.1:6379/0"
    # Signs page cookies; made by `python -m idp migrate`, the same for every replica.
    cookie_keys_file: Path = Path("run/idp-cookie-keys")
    # Seals personal numbers and one-time password secrets; made by `migrate`, the same for every replica.
    directory_keys_file: Path = Path("run/idp-directory-keys")
    key_process: str = "unix:run/hsm-idp.sock"
    key_process_tls: TlsPaths | None = Field(default=None, validate_default=True)
    key_process_deadline_seconds: float = Field(default=3.0, gt=0, le=30)

    # RFC 9068 tokens are not asked about at each use, so they must be short.
    access_token_seconds: int = Field(default=300, ge=30, le=600)
    client_cache_seconds: float = Field(default=5.0, ge=0, le=60)
    token_key_cache_seconds: float = Field(default=60.0, ge=1, le=300)
    token_rate: Rate = "6000/minute"  # noqa: S105 -- a rate, not a token
    introspection_rate: Rate = "60000/minute"
    revocation_rate: Rate = "6000/minute"
    device_authorization_rate: Rate = "600/minute"
    # A refresh token's family ends after this, however often it is used; one that is not used, sooner.
    refresh_seconds: int = Field(default=30 * 86400, ge=3600, le=366 * 86400)
    refresh_idle_seconds: int = Field(default=14 * 86400, ge=3600, le=366 * 86400)
    # RFC 9449 §8: whether DPoP proofs need a nonce of ours.
    dpop_nonce: bool = False

    pushed_authorization_request_rate: Rate = "6000/minute"

    # The signing service, whose pages approve what the CSC's scope credential asks for; "" without one.
    signing_service: str = ""
    signing_service_location: str = ""
    # Argon2 in threads of its own, for each worker: all workers together need no more than there are cores.
    # Who finds them taken waits so many seconds at most before being told to come back; so many of a worker's
    # people may wait at once, each in a thread besides `threads`.
    hashing_threads: int = Field(default=1, ge=1, le=64)
    hashing_seconds: float = Field(default=10.0, gt=0, le=30)
    hashing_waiting: int = Field(default=256, ge=0, le=2048)
    # TOML over idp/login/upstreams.toml: client_id and client_secret_file of each upstream that is on offer.
    upstreams_file: Path | None = None
    # PEM of the issuing CAs whose certificates (USB tokens) are a way to log in; none: the way is closed.
    certificate_authorities_file: Path | None = None
    # Whether one is revoked is asked of its authority (OCSP, then CRL). required: no answer, no login;
    # when_answered: no answer lets in what is not known to be revoked; gateway: it asks (ssl_ocsp).
    certificate_status: Literal["required", "when_answered", "gateway"] = "required"
    # Where the gateway puts the certificate of the handshake (nginx: $ssl_client_escaped_cert), and the
    # addresses that are gateways: only from them is it read.
    client_certificate_header: str = ""
    gateway_addresses: tuple[str, ...] = ()

    # How long a factor waits that lifts its person above the login that added it; each login tells of it.
    factor_wait_seconds: int = Field(default=86400, ge=0, le=30 * 86400)

    # A person's session here: without a visit, and from login on; shorter on a shared PC (kiosk).
    session_idle_seconds: int = Field(default=1800, ge=60, le=86400)
    session_seconds: int = Field(default=43200, ge=60, le=86400)
    kiosk_idle_seconds: int = Field(default=300, ge=60, le=3600)
    kiosk_seconds: int = Field(default=900, ge=60, le=3600)

    # Requests to relying parties (back-channel logout, their keys): public addresses, and these networks.
    outbound_networks: tuple[str, ...] = ()
    outbound_ca_file: Path | None = None
    outbound_seconds: float = Field(default=10.0, gt=0, le=60)

    # The worker looks for logouts to deliver this often; a logout wakes it besides.
    worker_pause: float = Field(default=0.8, gt=0, le=60)
    # How long a relying party that does not answer is told of a logout, before it is given up.
    logout_hours: int = Field(default=12, ge=1, le=72)

    # Where the evidence goes as well: file:/path, syslog+udp://, syslog+tcp:// or syslog+tls://host?ca=/path.
    evidence_destinations: tuple[str, ...] = ()

    host: str = "127.0.0.1"
    port: int = Field(default=8081, ge=0, le=65535)
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=64)

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        if parts.query or parts.fragment or "?" in value or "#" in value or value.endswith("/"):
            raise ValueError("the issuer has no query, no fragment and no slash at its end (RFC 8414 §2)")
        if not parts.hostname or parts.username or parts.scheme not in ("https", "http"):
            raise ValueError("the issuer is an https URL, as https://sso.example.gov.vn")
        plain = parts.scheme == "http" and not _is_loopback(parts.hostname)
        if plain and not info.data.get("allow_plain_http"):
            raise ValueError(
                "plain http is for loopback addresses; in a closed test network set IDP_ALLOW_PLAIN_HTTP=1"
            )
        return value

    @field_validator("key_process_tls")
    @classmethod
    def _check_tls(cls, value: TlsPaths | None, info: ValidationInfo) -> TlsPaths | None:
        target = str(info.data.get("key_process", ""))
        if value is None and not target.startswith("unix:"):
            raise ValueError("a key process on another host is reached by mutual TLS only")
        return value

    @field_validator("outbound_networks", "gateway_addresses")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)  # raises ValueError
        return value

    @property
    def is_loopback(self) -> bool:
        """Whether this provider runs for its own host alone: development and tests."""
        return _is_loopback(urlsplit(self.issuer).hostname or "")

    @property
    def session_limits(self) -> SessionLimits:
        return SessionLimits(
            idle=self.session_idle_seconds,
            absolute=self.session_seconds,
            kiosk_idle=self.kiosk_idle_seconds,
            kiosk_absolute=self.kiosk_seconds,
        )

    @property
    def rates(self) -> dict[str, RateLimitItem]:
        """By endpoint, as Authlib names them."""
        return {
            "token": parse(self.token_rate),
            "introspection": parse(self.introspection_rate),
            "revocation": parse(self.revocation_rate),
            "pushed_authorization_request": parse(self.pushed_authorization_request_rate),
            "device_authorization": parse(self.device_authorization_rate),
        }


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False
