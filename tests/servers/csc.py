"""A CSC client system at a running stack: registered with the identity provider, with its access token."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from antin.keys import load_key
from antin.oauth import TokenSource
from antin.retry import Retry
from joserfc.jwk import ECKey

from tests.servers.key_process import activate
from tests.servers.stack import Stack


@dataclass
class CscClient:
    """``seal`` and ``seal_rsa`` are its own credentials."""

    stack: Stack
    client_id: str
    key: ECKey
    seal: str
    seal_rsa: str
    tokens: TokenSource

    def token(self) -> str:
        """client_credentials, scope ``service``."""
        return self.tokens.token("service", self.stack.base_url).value

    def call(self, method: str, version: str = "v2", **members: object) -> httpx.Response:
        return httpx.post(
            f"{self.stack.base_url}/csc/{version}/{method}",
            json=members, headers={"Authorization": f"Bearer {self.token()}"}, timeout=60, trust_env=False,
        )  # fmt: skip


def register_csc_client(stack: Stack, client_id: str) -> Iterator[CscClient]:
    """Its key, its two seals, its registration."""
    key = stack.key_process.register_client(client_id)
    seals = [
        activate(
            stack.key_process,
            stack.key_process.create_credential(profile, client_id),
            stack.devca,
            profile.removesuffix("-rsa"),
        )
        for profile in ("service-seal", "service-seal-rsa")
    ]
    private, public = (stack.directory / f"{client_id}{end}" for end in (".jwk", ".public.jwk"))
    private.touch(mode=0o600)
    private.write_text(json.dumps(key.as_dict(private=True)))
    public.write_text(json.dumps(key.as_dict(private=False)))
    stack.run(
        "idp", "clients", "add", client_id, "--name", "Hệ thống CSC MẪU",
        "--scope", "service", "--scope", "sign",
        "--resource", stack.base_url, "--credential", seals[0], "--jwks", str(public),
    )  # fmt: skip
    with httpx.Client(trust_env=False) as http:
        source = TokenSource(
            http, Retry(), issuer=stack.issuer, client_id=client_id, key=load_key(private),
            clock=lambda: datetime.now(UTC),
        )  # fmt: skip
        yield CscClient(stack, client_id, key, *seals, source)
