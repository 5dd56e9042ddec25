"""Each rule of an authorization request, and the word it refuses with."""

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.errors import IdpError
from idp.protocol.authorize.errors import NotRedirectable
from idp.protocol.authorize.request import AuthorizationRequest
from tests.idp.protocol.authorize.asking import (
    BASELINE,
    CHALLENGE,
    FAPI2,
    NOW,
    SIGNING,
    new_client,
    read,
)

PUSHED = {"pushed": True}


def test_a_sound_request_is_read() -> None:
    request = read(nonce="n-0S6_WzA2Mj", prompt="login consent", max_age="600", acr_values="LoA2 LoA3")
    assert request.scope == "openid profile"
    assert request.destination.state == "af0ifjsldkj"
    assert request.nonce == "n-0S6_WzA2Mj"
    assert request.code_challenge == CHALLENGE
    assert request.prompts == ("login", "consent")
    assert request.max_age == 600
    assert request.acr_values == ("LoA2", "LoA3")


def test_a_request_survives_being_stored() -> None:
    claims = json.dumps({"userinfo": {"name": {"essential": True}}, "id_token": {"acr": None}})
    request = read(claims=claims, resources=(SIGNING,), prompt="login", ui_locales="en")
    assert AuthorizationRequest.from_plain(json.loads(json.dumps(request.plain()))) == request


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "fragment.jwt"}, "invalid_request"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "openid  profile"}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "B"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "ten"}, "invalid_request"),
        ({"max_age": "１０"}, "invalid_request"),
        ({"display": "hologram"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"userinfo":[]}'}, "invalid_request"),
        ({"claims": '{"userinfo":{"name":true}}'}, "invalid_request"),
        ({"claims": '{"id_token":{"acr":{"values":"LoA1"}}}'}, "invalid_request"),
        ({"claims": '{"userinfo":{"name":null,"name":null}}'}, "invalid_request"),
        ({"claims": '{"userinfo":' * 20_000}, "invalid_request"),
        ({"id_token_hint": "not.a.jwt"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"nonce": "n" * 1025}, "invalid_request"),
        ({"resources": ("https://other.example",)}, "invalid_target"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type":"payment"}]'}, "invalid_authorization_details"),
        ({"repeated": frozenset({"scope"})}, "invalid_request"),
    ],
)
def test_a_fault_is_refused_with_its_own_word(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(IdpError) as refused:
        read(**changes)
    assert refused.value.error == error
    # RFC 6749 §4.1.2.1
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in refused.value.message)


@pytest.mark.parametrize("mode", [None, "query", "form_post", "jwt", "query.jwt", "form_post.jwt"])
def test_every_response_mode_but_the_fragment_is_there(mode: str | None) -> None:
    assert read(response_mode=mode).destination.response_mode == (mode or "query")


def test_parameters_that_are_not_known_are_ignored() -> None:
    assert read(extra="foobar", registration="{}").scope == "openid profile"


def test_scopes_that_are_not_the_clients_are_left_out() -> None:
    """Core §3.1.2.1: what is not understood is ignored; the token response says what was granted."""
    assert read(scope="openid unknown email openid").scope == "openid email"


def test_offline_access_is_for_clients_that_can_refresh() -> None:
    assert read(scope="openid offline_access").scope == "openid offline_access"
    unable = replace(BASELINE, grant_types=("authorization_code",))
    assert read(unable, scope="openid offline_access").scope == "openid"


def test_a_client_that_is_registered_for_no_code_gets_none() -> None:
    with pytest.raises(IdpError) as refused:
        read(replace(BASELINE, grant_types=("client_credentials",)))
    assert refused.value.error == "unauthorized_client"


def test_a_fapi_client_must_push() -> None:
    with pytest.raises(IdpError) as refused:
        read(FAPI2)
    assert refused.value.detail == "not pushed"
    assert read(FAPI2, **PUSHED).scope == "openid profile"


def test_the_baseline_exception_ends_on_its_day() -> None:
    with pytest.raises(IdpError) as refused:
        read(now=NOW + 1)
    assert refused.value.detail == "not pushed"


def test_a_client_may_register_to_sign_every_request() -> None:
    signing = replace(BASELINE, require_signed_request_object=True)
    with pytest.raises(IdpError) as refused:
        read(signing)
    assert refused.value.detail == "not signed"
    assert read(signing, signed=True)


NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


def test_pkce_may_be_left_out_by_confidential_baseline_clients_only() -> None:
    assert read(**NO_PKCE).code_challenge == ""
    public = replace(BASELINE, token_endpoint_auth_method="none")
    for metadata, more in ((public, {}), (FAPI2, PUSHED)):
        with pytest.raises(IdpError) as refused:
            read(metadata, **NO_PKCE, **more)
        assert refused.value.error == "invalid_request"


def test_plain_pkce_is_refused_even_where_none_would_do() -> None:
    with pytest.raises(IdpError):
        read(code_challenge="a" * 43, code_challenge_method="plain")


def test_the_clients_defaults_stand_in_for_what_is_left_out() -> None:
    metadata = replace(BASELINE, default_max_age=300, default_acr_values=("LoA2",))
    assert (read(metadata).max_age, read(metadata).acr_values) == (300, ("LoA2",))
    asked = read(metadata, max_age="9", acr_values="LoA3")
    assert (asked.max_age, asked.acr_values) == (9, ("LoA3",))


@pytest.mark.parametrize(
    ("acr", "voluntary", "essential"),
    [
        ({"essential": True, "values": ["LoA3", "LoA4"]}, (), ("LoA3", "LoA4")),
        ({"essential": True, "value": "LoA2"}, (), ("LoA2",)),
        ({"values": ["LoA3"]}, ("LoA3",), ()),
        ({"essential": True}, (), ()),
        (None, (), ()),
    ],
)
def test_an_acr_in_the_claims_parameter_counts(
    acr: Any, voluntary: tuple[str, ...], essential: tuple[str, ...]
) -> None:
    request = read(claims=json.dumps({"id_token": {"acr": acr}}))
    assert (request.acr_values, request.essential_acr) == (voluntary, essential)


def test_a_sub_in_the_claims_parameter_names_the_person() -> None:
    assert read(claims='{"id_token":{"sub":{"value":"248289761001"}}}').wanted_sub == "248289761001"


def test_hints_help_and_decide_nothing() -> None:
    request = read(login_hint="nguoi.dan", ui_locales="fr-CA en", claims_locales="se", display="popup")
    assert (request.login_hint, request.ui_locales, request.display) == ("nguoi.dan", "fr-CA en", "popup")
    assert read(login_hint="x\u202egnp.exe", ui_locales="<script>").login_hint == ""
    assert read(ui_locales="<script>").ui_locales == ""


def test_several_resources_may_be_asked_for() -> None:
    client = new_client(resources=(SIGNING, "urn:mau:2"))
    assert read(client=client, resources=(SIGNING, "urn:mau:2", SIGNING)).resources == (SIGNING, "urn:mau:2")


def test_the_proof_at_the_pushed_request_binds_the_code() -> None:
    jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    assert read(dpop_jkt=jkt).dpop_jkt == jkt
    assert read(**PUSHED, proof_jkt=jkt).dpop_jkt == jkt
    with pytest.raises(IdpError):
        read(**PUSHED, dpop_jkt=jkt, proof_jkt=jkt[::-1])


def test_a_certificate_binds_tokens_of_clients_that_registered_it() -> None:
    bound = replace(FAPI2, tls_client_certificate_bound_access_tokens=True)
    assert read(bound, **PUSHED, certificate="thumb").mtls_thumbprint == "thumb"
    assert read(FAPI2, **PUSHED, certificate="thumb").mtls_thumbprint == ""


@pytest.mark.parametrize("name", ["redirect_uri", "state"])
def test_where_the_answer_goes_may_not_be_said_twice(name: str) -> None:
    with pytest.raises(NotRedirectable):
        read(repeated=frozenset({name}))


def test_a_long_state_is_echoed_and_an_endless_one_is_not() -> None:
    assert len(read(state="s" * 1000).destination.state) == 1000
    with pytest.raises(NotRedirectable):
        read(state="s" * 5000)


def test_claims_that_will_not_be_told_are_not_asked_about() -> None:
    asked = {"userinfo": {"name": None, "personal_number": None, "Số": None, "https://x/y": None}}
    assert read(claims=json.dumps(asked)).claims == {"userinfo": {"name": None}}
    allowed = replace(BASELINE, claims_allowed=("personal_number",))
    assert read(allowed, claims=json.dumps(asked)).claims["userinfo"].keys() == {"name", "personal_number"}
