"""What devca is told from outside: the only place that reads the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """``DEVCA_*``; the command line overrides it.

    ``directory`` holds keys, index and secret. ``base_url`` (no slash at the end) goes into every
    certificate as the address of OCSP, CRL and issuer, so it is fixed when the CA is made. None: the
    one it was made for.
    ``misbehave`` opens the endpoint that makes it fail on purpose.
    ``metrics_directory``: where several workers put their counters together; empty for one worker.
    """

    model_config = SettingsConfigDict(env_prefix="DEVCA_", frozen=True)

    directory: Path = Path("run/devca")
    base_url: str | None = Field(default=None, pattern=r"^https?://[^/]+$")
    misbehave: bool = False
    metrics_directory: str = ""
