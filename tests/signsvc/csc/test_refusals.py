"""Every refusal in the standard's own words and status: clients compare them letter by letter."""

import base64
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import algos

from signsvc.app import create_app
from signsvc.errors import QuotaExceeded
from tests.servers.key_process import RunningKeyProcess
from tests.servers.people import Enrolled as Person
from tests.servers.signsvc import Enrolled, Issuer, run_service
from tests.signsvc.csc.conftest import ES256, SHA256, Csc, b64, hashed, refusal

HASH = hashed("a")
SHORT = b64(b"x" * 31)
SHA384 = "2.16.840.1.101.3.4.2.2"
INFO = "credentials/info"
LIST = "credentials/list"
AUTHORIZE = "credentials/authorize"
CHECK = "credentials/authorizeCheck"
CHALLENGE = "credentials/getChallenge"
EXTEND = "credentials/extendTransaction"
SIGN_HASH = "signatures/signHash"
POLL = "signatures/signPolling"
STAMP = "signatures/timestamp"
NOT_BASE64 = "Invalid Base64 hash string parameter"
WRONG_COUNT = "Invalid value for parameter numSignatures"
SEAL = object()  # put in place of the client's own credential


def missing(kind: str, name: str) -> str:
    return f"Missing (or invalid type) {kind} parameter {name}"


def fill(members: dict[str, Any], csc: Csc) -> dict[str, Any]:
    return {name: csc.seal if value is SEAL else value for name, value in members.items()}


ASKED = {"credentialID": SEAL, "numSignatures": 1, "hashes": [HASH], "authData": []}
SIGN = {"credentialID": SEAL, "SAD": "x" * 43, "hashes": [HASH], "signAlgo": ES256}


@pytest.mark.parametrize(
    ("method", "version", "members", "description"),
    [
        (INFO, "v2", {}, missing("string", "credentialID")),
        (INFO, "v1", {"credentialID": 1}, missing("string", "credentialID")),
        (INFO, "v2", {"credentialID": None}, missing("string", "credentialID")),
        (INFO, "v2", {"credentialID": ""}, missing("string", "credentialID")),
        (INFO, "v2", {"credentialID": "x"}, "Invalid parameter credentialID"),
        (INFO, "v2", {"credentialID": "x" * 201}, "Invalid parameter credentialID"),
        (INFO, "v2", {"credentialID": SEAL, "certificates": "all"}, "Invalid parameter certificates"),
        (INFO, "v2", {"credentialID": SEAL, "certInfo": "yes"}, "Invalid parameter certInfo"),
        (LIST, "v2", {"credentialInfo": True, "certificates": 1}, "Invalid parameter certificates"),
        (AUTHORIZE, "v2", ASKED | {"credentialID": None}, missing("string", "credentialID")),
        (AUTHORIZE, "v2", ASKED | {"credentialID": "x"}, "Invalid parameter credentialID"),
        (AUTHORIZE, "v2", ASKED | {"numSignatures": None}, missing("integer", "numSignatures")),
        (AUTHORIZE, "v2", ASKED | {"numSignatures": "1"}, missing("integer", "numSignatures")),
        (AUTHORIZE, "v2", ASKED | {"numSignatures": 1.5}, missing("integer", "numSignatures")),
        (AUTHORIZE, "v2", ASKED | {"numSignatures": True}, missing("integer", "numSignatures")),
        (AUTHORIZE, "v2", ASKED | {"numSignatures": 0}, WRONG_COUNT),
        (AUTHORIZE, "v1", ASKED | {"numSignatures": -1}, WRONG_COUNT),
        (AUTHORIZE, "v2", ASKED | {"hashes": None}, missing("array", "hashes")),
        (AUTHORIZE, "v1", ASKED | {"hashes": None}, missing("array", "hash")),
        (AUTHORIZE, "v2", ASKED | {"hashes": HASH}, missing("array", "hashes")),
        (AUTHORIZE, "v2", ASKED | {"hashes": []}, "Empty hash array"),
        (AUTHORIZE, "v2", ASKED | {"hashes": ["!"]}, NOT_BASE64),
        (AUTHORIZE, "v2", ASKED | {"hashes": [SHORT]}, "Invalid digest value length"),
        (AUTHORIZE, "v2", ASKED | {"hashAlgorithmOID": SHA384}, "Invalid parameter hashAlgorithmOID"),
        (AUTHORIZE, "v1", ASKED | {"hashAlgo": SHA384}, "Invalid parameter hashAlgo"),
        (AUTHORIZE, "v2", ASKED | {"authData": "x"}, "Invalid parameter authData"),
        (AUTHORIZE, "v2", ASKED | {"authData": [{"value": "x"}]}, "Invalid parameter authData"),
        (
            AUTHORIZE, "v2",
            ASKED | {"authData": [{"id": "PIN", "value": "1"}, {"id": "PIN", "value": "2"}]},
            "Invalid parameter authData",
        ),
        (AUTHORIZE, "v2", ASKED | {"description": "x" * 501}, "Invalid parameter description"),
        (CHECK, "v2", {}, missing("string", "handle")),
        (CHECK, "v2", {"handle": "x"}, "Invalid parameter handle"),
        (CHALLENGE, "v2", {"authObjectID": "client_jws"}, missing("string", "credentialID")),
        (CHALLENGE, "v2", {"credentialID": SEAL}, missing("string", "authObjectID")),
        (
            CHALLENGE, "v2", {"credentialID": SEAL, "authObjectID": "client_jws"},
            missing("array", "hashes"),
        ),
        (EXTEND, "v2", {"credentialID": SEAL, "hashes": [HASH]}, missing("string", "SAD")),
        (SIGN_HASH, "v2", SIGN | {"SAD": None}, missing("string", "SAD")),
        (SIGN_HASH, "v2", SIGN | {"SAD": 1}, missing("string", "SAD")),
        (SIGN_HASH, "v2", SIGN, "Invalid parameter SAD"),
        (SIGN_HASH, "v2", SIGN | {"credentialID": None}, missing("string", "credentialID")),
        (SIGN_HASH, "v2", SIGN | {"credentialID": "x"}, "Invalid parameter credentialID"),
        (SIGN_HASH, "v2", SIGN | {"hashes": None}, missing("array", "hash")),
        (SIGN_HASH, "v2", SIGN | {"hashes": HASH}, missing("array", "hash")),
        (SIGN_HASH, "v2", SIGN | {"hashes": []}, "Empty hash array"),
        (SIGN_HASH, "v2", SIGN | {"hashes": [1]}, NOT_BASE64),
        (SIGN_HASH, "v2", SIGN | {"hashes": [SHORT]}, "Invalid digest value length"),
        (SIGN_HASH, "v2", SIGN | {"signAlgo": None}, missing("string", "signAlgo")),
        (SIGN_HASH, "v2", SIGN | {"signAlgo": "1.2.3"}, "Invalid parameter signAlgo"),
        (SIGN_HASH, "v2", SIGN | {"hashAlgorithmOID": "1.2.3"}, "Invalid parameter hashAlgorithmOID"),
        (SIGN_HASH, "v1", SIGN | {"hashAlgo": SHA384}, "Invalid parameter hashAlgo"),
        (SIGN_HASH, "v2", SIGN | {"operationMode": "B"}, "Invalid parameter operationMode"),
        (SIGN_HASH, "v2", SIGN | {"validity_period": "1"}, "Invalid parameter validity_period"),
        (SIGN_HASH, "v2", SIGN | {"validity_period": 0}, "Out of bounds parameter validity_period"),
        (SIGN_HASH, "v2", SIGN | {"validity_period": 10**12}, "Out of bounds parameter validity_period"),
        (SIGN_HASH, "v2", SIGN | {"response_uri": "http://x"}, "Invalid parameter response_uri"),
        (SIGN_HASH, "v2", SIGN | {"clientData": 1}, "Invalid parameter clientData"),
        (POLL, "v2", {}, missing("string", "requestID")),
        (POLL, "v2", {"requestID": "x"}, "Invalid parameter requestID"),
        (STAMP, "v2", {"hashAlgo": SHA256}, missing("string", "hash")),
        (STAMP, "v1", {"hash": "", "hashAlgo": SHA256}, "Empty hash parameter"),
        (STAMP, "v2", {"hash": HASH, "hashAlgo": SHA384}, "Invalid digest value length"),
        (STAMP, "v2", {"hash": "-_" * 22, "hashAlgo": SHA256}, NOT_BASE64),
        (STAMP, "v2", {"hash": HASH, "hashAlgo": "1.2.3"}, "Invalid parameter hashAlgo"),
        (STAMP, "v2", {"hash": HASH, "hashAlgo": SHA256, "nonce": "xyz"}, "Invalid parameter nonce"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(
    csc: Csc, method: str, version: str, members: dict[str, Any], description: str
) -> None:
    answer = csc.call(method, version, **fill(members, csc))
    assert refusal(answer) == (400, "invalid_request", description)


def test_more_signatures_than_the_key_profile_allows_are_too_many(csc: Csc) -> None:
    answer = csc.call("credentials/authorize", **fill(ASKED | {"numSignatures": 1001}, csc))
    assert refusal(answer) == (400, "invalid_request", "Numbers of signatures is too high")


def _pss(**changes: Any) -> str:
    values = {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
        "salt_length": 32,
    } | changes
    return b64(algos.RSASSAPSSParams(values).dump())


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        (None, missing("string", "signAlgoParams")),
        (7, missing("string", "signAlgoParams")),
        ("", "Invalid parameter signAlgoParams"),
        ("!", "Invalid parameter signAlgoParams"),
        (b64(b"\x30\x00"), "Invalid parameter signAlgoParams"),
        (b64(b"\x05\x00"), "Invalid parameter signAlgoParams"),
        (_pss(hash_algorithm={"algorithm": "sha1"}), "Invalid parameter signAlgoParams"),
        (_pss(hash_algorithm={"algorithm": "sha512"}), "Invalid parameter signAlgoParams"),
        (
            _pss(mask_gen_algorithm={"algorithm": "mgf1", "parameters": {"algorithm": "sha1"}}),
            "Invalid parameter signAlgoParams",
        ),
        (_pss(salt_length=20), "Invalid parameter signAlgoParams"),
        (_pss(salt_length=351), "Invalid parameter signAlgoParams"),
        (b64(base64.b64decode(_pss()) + b"\0"), "Invalid parameter signAlgoParams"),
        (_pss(), "Invalid parameter SAD"),
        (_pss(salt_length=350), "Invalid parameter SAD"),
    ],
)  # fmt: skip
def test_pss_parameters_must_be_those_the_key_signs_by(
    csc: Csc, rsa_seal: str, parameters: Any, description: str
) -> None:
    answer = csc.call(
        "signatures/signHash", credentialID=rsa_seal, SAD="x" * 43, hashes=[HASH],
        signAlgo="1.2.840.113549.1.1.10", signAlgoParams=parameters,
    )  # fmt: skip
    assert refusal(answer) == (400, "invalid_request", description)


@pytest.mark.parametrize("algorithm", ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", ES256])
def test_a_pss_key_signs_by_nothing_else(csc: Csc, rsa_seal: str, algorithm: str) -> None:
    answer = csc.call(
        "signatures/signHash", credentialID=rsa_seal, SAD="x" * 43, hashes=[HASH], signAlgo=algorithm
    )
    assert refusal(answer) == (400, "invalid_request", "Invalid parameter signAlgo")


def test_plain_rsa_needs_the_hashs_name(csc: Csc, rs256_seal: str) -> None:
    asked = {
        "credentialID": rs256_seal,
        "SAD": "x" * 43,
        "hashes": [HASH],
        "signAlgo": "1.2.840.113549.1.1.1",
    }
    assert refusal(csc.call("signatures/signHash", **asked))[2] == missing("string", "hashAlgorithmOID")
    assert refusal(csc.call("signatures/signHash", "v1", **asked))[2] == missing("string", "hashAlgo")
    named = csc.call("signatures/signHash", hashAlgorithmOID=SHA256, **asked)
    assert refusal(named)[2] == "Invalid parameter SAD"


@pytest.mark.parametrize("header", ["Basic eA==", "Bearer", "Bearer ", "x", ""])
def test_a_malformed_authorization_header_is_called_so(csc: Csc, header: str) -> None:
    answer = csc.service.client.post("/csc/v2/credentials/list", json={}, headers={"Authorization": header})
    assert refusal(answer) == (400, "invalid_request", "Malformed authorization header")


def test_no_login_a_bad_one_and_one_for_something_else(csc: Csc) -> None:
    nobody = csc.service.client.post("/csc/v1/credentials/list", json={})
    assert nobody.status_code == 401
    assert "Bearer" in nobody.headers["WWW-Authenticate"]
    expired = csc.call("credentials/list", token=csc.service.issuer.token(scope="service", exp=1, iat=0))
    assert refusal(expired)[:2] == (401, "invalid_token")
    other = csc.call("credentials/list", token=csc.service.issuer.token(scope="sign"))
    assert refusal(other)[:2] == (403, "access_denied")
    assert 'scope="service"' in other.headers["WWW-Authenticate"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"[" * 5000, b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(csc: Csc, body: bytes) -> None:
    token = csc.service.issuer.token(scope="service")
    answer = csc.service.client.post(
        "/csc/v2/credentials/info", data=body, content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert refusal(answer)[:2] == (400, "invalid_request")
    plain = csc.service.client.post(
        "/csc/v2/credentials/info", data=b"a=b", headers={"Authorization": f"Bearer {token}"}
    )
    assert refusal(plain)[:2] == (400, "invalid_request")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/csc/v2/auth/login"), ("POST", "/csc/v1/oauth2/token"),
        ("POST", "/csc/v1/signatures/signDoc"),
        ("POST", "/csc/v2/credentials/create"), ("GET", "/csc/v2/credentials/list"), ("POST", "/csc/v2/x"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_501(csc: Csc, verb: str, path: str) -> None:
    answer = csc.service.client.open(path, method=verb)
    assert refusal(answer) == (501, "invalid_request", "method not supported")


def test_too_often_is_429_and_an_unexpected_error_says_nothing(
    csc: Csc, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_often(*_: Any, **__: Any) -> None:
        raise QuotaExceeded("Số lần đọc", "Reads", retry_after=7)

    monkeypatch.setattr(type(csc.service.services.limits), "spend", too_often)
    answer = csc.call("credentials/list")
    assert refusal(answer)[:2] == (429, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "7"
    monkeypatch.undo()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-value")

    monkeypatch.setattr(type(csc.service.services.csc_credentials), "find", broken)
    assert refusal(csc.call("credentials/list")) == (500, "server_error", "The server failed")
    assert "secret-value" not in csc.service.log.getvalue().decode()


def test_a_disabled_credential_signs_nothing(
    csc: Csc, new_person: Callable[[], Person], key_process: RunningKeyProcess
) -> None:
    person = new_person()
    key_process.perform("suspend_credential", {"credential_id": person.credential_id})
    told = csc.call("credentials/info", credentialID=person.credential_id).json
    assert (told["key"]["status"], told["cert"]["status"]) == ("disabled", "suspended")
    asked = {
        "credentialID": person.credential_id, "numSignatures": 1, "hashes": [HASH],
        "PIN": person.pin, "OTP": person.otp(),
    }  # fmt: skip
    disabled = (400, "invalid_request", "The credential identified by credentialID is disabled")
    assert refusal(csc.call("credentials/authorize", **asked)) == disabled
    assert refusal(csc.sign("x" * 43, [HASH], credentialID=person.credential_id)) == disabled
    listed = csc.call("credentials/list", userID=person.person_id, onlyValid=True)
    assert listed.json == {"credentialIDs": [], "onlyValid": True}


def test_an_expired_certificate_is_called_so_by_its_name_in_v1(csc: Csc) -> None:
    later = datetime.now(UTC) + timedelta(days=4000)
    services = replace(csc.service.services, clock=lambda: later)
    client = create_app(csc.service.settings, services=services, log=csc.service.log).test_client()
    moment = int(later.timestamp())
    token = csc.service.issuer.token(scope="service", iat=moment, exp=moment + 60)
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"credentialID": csc.seal, "SAD": "x" * 43, "hashes": [HASH], "signAlgo": ES256}
    v2 = client.post("/csc/v2/signatures/signHash", json=asked, headers=headers)
    assert refusal(v2) == (400, "invalid_request", "Signing certificate is expired")
    v1 = client.post("/csc/v1/signatures/signHash", json=asked, headers=headers)
    description = refusal(v1)[2]
    assert description.startswith("Signing certificate '")
    assert "CN=MẪU - motcua" in description
    assert description.endswith("' is expired")


def test_a_sad_ends_with_its_act(
    tmp_path: Path,
    issuer: Issuer,
    enrolled: Enrolled,
    key_process: RunningKeyProcess,
    devca: Any,
    redis_url: str,
) -> None:
    with run_service(
        tmp_path, issuer, enrolled, key_process, devca, redis_url=f"redis+{redis_url}", approval_lifetime=2
    ) as service:
        csc = Csc(service)
        sad = csc.sad([HASH])
        time.sleep(2.1)
        assert refusal(csc.sign(sad, [HASH])) == (400, "invalid_request", "SAD expired")
        extended = csc.call("credentials/extendTransaction", credentialID=csc.seal, SAD=sad, hashes=[HASH])
        assert refusal(extended) == (400, "invalid_request", "SAD expired")


@pytest.mark.parametrize("away", ["redis", "key process"])
def test_without_counters_or_key_process_it_is_503_and_nothing_is_signed(
    tmp_path: Path, issuer: Issuer, enrolled: Enrolled, key_process: RunningKeyProcess, devca: Any,
    redis_url: str, away: str,
) -> None:  # fmt: skip
    redis_url = "redis://127.0.0.1:1/0" if away == "redis" else f"redis+{redis_url}"
    nobody: Any = SimpleNamespace(signsvc=f"unix:{tmp_path}/nobody.sock")
    reached = nobody if away == "key process" else key_process
    with run_service(tmp_path, issuer, enrolled, reached, devca, redis_url=redis_url) as service:
        answer = Csc(service).sign("x" * 43, [HASH])
        assert refusal(answer) == (503, "temporarily_unavailable", "Try again later")
        assert answer.headers["Retry-After"]
