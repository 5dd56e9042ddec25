"""info, credentials/list, credentials/info: the truth, and only to whom it concerns."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.servers.people import Enrolled as Person
from tests.signsvc.csc.conftest import Csc, refusal


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_info_needs_no_login_and_names_exactly_what_is_offered(csc: Csc, version: str) -> None:
    client = csc.service.client
    told = client.post(f"/csc/{version}/info", json={}).json
    assert told == client.get(f"/csc/{version}/info").json
    for member in ("specs", "name", "logo", "region", "lang", "description", "authType", "methods"):
        assert told[member]
    offered = {
        rule.rule.removeprefix(f"/csc/{version}/")
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith(f"/csc/{version}/")
    }
    # oauth2/… are the identity provider's, below the address that is named here.
    own = {method for method in told["methods"] if not method.startswith("oauth2/")}
    assert own <= offered
    if version == "v1":
        assert told["oauth2"] == csc.service.settings.issuer
    else:
        assert told["oauth2Issuer"] == csc.service.settings.issuer
        assert own == offered
        assert told["asynchronousOperationMode"] is True
        assert told["signature_formats"] == {"formats": ["P"], "envelope_properties": [["Revision"]]}


def test_a_client_sees_its_own_credentials_and_a_persons_only_by_name(
    csc: Csc, new_person: Callable[[], Person]
) -> None:
    person = new_person()
    own = csc.call("credentials/list").json["credentialIDs"]
    assert {csc.seal, csc.service.enrolled.service_seal} <= set(own)
    assert person.credential_id not in own
    theirs = csc.call("credentials/list", "v1", userID=person.person_id)
    assert theirs.json == {"credentialIDs": [person.credential_id]}
    assert csc.call("credentials/list", userID="nobody").json["credentialIDs"] == []
    other = Csc(csc.service, "another")
    assert other.call("credentials/list").json["credentialIDs"] == []
    assert refusal(other.call("credentials/info", credentialID=csc.seal)) == (
        400, "invalid_request", "Invalid parameter credentialID",
    )  # fmt: skip


def test_a_persons_token_sees_that_person_and_nobody_else(csc: Csc, new_person: Callable[[], Person]) -> None:
    mine, theirs = new_person(), new_person()
    token = csc.service.issuer.token("motcua", scope="service", sub=mine.person_id)
    assert csc.call("credentials/list", token=token).json["credentialIDs"] == [mine.credential_id]
    named = csc.call("credentials/list", token=token, userID=theirs.person_id)
    assert refusal(named) == (400, "invalid_request", "userID parameter MUST be null")
    for hidden in (theirs.credential_id, csc.seal):
        answer = csc.call("credentials/info", token=token, credentialID=hidden)
        assert refusal(answer)[2] == "Invalid parameter credentialID"
        answer = csc.call(
            "credentials/authorize",
            token=token,
            credentialID=hidden,
            numSignatures=1,
            hashes=["A" * 43 + "="],
        )
        assert refusal(answer)[2] == "Invalid parameter credentialID"


@pytest.mark.parametrize("user_id", ["", 1, ["x"], "x" * 201])
def test_a_user_id_that_is_none_is_refused(csc: Csc, user_id: Any) -> None:
    assert refusal(csc.call("credentials/list", userID=user_id)) == (
        400, "invalid_request", "Invalid parameter userID",
    )  # fmt: skip


def test_a_persons_credential_is_told_in_both_dialects(csc: Csc, new_person: Callable[..., Person]) -> None:
    person = new_person("personal-rsa")
    v1 = csc.call(
        "credentials/info", "v1", credentialID=person.credential_id, certificates="chain", certInfo=True
    )
    v2 = csc.call(
        "credentials/info",
        credentialID=person.credential_id,
        certificates="chain",
        certInfo=True,
        authInfo=True,
    )
    for told in (v1.json, v2.json):
        assert told["key"] == {"status": "enabled", "algo": ["1.2.840.113549.1.1.10"], "len": 3072}
        assert told["SCAL"] == "2"
        assert told["multisign"] == 10_000
        assert told["cert"]["status"] == "valid"
        assert len(told["cert"]["certificates"]) == 3
        assert "MẪU" in told["cert"]["subjectDN"]
        assert told["cert"]["validTo"].endswith("Z")
        assert int(told["cert"]["serialNumber"], 16)
    assert v1.json["authMode"] == "explicit"
    assert v1.json["PIN"]["presence"] == v1.json["OTP"]["presence"] == "true"
    assert v1.json["OTP"]["type"] == "offline"
    assert v2.json["auth"]["mode"] == "explicit"
    assert v2.json["auth"]["expression"] == "(PIN AND OTP) OR passkey"
    assert [one["id"] for one in v2.json["auth"]["objects"]] == ["PIN", "OTP", "passkey"]
    assert v2.json["signatureQualifier"] == "vn_congvu_canhan"


def test_an_ecdsa_seal_names_its_curve_and_its_challenge(csc: Csc) -> None:
    told = csc.call("credentials/info", credentialID=csc.seal, authInfo=True).json
    assert told["key"] == {
        "status": "enabled", "algo": ["1.2.840.10045.4.3.2"], "len": 256, "curve": "1.2.840.10045.3.1.7",
    }  # fmt: skip
    assert told["auth"]["objects"][0]["type"] == "ChallengeResponse"
    # A system approves its automatic seal by its own key; an organisation's seal is its clerk's, by passkey.
    assert told["auth"]["expression"] == "client_jws"
    organisation = csc.service.enrolled.organisation_seal
    of_clerk = csc.call("credentials/info", credentialID=organisation, authInfo=True).json
    assert of_clerk["auth"]["expression"] == "passkey"
    assert len(told["cert"]["certificates"]) == 1
    assert (
        "certificates"
        not in csc.call("credentials/info", credentialID=csc.seal, certificates="none").json["cert"]
    )


def test_a_list_with_infos_is_what_info_says_of_each(csc: Csc) -> None:
    shown = {"certificates": "chain", "certInfo": True, "authInfo": True}
    told = csc.call("credentials/list", credentialInfo=True, onlyValid=True, **shown).json
    assert told["onlyValid"] is True
    for info in told["credentialInfos"]:
        credential_id = info.pop("credentialID")
        assert info == csc.call("credentials/info", credentialID=credential_id, **shown).json
    assert [info["key"]["status"] for info in told["credentialInfos"]] == ["enabled"] * len(
        told["credentialIDs"]
    )


def test_v1_lists_in_pages(csc: Csc) -> None:
    every = csc.call("credentials/list", "v1").json["credentialIDs"]
    found: list[str] = []
    token: dict[str, Any] = {}
    while True:
        page = csc.call("credentials/list", "v1", maxResults=1, **token).json
        found += page["credentialIDs"]
        if "nextPageToken" not in page:
            break
        token = {"pageToken": page["nextPageToken"]}
    assert found == every
    assert refusal(csc.call("credentials/list", "v1", pageToken="x"))[2] == "Invalid parameter pageToken"
    assert refusal(csc.call("credentials/list", "v1", maxResults=0))[2] == "Invalid parameter maxResults"
