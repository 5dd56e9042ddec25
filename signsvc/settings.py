"""What the signing service is told at start: the environment (prefix ``SIGNSVC_``), read nowhere else."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024
DAY = 24 * 3600


class TlsPaths(BaseModel):
    """Mutual TLS to a key process on another host; all PEM."""

    authority: Path
    key: Path
    certificate: Path


class Settings(BaseSettings):
    """All of it. Faults are reported together by pydantic. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="SIGNSVC_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    # Where it listens
    host: str = "127.0.0.1"
    port: int = Field(default=8082, ge=1, le=65535)
    workers: int = Field(default=2, ge=1)
    threads: int = Field(default=4, ge=1)
    trusted_proxies: int = Field(default=0, ge=0, description="gateways in front that set X-Forwarded-For")

    # Whom it believes
    issuer: str = "http://127.0.0.1:8081"
    resource: str = "http://127.0.0.1:8082"
    # Where people approve (its host is the WebAuthn RP id; HSM_WEBAUTHN_ORIGINS lists its origin). Never the
    # identity provider's: that page could ask for an approval as if for a login.
    approval_url: str = ""
    jwks_url: str = ""
    jwks_ttl: float = 300.0

    # What it stands on
    key_process: str = "unix:run/hsm-signsvc.sock"
    key_process_tls: TlsPaths | None = None
    key_process_deadline: float = 10.0
    database_url: str = "sqlite:///run/signsvc.sqlite3"
    redis_url: str = "redis://127.0.0.1:6379/1"
    # Quotas and reasons until the key process first answers: then those of its policy in force
    policies: Path | None = None
    documents_dir: Path = Path("run/documents")

    # Authorities outside: only these origins are ever asked, whatever a certificate says
    tsa_urls: tuple[str, ...] = ("http://127.0.0.1:8085/tsa",)
    status_urls: tuple[str, ...] = ("http://127.0.0.1:8085",)
    trust_anchors: Path | None = None
    tsa_trust_anchors: Path | None = None
    outgoing_timeout: float = 10.0

    # How a visible signature is set
    font: Path = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
    font_cache: Path | None = None

    # Limits
    inspectors: int = Field(default=2, ge=1, description="inspecting processes a web process")
    validators: int = Field(default=2, ge=1, description="validating processes a web process")
    max_document: int = 200 * MIB
    max_json: int = 32 * MIB  # an act of 10,000 documents, and a JWS of it
    retention: int = 30 * DAY
    issued_retention: int = 10 * 365 * DAY  # of what finds a signed file by its digest
    approval_lifetime: int = Field(default=15 * 60, le=DAY)
    waiting_lifetime: int = 3 * DAY
    lease: int = 120
    worker_pause: float = 1.0

    @property
    def approval_base(self) -> str:
        """Where the approval pages are: this service itself, unless told otherwise."""
        return (self.approval_url or self.resource).rstrip("/")

    @property
    def jwks_location(self) -> str:
        """Where the identity provider's public keys are."""
        return self.jwks_url or f"{self.issuer.rstrip('/')}/jwks"

    @property
    def issuer_location(self) -> str:
        """Where the identity provider is reached from here: beside its keys."""
        return self.jwks_location.removesuffix("/jwks")
