"""``python -m idp``: initial access tokens, metadata files, the linter, secrets."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from idp.__main__ import main
from tests.idp.registration.desk import public_jwk


@pytest.fixture(autouse=True)
def migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/idp.sqlite3")
    assert main(["migrate"]) == 0
    capsys.readouterr()


def write(path: Path, document: Any) -> str:
    path.write_bytes(orjson.dumps(document))
    return str(path)


def test_an_initial_access_token_is_issued_listed_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(
            ["initial-access-token", "issue", "Sở MẪU", "--agency", "000.00.12.H47", "--uses", "3", "--json"]
        )
        == 0
    )
    issued = orjson.loads(capsys.readouterr().out)[0]
    assert (issued["agency"], issued["uses_left"], issued["profile"]) == ("H47.12", 3, "fapi2")
    assert issued["token"].startswith("iat_")
    assert main(["initial-access-token", "end", issued["token_id"], "--json"]) == 0
    listed = orjson.loads(capsys.readouterr().out)
    assert (listed[0]["uses_left"], "token" in listed[0]) == (0, False)
    assert main(["initial-access-token", "end", "unknown"]) == 1


@pytest.mark.parametrize(
    "more", [("--uses", "0"), ("--days", "91"), ("--baseline-days", "366"), ("--agency", "x")]
)
def test_a_token_beyond_the_limits_is_not_issued(more: tuple[str, str]) -> None:
    assert main(["initial-access-token", "issue", "MẪU", *more]) == 1


def test_metadata_comes_from_a_file_and_the_linter_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jwks = write(tmp_path / "jwks.json", public_jwk())
    document = {"redirect_uris": ["https://rp.example.gov.vn/cb"], "first_party": True, "agency": "H47"}
    metadata = write(tmp_path / "client.json", document)
    assert main(["clients", "add", "rp", "--jwks", jwks, "--metadata", metadata, "--json"]) == 0
    added = orjson.loads(capsys.readouterr().out)
    assert added["metadata"]["first_party"] is True
    assert added["metadata"]["require_pushed_authorization_requests"] is True
    assert main(["clients", "add", "rp2", "--jwks", jwks, "--metadata", metadata]) == 0
    capsys.readouterr()
    assert main(["clients", "lint", "rp", "--json"]) == 1
    found = orjson.loads(capsys.readouterr().out)
    assert {each["client_id"] for each in found} == {"rp"}
    assert found[0]["code"] == "key_reused"
    assert main(["clients", "lint", "nobody"]) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"redirect_uris": ["http://x.example/"]}, {"redirect_url": []}, {"profile": "baseline"},
        {"redirect_uris": ["https://a.example/"], "profile_until": 1}, [], {"minimum_acr": "LoA9"},
    ],
)  # fmt: skip
def test_a_metadata_file_that_is_not_sound_is_refused(tmp_path: Path, document: Any) -> None:
    jwks = write(tmp_path / "jwks.json", public_jwk())
    assert main(["clients", "add", "rp", "--jwks", jwks, "--metadata", write(tmp_path / "m", document)]) == 1


def test_a_secret_is_rotated_only_where_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jwks = write(tmp_path / "jwks.json", public_jwk())
    document = {
        "redirect_uris": ["https://rp.example.gov.vn/cb"],
        "profile": "baseline", "profile_until": 4_000_000_000,
        "token_endpoint_auth_method": "client_secret_basic",
    }  # fmt: skip
    assert main(["clients", "add", "rp", "--jwks", jwks, "--metadata", write(tmp_path / "m", document)]) == 0
    assert main(["clients", "add", "keyed", "--jwks", jwks]) == 0
    capsys.readouterr()
    assert main(["clients", "rotate-secret", "rp", "--json"]) == 0
    rotated = orjson.loads(capsys.readouterr().out)
    assert len(rotated["client_secret"]) == 43
    assert main(["clients", "rotate-secret", "rp", "--days", "366"]) == 1
    assert main(["clients", "rotate-secret", "keyed"]) == 1
    capsys.readouterr()
    assert main(["clients", "show", "rp", "--json"]) == 0
    assert rotated["client_secret"] not in capsys.readouterr().out
