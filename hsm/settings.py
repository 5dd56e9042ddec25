"""What the key process is told at start, from the environment (prefix ``HSM_``) and read nowhere else."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from hsm.tls import TlsFiles


class Listener(BaseModel):
    """Where one caller is heard. Each caller has its own address and sees its own services only.

    ``address``: ``unix:/path`` (the file's group may connect) or ``host:port`` with ``tls``, where
    the client certificate must carry ``peer_name`` as its subject's common name.
    """

    address: str
    tls: TlsFiles | None = None
    peer_name: str = ""


class Settings(BaseSettings):
    """All of it. Faults are reported together by pydantic."""

    model_config = SettingsConfigDict(
        env_prefix="HSM_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    database_url: str = "sqlite:///run/hsm.sqlite3"
    module: Path = Path("/usr/lib/softhsm/libsofthsm2.so")
    vendor: str = "softhsm"
    token_label: str = "an-tin"  # noqa: S105 -- the name of a token
    pin_file: Path
    max_sessions: int = Field(default=8, ge=2)

    signsvc: Listener | None = None
    idp: Listener | None = None
    admin: Listener | None = None
    threads: int = Field(default=4, ge=1)

    log_origin: str = Field(default="antin.local/journal", pattern=r"^[^\s+]+$")
    last_checkpoint_file: Path = Path("run/last-checkpoint")
    issuer: str = "http://127.0.0.1:8081"
    signing_resource: str = "http://127.0.0.1:8082"
    trust_anchors: Path | None = None
    training: Literal["refuse", "accept"] = "refuse"
    # Passkeys: for which RP id they are made, and the only pages on which acts are approved by them. An
    # identity provider's login page is none of these: it could ask for an approval as if for a login.
    webauthn_rp_id: str = "localhost"
    webauthn_origins: tuple[str, ...] = ()
    metrics_address: str = ""
    policies: Path | None = None

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read ``HSM_*``. Raises pydantic's ValidationError, which names every fault at once."""
        return cls.model_validate({})
