"""What comes next: a table of cases, and four properties that hold for every request and session."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.login.journey import OTHER_ACCOUNT, Consented, Journey, LoginAsked
from idp.login.next_step import (
    Answer,
    ChooseAccount,
    ChooseMandate,
    Consent,
    Login,
    Refuse,
    Step,
    next_step,
)
from idp.protocol.assurance import ACR_LADDER, Authentication, acr_rank
from idp.protocol.authorize.remembered import NOTHING_REMEMBERED, Remembered
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from tests.idp.protocol.authorize.asking import BASELINE, REDIRECT_URI, new_client

NOW = 1_800_000_000
BEGAN = NOW - 30
SESSION = Authentication("person-1", "session-1", auth_time=NOW - 600, acr="LoA2", amr=("pwd", "otp", "mfa"))
FRESH = replace(SESSION, auth_time=NOW - 5)
ALL = Remembered(frozenset({"openid", "profile", "email", "mandate"}), frozenset({"name", "email"}))
CLIENT = new_client(BASELINE)


def ask(**changes: Any) -> AuthorizationRequest:
    return AuthorizationRequest(
        **({"destination": Destination("one-stop", REDIRECT_URI), "scope": "openid"} | changes)
    )


def step(
    request: AuthorizationRequest,
    session: Authentication | None = SESSION,
    *,
    remembered: Remembered = ALL,
    client: Any = CLIENT,
    subject: str = "sub-1",
    **journey: Any,
) -> Step:
    known = {"session_id": "session-1", "auth_time": SESSION.auth_time} if session else {}
    travelling = Journey("journey-1", request, BEGAN, **(known | journey))
    return next_step(request, session, travelling, client, remembered, NOW, subject=subject)


def came_back(acr: str, wanted: tuple[str, ...]) -> dict[str, Any]:
    """The login pages were asked, and the person logged in with this."""
    asked = LoginAsked("step_up", wanted, session_id="session-1", auth_time=SESSION.auth_time)
    return {"session": replace(FRESH, acr=acr), "login": asked}


FIRST_PARTY = new_client(replace(BASELINE, first_party=True))
UNMET = Refuse("unmet_authentication_requirements")
MINIMUM_3 = new_client(replace(BASELINE, minimum_acr="LoA3"))


@pytest.mark.parametrize(
    ("request_", "more", "kind"),
    [
        # nobody is there
        (ask(), {"session": None}, Login),
        (ask(prompts=("none",)), {"session": None}, Refuse("login_required")),
        # somebody is
        (ask(), {}, Answer),
        (ask(prompts=("none",)), {}, Answer),
        # who must log in anew
        (ask(prompts=("login",)), {}, Login),
        (ask(prompts=("login",)), {"session": FRESH}, Answer),
        (ask(prompts=("login",)), {"session": replace(FRESH, session_id="session-2")}, Answer),
        (ask(prompts=("login",)), {"session": replace(SESSION, auth_time=BEGAN), "auth_time": BEGAN}, Login),
        (ask(max_age=10_000), {}, Answer),
        (ask(max_age=1), {}, Login),
        (ask(max_age=0), {}, Login),
        (ask(max_age=1), {"session": FRESH}, Answer),
        (ask(max_age=1, prompts=("none",)), {}, Refuse("login_required")),
        # acr
        (ask(acr_values=("LoA1",)), {}, Answer),
        (ask(acr_values=("LoA3",)), {}, Login),
        (ask(acr_values=("LoA3",)), came_back("LoA2", ("LoA3",)), Answer),
        (ask(acr_values=("LoA3",), prompts=("none",)), {}, Answer),
        (ask(acr_values=("urn:mau:gold",)), {}, Answer),
        (ask(essential_acr=("LoA3",)), {}, Login),
        (ask(essential_acr=("LoA3",)), came_back("LoA2", ("LoA3",)), UNMET),
        (ask(essential_acr=("LoA3",)), came_back("LoA4", ("LoA3",)), Answer),
        (ask(essential_acr=("LoA3",), prompts=("none",)), {}, Refuse("login_required")),
        (ask(essential_acr=("urn:mau:gold",)), {}, UNMET),
        (ask(), {"client": MINIMUM_3}, Login),
        (ask(acr_values=("LoA1",)), came_back("LoA2", ("LoA3",)) | {"client": MINIMUM_3}, UNMET),
        # whom
        (ask(wanted_sub="sub-1", prompts=("none",)), {}, Answer),
        (ask(wanted_sub="sub-2", prompts=("none",)), {}, Refuse("login_required")),
        (ask(wanted_sub="sub-2"), {}, Login),
        (ask(wanted_sub="sub-2"), {"session": FRESH}, Refuse("login_required")),
        (ask(prompts=("select_account",)), {}, ChooseAccount),
        (ask(prompts=("select_account",)), {"account": "session-1"}, Answer),
        (ask(prompts=("select_account",)), {"account": OTHER_ACCOUNT}, Login),
        (ask(prompts=("select_account",)), {"account": OTHER_ACCOUNT, "session": FRESH}, Answer),
        (ask(prompts=("select_account",)), {"session": None}, Login),
        # for whom
        (ask(scope="openid mandate"), {}, ChooseMandate),
        (ask(scope="openid mandate"), {"mandate_id": ""}, Answer),
        (ask(scope="openid mandate"), {"mandate_id": "mandate-of-another"}, ChooseMandate),
        (ask(scope="openid mandate", prompts=("none",)), {}, Refuse("interaction_required")),
        # consent
        (ask(), {"remembered": NOTHING_REMEMBERED}, Consent),
        (ask(scope="openid address"), {}, Consent),
        (ask(prompts=("consent",)), {}, Consent),
        (ask(prompts=("none",)), {"remembered": NOTHING_REMEMBERED}, Refuse("consent_required")),
        (ask(claims={"userinfo": {"name": None}}), {}, Answer),
        (ask(claims={"userinfo": {"birthdate": None}}), {}, Consent),
        (ask(claims={"id_token": {"acr": None, "auth_time": {"essential": True}}}), {}, Answer),
        (ask(details=({"type": "antin_sign"},)), {}, Consent),
        (ask(details=({"type": "antin_sign"},)), {"client": FIRST_PARTY}, Consent),
        (ask(), {"remembered": NOTHING_REMEMBERED, "client": FIRST_PARTY}, Answer),
        (ask(prompts=("consent",)), {"client": FIRST_PARTY}, Consent),
        (ask(prompts=("consent",)), {"consented": Consented("person-1", "openid", ())}, Answer),
        (ask(prompts=("consent",)), {"consented": Consented("person-2", "openid", ())}, Consent),
        # no
        (ask(), {"refused": "access_denied"}, Refuse("access_denied")),
    ],
)  # fmt: skip
def test_the_table_of_steps(request_: AuthorizationRequest, more: dict[str, Any], kind: Any) -> None:
    found = step(request_, **more)
    assert found == kind if isinstance(kind, Refuse) else isinstance(found, kind), found


def test_an_optional_claim_that_was_declined_is_not_asked_for_again() -> None:
    declined = replace(ALL, claims=frozenset(), declined=frozenset({"birthdate"}))
    optional = ask(claims={"userinfo": {"birthdate": None}})
    assert step(optional, remembered=declined) == Answer(SESSION, "openid", ())
    essential = ask(claims={"userinfo": {"birthdate": {"essential": True}}})
    assert isinstance(step(essential, remembered=declined), Consent)


def test_the_login_pages_are_told_what_will_do() -> None:
    client = new_client(replace(BASELINE, minimum_acr="LoA2"))
    found = step(ask(acr_values=("LoA4", "LoA1")), None, client=client)
    assert found == Login(LoginAsked("login", ("LoA2", "LoA4"), ("LoA2",)))
    assert isinstance(found, Login)
    assert step(ask(prompts=("login",))) == Login(
        LoginAsked("reauthenticate", session_id="session-1", auth_time=SESSION.auth_time)
    )


SESSIONS = st.none() | st.builds(
    Authentication,
    person_id=st.sampled_from(["person-1", "person-2"]),
    session_id=st.sampled_from(["session-1", "session-2"]),
    auth_time=st.integers(NOW - 100, NOW),
    acr=st.sampled_from(ACR_LADDER),
    amr=st.just(("pwd",)),
    mandate_id=st.sampled_from(["", "mandate-1"]),
)
ACRS = st.lists(st.sampled_from([*ACR_LADDER, "urn:mau:gold"]), max_size=3, unique=True).map(tuple)
REQUESTS = st.builds(
    AuthorizationRequest,
    destination=st.just(Destination("one-stop", REDIRECT_URI)),
    scope=st.sampled_from(["openid", "openid profile", "openid address", "openid mandate"]),
    prompts=st.sampled_from(
        [(), ("none",), ("login",), ("consent",), ("select_account",), ("login", "consent")]
    ),
    max_age=st.none() | st.integers(0, 100),
    acr_values=ACRS,
    essential_acr=ACRS,
    claims=st.sampled_from([{}, {"userinfo": {"name": None}}, {"userinfo": {"birthdate": None}}]),
    wanted_sub=st.sampled_from(["", "sub of person-1"]),
)  # fmt: skip
JOURNEYS = st.builds(
    Journey,
    journey_id=st.just("journey-1"),
    request=st.just(ask()),
    created_at=st.integers(NOW - 100, NOW),
    session_id=st.sampled_from(["", "session-1", "session-2"]),
    auth_time=st.integers(NOW - 100, NOW),
    login=st.none() | st.builds(LoginAsked, reason=st.just("login"), session_id=st.just("session-1")),
    account=st.sampled_from(["", "session-1", OTHER_ACCOUNT]),
    mandate_id=st.sampled_from([None, "", "mandate-1"]),
    consented=st.none()
    | st.builds(Consented, st.sampled_from(["person-1", "person-2"]), st.just("openid"), st.just(())),
)  # fmt: skip
CLIENTS = st.builds(
    lambda first, minimum: new_client(replace(BASELINE, first_party=first, minimum_acr=minimum)),
    st.booleans(),
    st.sampled_from(["", *ACR_LADDER]),
)
REMEMBERED = st.sampled_from([NOTHING_REMEMBERED, ALL])


@settings(max_examples=800)
@given(REQUESTS, SESSIONS, JOURNEYS, CLIENTS, REMEMBERED)
def test_whatever_is_asked_the_answer_is_sound(
    request: AuthorizationRequest,
    session: Authentication | None,
    journey: Journey,
    client: Any,
    remembered: Remembered,
) -> None:
    subject = f"sub of {session.person_id}" if session else ""
    found = next_step(request, session, journey, client, remembered, NOW, subject=subject)
    if "none" in request.prompts:
        assert isinstance(found, Answer | Refuse)
    if not isinstance(found, Answer):
        return
    assert session is not None
    fresh = session.auth_time >= journey.created_at and (
        session.session_id != journey.session_id or session.auth_time > journey.auth_time
    )
    told = found.authentication
    # the person
    assert (told.person_id, told.auth_time) == (session.person_id, session.auth_time)
    assert request.wanted_sub in ("", subject)
    assert told.mandate_id in ("", session.mandate_id)
    # the age
    if "login" in request.prompts:
        assert fresh
    if request.max_age is not None and NOW - session.auth_time > request.max_age:
        assert fresh
    # the acr was performed, and is not less than what is essential
    assert 0 < acr_rank(told.acr) <= acr_rank(session.acr)
    assert acr_rank(session.acr) >= acr_rank(client.metadata.minimum_acr)
    known = [acr_rank(value) for value in request.essential_acr if acr_rank(value)]
    if request.essential_acr:
        assert known
        assert told.acr in request.essential_acr or acr_rank(told.acr) > min(known)
        assert acr_rank(told.acr) >= min(known)
    # the consent
    own = journey.consented is not None and journey.consented.person_id == session.person_id
    if not own and not client.metadata.first_party:
        assert set(found.scope.split()) <= remembered.scopes
        assert set(found.claims) <= remembered.claims
    if not own:
        assert "consent" not in request.prompts
    assert set(found.scope.split()) <= set(request.scope.split())


@settings(max_examples=300)
@given(REQUESTS, SESSIONS, CLIENTS)
def test_a_login_in_the_journey_is_enough(
    request: AuthorizationRequest, session: Authentication | None, client: Any
) -> None:
    """No loop: after the pages brought somebody with the highest acr, no second login is asked for."""
    journey = Journey("journey-1", request, NOW - 10, mandate_id="")
    before = replace(session, auth_time=NOW - 50) if session else None
    if before:
        journey = replace(journey, session_id=before.session_id, auth_time=before.auth_time)
    first = next_step(request, before, journey, client, ALL, NOW, subject="sub of person-1")
    if isinstance(first, Login):
        journey = replace(journey, login=first.asked)
    after = Authentication("person-1", "session-9", NOW, "LoA4", ("hwk", "user"))
    second = next_step(request, after, journey, client, ALL, NOW, subject="sub of person-1")
    assert not isinstance(second, Login | ChooseAccount)
