"""Administrators' programs register and change clients: /admin/v1/clients."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.store.idempotency import IdempotencyKeys
from tests.idp.provider import ISSUER, Provider
from tests.idp.registration.desk import sound as sound_by_itself

RESOURCE = f"{ISSUER}/admin/v1"
SECRET = {"profile": "baseline", "token_endpoint_auth_method": "client_secret_basic", "jwks": None}


class Console:
    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.system = provider.register("console", scopes=("admin",), resources=(RESOURCE,))
        self.token = provider.issue(self.system, resource=RESOURCE)

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {})}
        return self.provider.client.open(f"/admin/v1{path}", method=method, json=body, headers=headers)

    def made(self, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", "/clients", self.sound(**changes))
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json
        return told

    def sound(self, **changes: Any) -> dict[str, Any]:
        if changes.get("profile") == "baseline":
            changes["profile_until"] = int(self.provider.clock().timestamp()) + 90 * 86400
        return sound_by_itself(**changes)


@pytest.fixture
def console(provider: Provider) -> Console:
    return Console(provider)


def test_a_client_is_made_with_what_only_administrators_say(console: Console) -> None:
    decided = {
        "first_party": True, "minimum_acr": "LoA3", "claims_allowed": ["email"], "agency": "H47.12",
        "scope": "openid sign", "resources": ["https://ky.example.gov.vn"], "credential_ids": ["cred-1"],
    }  # fmt: skip
    made = console.call("POST", "/clients", console.sound(client_id="mot-cua", **decided))
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"{ISSUER}/admin/v1/clients/mot-cua"
    shown = console.call("GET", "/clients/mot-cua").json
    assert {name: shown[name] for name in decided} == decided
    assert "client_secret" not in shown
    found = console.provider.app.extensions["idp"].clients.find_client("mot-cua")
    assert found.metadata.first_party
    assert found.resources == ("https://ky.example.gov.vn",)


def test_a_client_id_is_registered_once(console: Console) -> None:
    console.made(client_id="mot-cua")
    again = console.call("POST", "/clients", console.sound(client_id="mot-cua"))
    assert (again.status_code, again.json["code"]) == (409, "client_exists")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": ["http://motcua.example.gov.vn/cb"]},
        {"frist_party": True},
        {"tên": "không phải ASCII"},
        {"minimum_acr": "high"},
        {"profile": "baseline", "profile_until": 0},
        {"resources": ["http://["]},
        {"resources": "https://ky.example.gov.vn"},
        {"agency": "H47/12"},
        {"scope": ["sign"]},
        {"client_id": "5f0c6a1e-0000-4000-8000-000000000001"},
        {"contact": 1},
    ],
)
def test_the_rules_of_registration_hold_for_administrators(console: Console, changes: dict[str, Any]) -> None:
    answer = console.call("POST", "/clients", {**console.sound(), **changes})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json"), answer.text


def test_what_was_read_can_be_edited_and_sent_back(console: Console) -> None:
    made = console.made(scope="sign", first_party=True)
    edited = {**made, "client_name": "Tên mới"}
    answer = console.call("PUT", f"/clients/{made['client_id']}", edited)
    assert answer.status_code == 200, answer.text
    assert answer.json == {**edited, "findings": answer.json["findings"]}


def test_what_a_replacement_leaves_out_goes_back_to_its_default_but_state_and_secret_stay(
    console: Console,
) -> None:
    made = console.made(first_party=True, **SECRET)
    path = f"/clients/{made['client_id']}"
    assert len(made["client_secret"]) > 40
    console.call("POST", f"{path}/disable")
    answer = console.call("PUT", path, console.sound(**SECRET)).json
    assert "first_party" not in answer
    assert "client_secret" not in answer
    assert answer["state"] == "disabled"
    assert answer["client_secret_expires_at"] == made["client_secret_expires_at"]
    found = console.provider.app.extensions["idp"].clients.find_client(made["client_id"])
    assert found.metadata.takes_secret(made["client_secret"], int(console.provider.clock().timestamp()))


def test_another_clients_id_in_the_body_is_refused_and_an_unknown_client_not_made(console: Console) -> None:
    made = console.made()
    other = console.call("PUT", f"/clients/{made['client_id']}", console.sound(client_id="other"))
    assert other.status_code == 400
    assert console.call("PUT", "/clients/nobody", console.sound()).status_code == 404


def test_a_client_is_linted_by_itself(console: Console) -> None:
    made = console.made(backchannel_logout_uri=None)
    linted = console.call("GET", f"/clients/{made['client_id']}/findings").json
    assert "no_backchannel_logout" in {each["code"] for each in linted["findings"]}
    assert console.call("GET", "/clients/nobody/findings").status_code == 404


def test_one_key_makes_one_client_and_tells_its_secret_again(console: Console) -> None:
    body = console.sound(**SECRET)
    first = console.call("POST", "/clients", body, key="k-1")
    again = console.call("POST", "/clients", body, key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert len(console.call("GET", "/clients").json["clients"]) == 2
    # At rest the answer, which has the secret, is sealed.
    redis = console.provider.app.extensions["idp"].redis
    kept = list(redis.scan_iter("idp:idempotency:*"))
    assert kept
    for name in kept:
        assert first.json["client_secret"].encode() not in redis.get(name)
        assert redis.ttl(name) <= 86400


def test_a_key_with_another_request_is_refused(console: Console) -> None:
    console.call("POST", "/clients", console.sound(), key="k-2")
    other = console.call("POST", "/clients", console.sound(client_name="Khác"), key="k-2")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert console.call("POST", "/clients/console/disable", key="k-2").status_code == 422
    assert console.call("POST", "/clients", console.sound(), key="no good").status_code == 400


def test_a_refused_request_frees_its_key(console: Console) -> None:
    assert console.call("POST", "/clients", console.sound(scope=1), key="k-3").status_code == 400
    assert console.call("POST", "/clients", console.sound(), key="k-3").status_code == 201


def test_the_key_of_a_request_at_work_asks_for_patience(console: Console) -> None:
    body = console.sound()
    with pytest.MonkeyPatch.context() as patch:
        # What a second worker sees: the first holds the lease and has no answer yet.
        patch.setattr(IdempotencyKeys, "keep", lambda *_: None)
        assert console.call("POST", "/clients", body, key="k-4").status_code == 201
    waiting = console.call("POST", "/clients", body, key="k-4")
    assert (waiting.status_code, waiting.json["code"]) == (409, "request_in_progress")
    assert int(waiting.headers["Retry-After"]) >= 1


def test_keys_belong_to_their_caller(console: Console) -> None:
    console.call("POST", "/clients", console.sound(), key="k-5")
    other = console.provider.register("other", scopes=("admin",), resources=(RESOURCE,))
    console.token = console.provider.issue(other, resource=RESOURCE)
    assert console.call("POST", "/clients", console.sound(), key="k-5").status_code == 201
