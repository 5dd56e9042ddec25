"""What the desk is told at start: the environment (prefix ``DESK_``), read nowhere else."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All of it. Times in seconds, addresses without a slash at their end."""

    model_config = SettingsConfigDict(env_prefix="DESK_", frozen=True, extra="forbid")

    # Where it listens, and the address by which browsers know it
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=2, ge=1)
    threads: int = Field(default=8, ge=1)
    trusted_proxies: int = Field(default=0, ge=0, description="gateways in front that set X-Forwarded-Proto")
    base_url: str = Field(default="http://localhost:8080", pattern=r"^https?://[^/]+$")

    # Whom it trusts with logins; ``client_key_file`` is a private JWK, also what form tokens are derived of
    issuer: str = "http://localhost:8081"
    issuer_location: str = Field(default="", description="where it answers on an inner network, if elsewhere")
    client_id: str = "ban-ky-so"
    client_key_file: Path = Path("run/secrets/ban-ky-so.jwk")

    # The signing service: its identifier, and the address of its approval page when that is another
    resource: str = "http://127.0.0.1:8082"
    resource_location: str = Field(default="", description="as issuer_location")
    approval_url: str = ""

    # What it stands on
    database_url: str = "sqlite:///run/desk.sqlite3"
    redis_url: str = "redis://127.0.0.1:6379/2"
    outgoing_timeout: float = 20.0

    # A session ends after this much idleness, and after its whole life, whatever happens
    session_idle: int = Field(default=30 * 60, ge=60)
    session_life: int = Field(default=12 * 3600, ge=60)

    max_document: int = Field(default=50 * 1024 * 1024, ge=1, description="bytes of one upload")

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https:")

    @property
    def redirect_uri(self) -> str:
        """Where the identity provider sends the browser after a login."""
        return f"{self.base_url}/callback"

    @property
    def approved_uri(self) -> str:
        """Where it sends the browser after an approval."""
        return f"{self.base_url}/approved"

    @property
    def logged_out_uri(self) -> str:
        """Where it sends the browser after a logout."""
        return f"{self.base_url}/logged-out"

    @property
    def form_targets(self) -> tuple[str, ...]:
        """Origins that a form of ours may end up at: browsers check every redirect after a POST."""
        places = (urlsplit(each) for each in (self.issuer, self.approval_url or self.resource))
        return tuple(dict.fromkeys(f"{each.scheme}://{each.netloc}" for each in places))
