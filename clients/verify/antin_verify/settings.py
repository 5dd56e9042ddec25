"""What the page is told at start: the environment (prefix ``VERIFY_``), read nowhere else."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="VERIFY_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8088, ge=1, le=65535)
    workers: int = Field(default=2, ge=1)
    threads: int = Field(default=4, ge=1)
    trusted_proxies: int = Field(default=0, ge=0, description="gateways in front that set X-Forwarded-For")

    # Where people find this page: QR codes lead here.
    public_url: str = "http://localhost:8088"
    # It counts verifications by address, so it must trust one proxy: this page.
    signing_service: str = "http://127.0.0.1:8082"
    answer_timeout: float = 150.0

    # What people hand in is kept for their own browser, so that they can download what was signed.
    kept_dir: Path = Path("run/verify")
    keep_seconds: int = Field(default=15 * 60, ge=60, le=24 * 3600)
    max_document: int = 200 * MIB
    max_kept: int = 4096 * MIB

    @property
    def https(self) -> bool:
        """Whether browsers come by HTTPS: cookies are then bound to it."""
        return self.public_url.startswith("https:")
