"""A stand-in service, a client of it, and a document."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from antin import Client, ClientKey, Retry, new_key, write_key

from tests.clients.sdk.standin import CLIENT, StandIn, serving


@pytest.fixture(scope="session")
def client_key() -> ClientKey:
    return new_key()


@pytest.fixture
def service(client_key: ClientKey) -> Iterator[StandIn]:
    with serving(StandIn(client_key.public_jwk())) as standin:
        yield standin


@pytest.fixture
def sleeps() -> list[float]:
    """The waits that were asked for; nothing really sleeps."""
    return []


@pytest.fixture
def client(service: StandIn, client_key: ClientKey, sleeps: list[float]) -> Iterator[Client]:
    with Client(
        service.base_url,
        service.issuer,
        CLIENT,
        client_key,
        verifier_key=service.journal.verifier_key,
        retry=Retry(sleep=sleeps.append),
        sleep=sleeps.append,
        longest_wait=60,
    ) as made:
        yield made


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Larger than one chunk, so that everything crosses a chunk's border."""
    path = tmp_path / "quyết định.pdf"
    path.write_bytes(b"%PDF-1.7\n" + os.urandom(2_500_000) + b"\n%%EOF\n")
    return path


@pytest.fixture
def config(service: StandIn, client_key: ClientKey, tmp_path: Path) -> Path:
    """A configuration file with one profile for the stand-in."""
    folder = tmp_path / "config"
    folder.mkdir()
    write_key(client_key, folder / "motcua.jwk")
    path = folder / "config.toml"
    path.write_text(
        f'[profiles.mau]\nbase_url = "{service.base_url}"\nissuer = "{service.issuer}"\n'
        f'client_id = "{CLIENT}"\nkey_file = "motcua.jwk"\ncredential_id = "con-dau-mau"\n'
        f'verifier_key = "{service.journal.verifier_key}"\n'
    )
    return path
