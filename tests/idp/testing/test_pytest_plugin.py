"""The fixture as the developer of a relying party uses it: in a pytest run of their own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

RELYING_PARTY = """
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet
import httpx

VERIFIER = "v" * 50


def log_in(provider, person, **how):
    client = provider.register(scope="openid profile")
    rp = OAuth2Client(client.client_id, client.client_secret, scope="openid profile",
                      redirect_uri=client.metadata["redirect_uris"][0], code_challenge_method="S256")
    url, state = rp.create_authorization_url(f"{provider.issuer}/authorize", code_verifier=VERIFIER)
    back = provider.log_in(url, person, **how)
    return rp.fetch_token(f"{provider.issuer}/token", authorization_response=back, state=state,
                          code_verifier=VERIFIER)


def test_a_citizen_logs_in(antin_provider):
    person = antin_provider.person(name="Lê Văn Thử")
    token = log_in(antin_provider, person)
    keys = KeySet.import_key_set(httpx.get(f"{antin_provider.issuer}/jwks").json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == antin_provider.issuer
    who = httpx.get(f"{antin_provider.issuer}/userinfo",
                    headers={"Authorization": f"Bearer {token['access_token']}"}).json()
    assert who["name"] == "Lê Văn Thử MẪU"


def test_an_official_logs_in_twice_within_one_totp_step(antin_provider):
    person = antin_provider.person("official", totp=True)
    assert log_in(antin_provider, person) and log_in(antin_provider, person)


def test_no_is_an_answer(antin_provider):
    client = antin_provider.register(scope="openid profile")
    rp = OAuth2Client(client.client_id, scope="openid profile", code_challenge_method="S256",
                      redirect_uri=client.metadata["redirect_uris"][0])
    url, _ = rp.create_authorization_url(f"{antin_provider.issuer}/authorize", code_verifier=VERIFIER)
    assert "error=access_denied" in antin_provider.log_in(url, antin_provider.person(), reject=True)
"""


def test_a_relying_party_logs_people_in_from_its_own_test_run(tmp_path: Path) -> None:
    (tmp_path / "test_login.py").write_text(RELYING_PARTY, "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "idp.testing.pytest_plugin", "-p", "no:cacheprovider",
         "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 passed" in run.stdout
