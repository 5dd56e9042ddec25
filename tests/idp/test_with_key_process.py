"""The same provider on a real key process: its keys are in a token, and it decides what it signs."""

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
from joserfc import jws
from joserfc.jwk import KeySet

from tests.idp.provider import SIGNING, Provider, details, parts
from tests.servers.key_process import RunningKeyProcess


def make_token_key(key_process: RunningKeyProcess, profile: str) -> None:
    made = key_process.perform(
        "create_credential",
        {"profile": profile, "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
    )
    key_process.perform("activate_credential", {"credential_id": made["credential_id"]})


def test_tokens_are_signed_in_the_token_and_verify_with_the_published_keys(
    tmp_path: Path, redis_url: str, own_key_process: RunningKeyProcess
) -> None:
    make_token_key(own_key_process, "oidc-token")
    make_token_key(own_key_process, "oidc-token-rs256")
    issuer = own_key_process.issuer
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_key_process.idp, issuer=issuer)
    provider.clock.now = datetime.now(UTC)
    assert provider.client.get("/readyz").status_code == 200
    published = provider.client.get("/jwks").json
    signing = provider.register(introspects=(SIGNING,))
    largest = details("cred-1", *(bytes([n]) * 32 for n in range(100)), label="ố" * 100)
    for algorithm in ("ES256", "RS256"):
        system = provider.register(token_algorithm=algorithm)
        answer = provider.token(
            system, system.assertion(aud=issuer), authorization_details=orjson.dumps(largest).decode()
        )
        assert answer.status_code == 200, provider.events()
        token = answer.json["access_token"]
        assert parts(token)[0]["alg"] == algorithm
        jws.deserialize_compact(token, KeySet.import_key_set(published), algorithms=[algorithm])
        form = signing.form(signing.assertion(aud=issuer), token=token)
        assert provider.client.post("/introspect", data=form).json["active"] is True

    own_key_process.stop()
    system = provider.register()
    assert provider.token(system, system.assertion(aud=issuer)).status_code == 503
    own_key_process.start()
    # The channel comes back by itself, within the longest pause between two attempts to connect.
    until = time.monotonic() + 10
    while provider.token(system, system.assertion(aud=issuer)).status_code != 200:
        assert time.monotonic() < until, provider.events()
        time.sleep(0.2)


def test_the_key_process_signs_for_its_own_issuer_only(
    tmp_path: Path, redis_url: str, own_key_process: RunningKeyProcess
) -> None:
    """A provider that calls itself another gets no signature, and says nothing of why."""
    make_token_key(own_key_process, "oidc-token")
    provider = Provider(tmp_path, redis_url=redis_url, key_process=own_key_process.idp)
    answer = provider.token(provider.register())
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert "ActMalformed" in provider.events()[-1]["detail"]
