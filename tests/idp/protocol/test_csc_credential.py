"""What the CSC API asks for by scope ``credential``: query parameters of v1 and v2, RFC 9396 details."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.csc_credential import SHA256_OID, check_csc_detail, detail_of_parameters

DIGEST = hashlib.sha256(b"quyet dinh").digest()
HASH = base64.b64encode(DIGEST).decode()
SOUND: dict[str, Any] = {
    "type": "credential", "credentialID": "c-1", "hashAlgorithmOID": SHA256_OID,
    "documentDigests": [{"hash": HASH, "label": "Quyết định số 1"}],
}  # fmt: skip
SCOPES = frozenset({"credential"})


def asked(**parameters: str) -> Any:
    sound = {
        "credentialID": "c-1",
        "hashes": base64.urlsafe_b64encode(DIGEST).rstrip(b"=").decode(),
        "description": "Quyết định",
    }
    return detail_of_parameters(lambda name: (sound | parameters).get(name, ""), SCOPES)


def test_without_the_scope_nothing_is_to_be_signed() -> None:
    assert detail_of_parameters(lambda _: "", frozenset({"openid"})) is None


@pytest.mark.parametrize("name", ["hashes", "hash"], ids=["v2", "v1"])
def test_hashes_come_in_base64url_joined_by_commas(name: str) -> None:
    two = ",".join([base64.urlsafe_b64encode(DIGEST).decode()] * 2)
    detail = asked(**({"hashes": ""} | {name: two}))
    assert detail["numSignatures"] == 2
    assert [one["hash"] for one in detail["documentDigests"]] == [HASH, HASH]
    assert detail["documentDigests"][0]["label"] == "Quyết định"


@given(st.binary(min_size=32, max_size=32))
def test_every_digest_arrives_as_it_was_sent(digest: bytes) -> None:
    sent = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert base64.b64decode(asked(hashes=sent)["documentDigests"][0]["hash"]) == digest


@pytest.mark.parametrize(
    "wrong",
    [
        {"credentialID": ""}, {"hashes": "ngan"}, {"hashes": "!" * 43}, {"numSignatures": "0"},
        {"numSignatures": "-1"}, {"numSignatures": "hai"}, {"numSignatures": "²"}, {"numSignatures": "9" * 8},
        {"hashAlgorithmOID": "1.3.14.3.2.26"}, {"hashes": "", "numSignatures": ""},
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        asked(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"approval": "x"}, {"credentialID": 7}, {"credentialID": "x" * 201}, {"documentDigests": "x"},
        {"documentDigests": [{"hash": HASH, "hashType": "SDR"}]}, {"documentDigests": [{"label": "không"}]},
        {"documentDigests": [{"hash": HASH, "label": "hai\ndòng"}]},
        {"documentDigests": [{"hash": HASH[:-1]}]},
        {"documentDigests": [{"hash": HASH}] * 1001}, {"numSignatures": True}, {"numSignatures": 0},
        {"hashAlgorithmOID": "1.3.14.3.2.26"},
    ],
)  # fmt: skip
def test_a_wrong_detail_is_refused(wrong: dict[str, Any]) -> None:
    """``approval`` above all: its handle is ours to give, never the client's."""
    with pytest.raises(InvalidAuthorizationDetails):
        check_csc_detail(SOUND | wrong)


def test_a_sound_detail_is_kept_with_its_count() -> None:
    assert check_csc_detail(SOUND)["numSignatures"] == 1


IDS = ["0" * 32, "f" * 32]
PREPARED = {"type": "credential", "credentialID": "c-1", "preparedSignatures": IDS}


def test_signatures_that_were_prepared_are_named_by_their_ids() -> None:
    detail = check_csc_detail(PREPARED)
    assert detail["preparedSignatures"] == IDS
    assert detail["numSignatures"] == 2
    assert detail["documentDigests"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"preparedSignatures": []}, {"preparedSignatures": ["0" * 31]}, {"preparedSignatures": "0" * 32},
        {"preparedSignatures": [IDS[0], IDS[0]]}, {"numSignatures": 3}, {"preparedSignatures": [1]},
        {"documentDigests": SOUND["documentDigests"]}, {"preparedSignatures": ["g" * 32]},
    ],
)  # fmt: skip
def test_a_wrong_list_of_prepared_signatures_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        check_csc_detail(PREPARED | wrong)
