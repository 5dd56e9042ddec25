"""credentials/authorize, getChallenge, authorizeCheck, extendTransaction: a SAD only for who approved it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey
from joserfc.jwk import ECKey

from hsm.client import act_digest, parse_sign_act
from tests.servers.key_process import ORIGIN, RP_ID, RunningKeyProcess, client_jws
from tests.servers.people import Enrolled as Person
from tests.signsvc.csc.conftest import SHA256, Csc, hashed, refusal

WRONG = (400, "invalid_authentication_data", "The authentication data is invalid")


def by_pin(csc: Csc, person: Person, hashes: list[str], version: str = "v2", **changes: Any) -> Any:
    pin, otp = changes.pop("pin", person.pin), changes.pop("otp", person.otp())
    if version == "v1":
        asked: dict[str, Any] = {"hash": hashes, "PIN": pin, "OTP": otp}
    else:
        asked = {"hashes": hashes, "authData": [{"id": "PIN", "value": pin}, {"id": "OTP", "value": otp}]}
    asked |= {"credentialID": person.credential_id, "numSignatures": len(hashes)} | changes
    return csc.call("credentials/authorize", version, **asked)


def test_a_wrong_pin_and_a_wrong_otp_are_told_apart_by_nobody(
    csc: Csc, new_person: Callable[[], Person]
) -> None:
    person = new_person()
    wrong_otp = "000000" if person.otp() != "000000" else "000001"
    assert refusal(by_pin(csc, person, [hashed("a")], pin="00000000")) == WRONG
    assert refusal(by_pin(csc, person, [hashed("a")], otp=wrong_otp)) == WRONG
    v1 = {
        refusal(by_pin(csc, person, [hashed("a")], "v1", pin="00000000")),
        refusal(by_pin(csc, person, [hashed("a")], "v1", otp=wrong_otp)),
    }
    assert v1 == {(400, "invalid_pin", "The PIN is invalid")}
    assert by_pin(csc, person, [hashed("a")]).status_code == 200


def test_after_five_tries_it_is_locked_even_for_the_right_ones(
    csc: Csc, new_person: Callable[[], Person]
) -> None:
    person = new_person()
    for _ in range(5):
        assert refusal(by_pin(csc, person, [hashed("a")], pin="00000000")) == WRONG
    assert refusal(by_pin(csc, person, [hashed("a")])) == (400, "invalid_request", "Credential locked")
    assert refusal(by_pin(csc, person, [hashed("a")], "v1")) == (400, "invalid_request", "PIN locked")


def test_a_one_time_password_makes_one_sad(csc: Csc, new_person: Callable[[], Person]) -> None:
    person = new_person()
    otp = person.otp()
    assert by_pin(csc, person, [hashed("a")], otp=otp).status_code == 200
    assert refusal(by_pin(csc, person, [hashed("b")], otp=otp)) == WRONG


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"pin": "x" * 65}, (400, "invalid_pin", "The PIN is invalid")),
        ({"otp": "12345"}, (400, "invalid_otp", "The OTP is invalid")),
        ({"otp": "abcdef"}, (400, "invalid_otp", "The OTP is invalid")),
    ],
)
def test_v1_says_what_has_no_form_before_it_costs_a_try(
    csc: Csc, new_person: Callable[[], Person], changes: dict[str, Any], refused: Any
) -> None:
    person = new_person()
    for _ in range(6):
        assert refusal(by_pin(csc, person, [hashed("a")], "v1", **changes)) == refused
    assert by_pin(csc, person, [hashed("a")], "v1").status_code == 200


@pytest.mark.parametrize(
    "auth_data",
    [
        [], [{"id": "PIN", "value": "12345678"}], [{"id": "OTP", "value": "123456"}],
        [{"id": "password", "value": "x"}], [{"id": "passkey", "value": "{}"}],
        [{"id": "client_jws", "value": "a.b.c"}], [{"id": "client_jws", "value": "x"}], [{"id": "PIN"}],
    ],
)  # fmt: skip
def test_what_is_no_way_of_this_credential_opens_nothing(
    csc: Csc, new_person: Callable[[], Person], auth_data: Any
) -> None:
    person = new_person()
    assert refusal(by_pin(csc, person, [hashed("a")], authData=auth_data)) == WRONG


def test_a_client_cannot_approve_for_a_person_nor_a_person_for_a_client(
    csc: Csc, new_person: Callable[[], Person]
) -> None:
    person = new_person()
    challenge = csc.call(
        "credentials/getChallenge", credentialID=person.credential_id, authObjectID="passkey",
        hashes=[hashed("a")],
    ).json["challenge"]  # fmt: skip
    jws = client_jws(challenge.encode(), csc.service.enrolled.key).evidence
    answer = by_pin(csc, person, [hashed("a")], authData=[{"id": "client_jws", "value": jws}])
    assert answer.status_code == 403, answer.text
    pins = [{"id": "PIN", "value": person.pin}, {"id": "OTP", "value": person.otp()}]
    assert refusal(csc.authorize([hashed("a")], authData=pins)) == WRONG


def test_the_challenge_is_the_act_over_these_hashes(csc: Csc) -> None:
    hashes = [hashed("a"), hashed("a")]
    act = parse_sign_act(csc.challenge(hashes, description="Giấy tiếp nhận").encode())
    assert (act.client_id, act.credential_id) == ("motcua", csc.seal)
    assert [item.title for item in act.items] == ["Giấy tiếp nhận (1/2)", "Giấy tiếp nhận (2/2)"]
    assert {item.kind for item in act.items} == {"dtbsr"}
    assert 0 < act.expires_at - time.time() <= 900


def test_a_response_to_another_challenge_is_refused(csc: Csc) -> None:
    mine, other = [hashed("a")], [hashed("b")]
    for spoiled in (
        csc.jws(csc.challenge(other)),
        csc.jws(csc.challenge([*mine, *other])),
        csc.jws(csc.challenge(mine, csc.service.enrolled.service_seal)),
        csc.jws(csc.challenge(mine).replace("motcua", "another")),
        csc.jws(csc.challenge(mine).replace('"kind":"dtbsr"', '"kind":"prepared"')),
        csc.jws("{}"),
        client_jws(csc.challenge(mine).encode(), ECKey.generate_key("P-256")).evidence,
    ):
        answer = csc.authorize(mine, authData=[{"id": "client_jws", "value": spoiled}])
        assert refusal(answer) == WRONG
    used = csc.jws(csc.challenge(mine))
    assert csc.authorize(mine, authData=[{"id": "client_jws", "value": used}]).status_code == 200
    assert refusal(csc.authorize(mine, authData=[{"id": "client_jws", "value": used}])) == WRONG


def test_a_passkey_answers_the_challenge_in_band(
    csc: Csc, new_person: Callable[[], Person], key_process: RunningKeyProcess
) -> None:
    person, passkey = new_person(), SoftwarePasskey.new(RP_ID, ORIGIN, counter=0)
    key_process.enrol_passkey(person.person_id, passkey)
    hashes = [hashed("a"), hashed("b")]
    asked = {"credentialID": person.credential_id, "hashes": hashes}
    act = csc.call("credentials/getChallenge", authObjectID="passkey", **asked).json["challenge"]
    response = json.loads(passkey.approve(act.encode())["evidence"])
    for members, status in (({"act": act}, 400), ({"act": act, "response": response}, 200)):
        value = [{"id": "passkey", "value": json.dumps(members)}]
        granted = csc.call("credentials/authorize", numSignatures=2, authData=value, **asked)
        assert granted.status_code == status, granted.text
    made = csc.sign(granted.json["SAD"], hashes, credentialID=person.credential_id)
    assert made.status_code == 200, made.text


@pytest.mark.parametrize("kind", ["PIN", "passkey", "nothing", "access_token"])
def test_there_is_no_challenge_for_what_this_credential_does_not_take(csc: Csc, kind: str) -> None:
    answer = csc.call(
        "credentials/getChallenge", credentialID=csc.service.enrolled.service_seal, authObjectID=kind,
        hashes=[hashed("a")],
    )  # fmt: skip
    assert refusal(answer) == (400, "invalid_request", "Invalid parameter authObjectID")


def test_an_approval_by_another_way_is_waited_for_with_a_handle(csc: Csc) -> None:
    hashes = [hashed("a")]
    begun = csc.authorize(hashes, authData=[{"id": "client_jws"}])
    assert begun.status_code == 202
    assert begun.json.keys() == {"handle"}
    handle = begun.json["handle"]
    assert csc.call("credentials/authorizeCheck", handle=handle).status_code == 202
    headers = csc.service.headers("duyet-ho")
    address = f"/v1/authorizations/{handle}"
    shown = csc.service.client.get(address, headers=headers).json
    assert (shown["state"], shown["client_id"], shown["credential_id"]) == ("pending", "motcua", csc.seal)
    assert shown["act_digest"] == act_digest(shown["act"].encode()).hex()
    wrong = {"kind": "client_jws", "evidence": csc.jws(csc.challenge(hashes))}
    assert csc.service.client.post(address, json={"approval": wrong}, headers=headers).status_code == 403
    right = {"kind": "client_jws", "evidence": csc.jws(shown["act"])}
    done = csc.service.client.post(address, json={"approval": right}, headers=headers)
    assert done.json["state"] == "approved", done.text
    assert csc.service.client.post(address, json={"approval": right}, headers=headers).status_code == 409
    other = Csc(csc.service, "another").call("credentials/authorizeCheck", handle=handle)
    assert refusal(other) == (400, "invalid_request", "Invalid parameter handle")
    checked = csc.call("credentials/authorizeCheck", handle=handle)
    assert checked.status_code == 200
    assert csc.sign(checked.json["SAD"], hashes).status_code == 200


def test_the_newest_authorisation_under_way_gives_the_challenge_when_no_hashes_are_named(csc: Csc) -> None:
    csc.authorize([hashed("a")], authData=[{"id": "client_jws"}])
    csc.authorize([hashed("b")], authData=[{"id": "client_jws"}])
    answer = csc.call("credentials/getChallenge", credentialID=csc.seal, authObjectID="client_jws")
    jws = csc.jws(answer.json["challenge"])
    granted = csc.authorize([hashed("b")], authData=[{"id": "client_jws", "value": jws}])
    assert csc.sign(granted.json["SAD"], [hashed("b")]).status_code == 200


def test_neither_sad_nor_handle_is_in_the_database(csc: Csc) -> None:
    hashes = [hashed("a")]
    handle = csc.authorize(hashes, authData=[{"id": "client_jws"}]).json["handle"]
    shown = csc.service.client.get(f"/v1/authorizations/{handle}", headers=csc.service.headers()).json
    approval = {"kind": "client_jws", "evidence": csc.jws(shown["act"])}
    csc.service.client.post(
        f"/v1/authorizations/{handle}", json={"approval": approval}, headers=csc.service.headers()
    )
    sad = csc.call("credentials/authorizeCheck", handle=handle).json["SAD"]
    written = b"".join(
        path.read_bytes() for path in csc.service.settings.documents_dir.parent.glob("signsvc.sqlite3*")
    )
    assert handle.encode() not in written
    assert sad.encode() not in written
    logged = csc.service.log.getvalue()
    assert sad.encode() not in logged
    assert handle.encode() not in logged


def test_an_extended_transaction_has_another_sad_for_what_is_left(csc: Csc) -> None:
    hashes = [hashed("a"), hashed("b")]
    sad = csc.sad(hashes)
    csc.sign(sad, hashes[:1])
    asked = {"credentialID": csc.seal, "SAD": sad, "hashAlgorithmOID": SHA256}
    foreign = csc.call("credentials/extendTransaction", hashes=[hashed("evil")], **asked)
    assert refusal(foreign) == (400, "invalid_request", "Hash is not authorized by the SAD")
    other = csc.call("credentials/extendTransaction", hashes=hashes[1:], **(asked | {"SAD": "x" * 43}))
    assert refusal(other) == (400, "invalid_request", "Invalid parameter SAD")
    nameless = csc.call("credentials/extendTransaction", **asked)
    assert refusal(nameless) == (400, "invalid_request", "Missing (or invalid type) array parameter hashes")
    extended = csc.call("credentials/extendTransaction", "v1", hash=hashes[1:], **asked)
    assert extended.status_code == 200, extended.text
    assert 0 < extended.json["expiresIn"] <= 900
    assert refusal(csc.sign(sad, hashes[1:])) == (400, "invalid_request", "Invalid parameter SAD")
    assert csc.sign(extended.json["SAD"], hashes[1:]).status_code == 200


def test_scal1_takes_hashes_after_the_approval_but_no_more_than_were_approved(
    csc: Csc, new_person: Callable[..., Person]
) -> None:
    person = new_person("compatibility-scal1")
    told = csc.call("credentials/info", credentialID=person.credential_id).json
    assert (told["SCAL"], told["multisign"]) == ("1", 20)
    granted = by_pin(csc, person, [hashed("named")], numSignatures=3)
    assert granted.status_code == 200, granted.text
    sad = granted.json["SAD"]
    sign = {"credentialID": person.credential_id}
    assert csc.sign(sad, [hashed("x"), hashed("named")], **sign).status_code == 200
    extended = csc.call("credentials/extendTransaction", credentialID=person.credential_id, SAD=sad)
    sad = extended.json["SAD"]
    assert refusal(csc.sign(sad, [hashed("y"), hashed("z")], **sign)) == (
        400, "invalid_request", "Hash is not authorized by the SAD",
    )  # fmt: skip
    assert csc.sign(sad, [hashed("y")], **sign).status_code == 200
    assert refusal(csc.sign(sad, [hashed("z")], **sign))[2] == "Invalid parameter SAD"


def test_scal2_authorises_nothing_that_is_not_named(csc: Csc, new_person: Callable[[], Person]) -> None:
    person = new_person()
    for version, name in (("v1", "hash"), ("v2", "hashes")):
        asked = {"PIN": person.pin, "OTP": person.otp()}
        answer = csc.call(
            "credentials/authorize", version, credentialID=person.credential_id, numSignatures=1, **asked
        )
        assert refusal(answer) == (
            400,
            "invalid_request",
            f"Missing (or invalid type) array parameter {name}",
        )
    more = by_pin(csc, person, [hashed("a")], numSignatures=2)
    assert refusal(more) == (400, "invalid_request", "Invalid value for parameter numSignatures")


def test_no_pin_or_otp_is_in_any_log(csc: Csc, new_person: Callable[[], Person]) -> None:
    person = new_person()
    otp = person.otp()
    by_pin(csc, person, [hashed("a")], otp=otp)
    by_pin(csc, person, [hashed("a")], pin="87654321")
    events = [json.loads(line) for line in csc.service.log.getvalue().splitlines()]
    assert events[-1]["endpoint"] == "/csc/v2/credentials/authorize"
    for secret in (person.pin, otp, "87654321"):
        assert secret not in csc.service.log.getvalue().decode()
