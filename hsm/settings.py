"""What the key process is told at start, from the environment (prefix ``HSM_``) and read nowhere else."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hsm.siem.destinations import open_destination
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
    # Development alone: whether a software passkey, a file, also has a part in administrative acts (a policy,
    # an administrator, a mandate, a seal). Otherwise it approves signing with training credentials, no more.
    software_administration: Literal["refuse", "accept"] = "refuse"
    # Passkeys: for which RP id they are made, and the only pages on which acts are approved by them. An
    # identity provider's login page is none of these: it could ask for an approval as if for a login. The
    # first is the signing service's (SIGNSVC_APPROVAL_URL): links to its pages begin with it.
    webauthn_rp_id: str = "localhost"
    webauthn_origins: tuple[str, ...] = ()
    metrics_address: str = ""

    # Where the journal is published as static files (C2SP tlog-tiles); empty: nowhere.
    publish_dir: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    # Time-stamping authorities that anchor what is published, asked in order, and their roots (PEM).
    tsa_urls: tuple[str, ...] = ()
    tsa_trust_anchors: Path | None = None
    anchor_seconds: int = Field(default=3600, ge=1)
    # Where security events go, space-separated: file:/path, syslog+udp://, syslog+tcp:// or syslog+tls://
    # host[:port] (TLS: ?ca=/path).
    siem: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(lambda x: x.split() if isinstance(x, str) else x)
    ] = ()

    # Acts are refused while the host's clock is behind the journal's newest entry. Accept it for one start
    # when it was the earlier clock that was wrong, and keep a record of why.
    clock_went_back: Literal["refuse", "accept"] = "refuse"

    @model_validator(mode="after")
    def _check_anchoring(self) -> Self:
        if self.tsa_urls and not (self.publish_dir and self.tsa_trust_anchors):
            raise ValueError(
                "tsa_urls needs publish_dir (what to anchor) and tsa_trust_anchors (whom to trust)"
            )
        return self

    @model_validator(mode="after")
    def _check_development(self) -> Self:
        if self.software_administration == "accept" and (
            self.training != "accept" or self.vendor != "softhsm"
        ):
            raise ValueError(
                "software_administration=accept is for development: it needs training=accept and a SoftHSM "
                "token. With a real HSM or real credentials people approve by passkeys of their own."
            )
        return self

    @model_validator(mode="after")
    def _check_destinations(self) -> Self:
        for address in self.siem:
            open_destination(address)
        return self

    # On a restored copy (hsm.copies): only try it; or go on with it, by the act in this folder.
    rehearsal: bool = False
    continue_copy: Path | None = None

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read ``HSM_*``. Raises pydantic's ValidationError, which names every fault at once."""
        return cls.model_validate({})
