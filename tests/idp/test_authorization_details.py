"""RFC 9396 ``antin_sign``: the key process believes these words, so nothing doubtful gets in."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.authorization_details import granted_details
from idp.protocol.client import Client
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.csc_credential import CSC_TYPES
from tests.idp.provider import Provider, details

CLIENT = Client(
    client_id="c",
    name="c",
    contact="",
    active=True,
    token_algorithm="ES256",
    scopes=(),
    resources=(),
    credential_ids=frozenset({"cred-1", "cred-2"}),
    introspects=frozenset(),
    keys={},
)


def asked(value: object) -> str:
    return orjson.dumps(value).decode()


def changed(**changes: Any) -> list[dict[str, Any]]:
    detail = details()[0] | changes
    return [{name: value for name, value in detail.items() if value is not None}]


def digest(**changes: Any) -> list[dict[str, Any]]:
    entry = details()[0]["documentDigests"][0] | changes
    return changed(documentDigests=[{name: value for name, value in entry.items() if value is not None}])


def test_none_are_needed() -> None:
    assert granted_details(CLIENT, None) == []


def test_one_object_a_credential_is_granted_as_it_is() -> None:
    wanted = details("cred-1", bytes(32)) + details("cred-2", bytes(32))
    assert granted_details(CLIENT, asked(wanted)) == wanted


def test_a_label_may_be_left_out() -> None:
    assert granted_details(CLIENT, asked(digest(label=None)))


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        "x",
        None,
        1,
        [1],
        [[]],
        details() * 2,
        [details(f"cred-{n}")[0] for n in range(11)],
        changed(type="payment_initiation"),
        changed(type=None),
        changed(credentialID="cred-3"),
        changed(credentialID=None),
        changed(credentialID=["cred-1"]),
        changed(credentialID="CRED-1"),
        changed(hashAlgorithmOID="1.3.14.3.2.26"),
        changed(hashAlgorithmOID=None),
        changed(locations=["https://x"]),
        changed(actions=["sign"]),
        changed(documentDigests=[]),
        changed(documentDigests={}),
        changed(documentDigests=None),
        changed(documentDigests=["x"]),
        changed(
            documentDigests=details("cred-1", *(bytes([n]) * 32 for n in range(101)))[0]["documentDigests"]
        ),
        changed(documentDigests=details()[0]["documentDigests"] * 2),
        digest(hash=None),
        digest(hash=""),
        digest(hash=base64.b64encode(bytes(31)).decode()),
        digest(hash=base64.b64encode(bytes(33)).decode()),
        digest(hash=base64.b64encode(bytes(32)).decode()[:-2] + "B="),  # the same bytes, another spelling
        digest(hash=base64.b64encode(bytes(32)).decode().rstrip("=")),
        digest(hash="_" * 43 + "="),
        digest(hash=" " + base64.b64encode(bytes(32)).decode()),
        digest(hash=7),
        digest(label=""),
        digest(label="x" * 501),
        digest(label=1),
        digest(label="Quyết định\nsố 2"),
        digest(label="\u202eđảo ngược"),
        digest(label="\u200bẩn"),
        digest(extra=1),
    ],
)
def test_anything_doubtful_is_refused(value: object) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        granted_details(CLIENT, asked(value))


def test_what_would_not_fit_in_a_token_is_refused() -> None:
    digests = [bytes([n]) * 32 for n in range(100)]
    assert granted_details(CLIENT, asked(details("cred-1", *digests, label="ố" * 100)))
    with pytest.raises(InvalidAuthorizationDetails, match="shorten"):
        granted_details(CLIENT, asked(details("cred-1", *digests, label="ố" * 200)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[",
        "[{}]x",
        asked(details()).replace('"type":', '"type":"other","type":', 1),
        asked(details()).replace("[", "[" * 5000, 1),
        "[NaN]",
        asked(details(label="x" * 500) * 200),
    ],
)
def test_text_that_is_not_one_clear_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        granted_details(CLIENT, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "hash", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_makes_anything_but_a_refusal(value: object) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        granted_details(CLIENT, asked(value))


@given(
    st.dictionaries(st.sampled_from(["credentialID", "documentDigests", "hashAlgorithmOID", "extra"]), JSON)
)
def test_what_is_granted_names_registered_credentials_only(changes: Mapping[str, Any]) -> None:
    value = [details()[0] | changes]
    try:
        granted = granted_details(CLIENT, asked(value))
    except InvalidAuthorizationDetails:
        return
    assert granted == value
    assert all(detail["credentialID"] in CLIENT.credential_ids for detail in granted)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=100, unique=True))
def test_every_list_of_digests_is_granted_unchanged(digests: list[bytes]) -> None:
    wanted = details("cred-1", *digests)
    assert granted_details(CLIENT, asked(wanted)) == wanted


@pytest.mark.parametrize("type_", CSC_TYPES)
def test_what_a_person_must_approve_is_granted_to_no_system_alone(provider: Provider, type_: str) -> None:
    """A detail of the CSC's type wants an approval on the signing service's page: this grant has none."""
    system = provider.register(scopes=("sign", "credential"))
    wanted = [{"type": type_, "credentialID": "anothers", "numSignatures": 1}]
    answer = provider.token(system, authorization_details=orjson.dumps(wanted).decode())
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_authorization_details")


def test_a_device_without_scope_credential_asks_for_no_signature(provider: Provider) -> None:
    grants = ("urn:ietf:params:oauth:grant-type:device_code",)
    system = provider.register(metadata=ClientMetadata(grant_types=grants))
    wanted = [{"type": CSC_TYPES[0], "credentialID": "anothers", "numSignatures": 1}]
    form = system.form(authorization_details=orjson.dumps(wanted).decode())
    answer = provider.client.post("/device_authorization", data=form)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_authorization_details")
