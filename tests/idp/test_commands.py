"""``python -m idp``: registering systems at the command line."""

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey

from idp.__main__ import main


def rsa_1024() -> dict[str, str]:
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505 -- to be refused
    modulus = base64.urlsafe_b64encode(numbers.n.to_bytes(128, "big")).rstrip(b"=").decode()
    return {"kty": "RSA", "n": modulus, "e": "AQAB"}


@pytest.fixture(autouse=True)
def migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/new/folder/idp.sqlite3")
    assert main(["migrate"]) == 0


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    return write(tmp_path, ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "k1"})


def write(folder: Path, *keys: Any) -> Path:
    path = folder / "jwks.json"
    path.write_bytes(orjson.dumps({"keys": keys} if len(keys) != 1 else keys[0]))
    return path


def add(jwks: Path, client_id: str = "motcua", *more: str) -> int:
    return main(["clients", "add", client_id, "--jwks", str(jwks), "--json", *more])


def shown(capsys: pytest.CaptureFixture[str]) -> Any:
    return orjson.loads(capsys.readouterr().out)


def test_a_client_is_added_and_shown(jwks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = add(
        jwks, "motcua",
        "--name", "Một cửa MẪU", "--contact", "mau@example.gov.vn", "--scope", "sign",
        "--resource", "http://127.0.0.1:8082", "--credential", "cred-1", "--credential", "cred-2",
        "--introspects", "http://127.0.0.1:8083",
    )  # fmt: skip
    assert code == 0
    added = shown(capsys)
    assert added["client_id"] == "motcua"
    assert added["state"] == "active"
    assert added["credential_ids"] == ["cred-1", "cred-2"]
    assert added["jwks"]["keys"][0]["kid"] == "k1"
    assert main(["clients", "show", "motcua", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == added
    assert main(["clients", "list", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out) == [added]


def test_an_existing_client_is_replaced_only_when_asked(
    jwks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(jwks) == 0
    assert add(jwks) == 1
    assert "--replace" in capsys.readouterr().err
    assert add(jwks, "motcua", "--replace", "--name", "Mới") == 0


def test_a_client_is_disabled_and_enabled(jwks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(jwks)
    capsys.readouterr()
    assert main(["clients", "disable", "motcua", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["state"] == "disabled"
    assert main(["clients", "enable", "motcua"]) == 0
    assert capsys.readouterr().out.startswith("motcua\tactive")
    assert main(["clients", "disable", "nobody"]) == 1
    assert main(["clients", "show", "nobody"]) == 1


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ([ECKey.generate_key("P-256").as_dict(private=True)], "public"),
        ([OctKey.generate_key(256).as_dict(private=True)], "public"),
        ([rsa_1024()], "2048"),
        ([ECKey.generate_key("P-384").as_dict(private=False)], "P-256"),
        ([{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}], "curve"),
        ([{"kty": "RSA", "n": "A" * 2800, "e": "AQAB"}], "2048"),
        ([{"kty": "RSA", "n": "_" * 2800, "e": "AQAB"}], "8192"),
        ([{"kty": "EC", "crv": "P-256"}], "malformed"),
        ([ECKey.generate_key("P-256").as_dict(private=False) | {"alg": "HS256"}], "ES256"),
        ([ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "k"} for _ in range(2)], "kid"),
        ([], "no key"),
    ],
    ids=[
        "private",
        "symmetric",
        "RSA-1024",
        "P-384",
        "not on the curve",
        "RSA of zeros",
        "RSA too large",
        "no point",
        "alg",
        "same kid",
        "none",
    ],
)
def test_an_unsound_key_is_not_registered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: list[Any], why: str
) -> None:
    assert add(write(tmp_path, *keys)) == 1
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("client_id", "more"),
    [
        ("có dấu", ()),
        ("", ()),
        ("../x", ()),
        # A person's sub will be a UUID: no client may look like one (RFC 9700 §4.15).
        ("0b5c1d9e-0000-4000-8000-000000000000", ()),
        ("ok", ("--scope", "two words")),
        ("ok", ("--resource", "relative")),
        ("ok", ("--resource", "https://x/#fragment")),
        ("ok", ("--introspects", "relative")),
        ("ok", ("--credential", "có dấu")),
        ("ok", ("--name", "x" * 201)),
    ],
)
def test_an_unsound_registration_is_refused(jwks: Path, client_id: str, more: tuple[str, ...]) -> None:
    assert add(jwks, client_id, *more) == 1


def test_a_missing_key_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(tmp_path / "missing.json") == 1
    assert "missing.json" in capsys.readouterr().err


def test_a_database_without_tables_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/empty.sqlite3")
    assert main(["clients", "list"]) == 1
    assert "python -m idp migrate" in capsys.readouterr().err


def test_wrong_settings_are_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("IDP_ISSUER", "http://sso.example.gov.vn")
    assert main(["clients", "list"]) == 2
    assert "issuer" in capsys.readouterr().err
