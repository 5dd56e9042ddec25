"""A draft tried on what the journal has: what changes sides, by which rules, and what could not be tried."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import Bundle, CredentialFacts, Engine
from policies.bundle import package_directory, parse_bundle, read_texts
from policies.journalled import question_of
from policies.model import PrincipalKind
from policies.office_ways import PLAIN
from policies.possibilities import compare, who_could_sign
from policies.rehearse import _Alike, rehearse

FILES = read_texts(package_directory())
BUNDLE = parse_bundle(FILES)
TIME = int(datetime(2026, 11, 24, 3, 0, tzinfo=UTC).timestamp())
HEAD = '@id("tried") @basis("b") @reason("l") @reason_en("r") '


def with_rule(text: str) -> Bundle:
    return parse_bundle(FILES | {"rules/tried.cedar": HEAD + text})


def forbid(condition: str, scope: str = 'action == Action::"sign"') -> Bundle:
    return with_rule(f"forbid (principal, {scope}, resource) when {{ {condition} }};")


def signed(**changes: Any) -> dict[str, Any]:
    """A leaf as ``hsm.acts.entries.signing_intent`` writes it."""
    asked = {
        "approvers": 1, "content": "prepared", "document_kind": "document", "act_seconds": 300,
        "about": {"purpose": "service", "algorithm": "ES256", "state": "active", "profile": "service-seal"},
    }  # fmt: skip
    entry = {
        "type": "intent", "time": TIME, "act": "00", "credential": "c1", "client": "one-stop",
        "algorithm": "ES256", "digest": "x", "kind": "prepared", "tbs": "x",
        "approval": {"kind": "client_jws", "digest": "00"}, "rules": ["sign-own-credential"], "policy": 1,
        "position": 0, "asked": asked,
    }  # fmt: skip
    asked_changes = changes.pop("asked", {})
    about = asked["about"] | asked_changes.pop("about", {})  # type: ignore[operator]
    return {**entry, **changes, "asked": {**asked, **asked_changes, "about": about}}


def personal(**changes: Any) -> dict[str, Any]:
    about = {"purpose": "personal", "profile": "personal", "holder_kind": "Person"}
    return signed(
        approval={"kind": "passkey", "digest": "00"}, asked={"acr": "aal3", "about": about}, **changes
    )


def administered(action: str, **asked: Any) -> dict[str, Any]:
    return {
        "type": "intent", "time": TIME, "act": "00", "kind": "admin", "action": action, "approvals": [],
        "rules": [], "policy": 1, "asked": {"approvers": 2, "act_seconds": 300, **asked},
    }  # fmt: skip


TOKEN = {
    "type": "intent", "time": TIME, "credential": "t1", "client": "idp", "algorithm": "ES256",
    "kind": "token", "token": {"kid": "k", "typ": "JWT"}, "tbs": "x", "rules": [], "policy": 1,
    "asked": {
        "content": "token",
        "about": {"purpose": "token", "algorithm": "ES256", "state": "active", "profile": "oidc-token"},
    },
}  # fmt: skip


def tried(after: Bundle, *leaves: dict[str, Any], before: Bundle = BUNDLE) -> Any:
    entries = [(index, json.dumps(leaf).encode()) for index, leaf in enumerate(leaves)]
    return rehearse(before, after, entries, total=len(entries))


LEAVES = [
    signed(), personal(), TOKEN,
    administered("register_client_key", about={"algorithm": "ES256", "state": "active"}),
    administered("suspend_credential", about={"purpose": "service", "algorithm": "ES256", "state": "active",
                                              "profile": "service-seal"}),
    administered("register_person", about={"state": "new"}),
    administered("rotate_kek", about={"state": "current", "wrapped": 3}),
    administered("suspend_holder", about={"active": 2, "holder_kind": "Person"}),
    administered("activate_policy", consents=["administrator"], about={"version": 2})
    | {"activates": {"version": 2, "bundle": "0" * 64, "previous": "1" * 64}},
]  # fmt: skip


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.get("action", leaf["kind"]))
def test_every_kind_of_act_comes_back_as_the_question_that_allowed_it(leaf: dict[str, Any]) -> None:
    decision = Engine(BUNDLE).decide(question_of(leaf))
    assert (decision.allowed, decision.errors) == (True, ())


def test_the_same_policy_changes_nothing() -> None:
    told = tried(BUNDLE, *LEAVES)
    assert (told.acts, told.same, told.newly_refused, told.newly_allowed, told.not_rehearsed) == (
        len(LEAVES), len(LEAVES), (), (), {},
    )  # fmt: skip


def test_what_would_be_refused_is_told_with_rules_and_leaves() -> None:
    leaves = [signed(), signed(asked={"count": 6}), personal(), signed(asked={"count": 6})]
    told = tried(forbid("context.count > 5"), *leaves)
    [changed] = told.newly_refused
    assert (changed.acts, changed.leaves, changed.after.rules) == (2, [1, 3], ("tried",))
    assert (changed.before.rules, told.same) == (("sign-own-credential",), 2)


def test_what_would_be_allowed_again_is_told() -> None:
    told = tried(BUNDLE, signed(asked={"count": 6}), before=forbid("context.count > 5"))
    [changed] = told.newly_allowed
    assert (changed.before.rules, changed.after.rules) == (("tried",), ("sign-own-credential",))


def test_outcomes_and_other_entries_are_no_acts() -> None:
    others = [
        {"type": "outcome", "time": TIME, "intents": []}, {"type": "policy", "time": TIME, "policy": 1},
        {"type": "intent", "time": TIME, "kind": "rewrap", "kek": "kek-2", "credentials": []},
    ]  # fmt: skip
    assert tried(BUNDLE, *others).acts == 0


class TestNotGuessed:
    def test_an_act_from_before_facts_were_journalled_is_counted(self) -> None:
        old = signed()
        del old["asked"]
        assert tried(BUNDLE, old, old, signed()).not_rehearsed == {"journalled before facts were": 2}

    def test_a_fact_that_is_not_said_matters_only_to_rules_that_read_it(self) -> None:
        leaf = signed(asked={"unsaid": ["document_kind"]})
        assert tried(forbid("context.count > 5"), leaf).same == 1
        told = tried(forbid('context.document_kind == "to-trinh"'), leaf)
        assert told.not_rehearsed == {"a rule reads document_kind, which is not journalled": 1}
        assert told.newly_refused == ()

    @pytest.mark.parametrize(
        ("condition", "leaf", "kind"),
        [
            ('principal == Person::"an"', personal(), "Person"),
            ('resource in Person::"an"', personal(), "Person"),
            ('principal == Admin::"quan-tri-1"', LEAVES[3], "Admin"),
        ],
    )
    def test_a_rule_that_names_somebody_cannot_be_tried_on_leaves_that_do_not(
        self, condition: str, leaf: dict[str, Any], kind: str
    ) -> None:
        scope = f'action == Action::"{leaf.get("action", "sign")}"'
        told = tried(forbid(condition, scope), leaf)
        assert list(told.not_rehearsed) == [f"a rule names a certain {kind}, and no leaf does"]

    def test_a_rule_that_names_a_client_or_credential_is_tried(self) -> None:
        leaves = [signed(), signed(client="other"), signed(credential="c2")]
        for condition, leaf in (('principal == Client::"other"', 1), ('resource == Credential::"c2"', 2)):
            assert [one.leaves for one in tried(forbid(condition), *leaves).newly_refused] == [[leaf]]

    def test_an_act_that_there_is_no_more_is_counted(self) -> None:
        assert list(tried(BUNDLE, administered("fly", about={})).not_rehearsed) == ["an act there is no more"]


class TestClock:
    def test_acts_at_night_are_told_from_those_by_day(self) -> None:
        night = TIME + 12 * 3600
        told = tried(forbid("context.minute < 420 || context.minute >= 1050"), signed(), signed(time=night))
        assert [one.leaves for one in told.newly_refused] == [[1]]

    def test_a_week_of_acts_is_few_questions(self) -> None:
        leaves = [signed(time=TIME + minute * 60) for minute in range(0, 7 * 1440, 7)]
        told = tried(BUNDLE, *leaves)
        assert told.acts == len(leaves)
        assert told.questions < 7 * 4 * 5

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(st.integers(0, 1440), min_size=1, max_size=3),
        st.lists(st.integers(0, 60 * 24 * 14), min_size=1, max_size=12),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    )
    def test_acts_that_are_asked_once_would_have_got_one_answer(
        self, marks: list[int], minutes: list[int], operator: str
    ) -> None:
        """Whatever a rule compares the clock with: equal keys, equal decisions."""
        after = forbid(" || ".join(f"(context.minute {operator} {mark})" for mark in marks))
        alike, engine = _Alike(BUNDLE, after), Engine(after)
        by_key: dict[object, set[bool]] = {}
        for minute in minutes:
            leaf = signed(time=TIME + minute * 60)
            answer = engine.decide(question_of(leaf)).allowed
            by_key.setdefault(alike.key(leaf), set()).add(answer)
        assert all(len(answers) == 1 for answers in by_key.values())

    def test_a_clock_that_is_reckoned_with_is_asked_every_time(self) -> None:
        after = forbid("context.minute * 2 == 1200")
        leaves = [signed(time=TIME + minute * 60) for minute in range(20)]
        told = tried(after, *leaves)
        assert (told.questions, [one.leaves for one in told.newly_refused]) == (20, [[0]])


class TestPossibilities:
    def test_who_could_sign_with_a_personal_key(self) -> None:
        facts = CredentialFacts(
            id="c", purpose="personal", algorithm="ES256", state="active", holder="an", profile="personal",
            proofs=frozenset({"passkey", "pin_otp", "client_jws", "access_token"}),
            holder_kind=PrincipalKind.PERSON,
        )  # fmt: skip
        allowed = {
            (one.who, one.approval, one.content)
            for one in who_could_sign(BUNDLE, facts)
            if one.decision.allowed
        }
        assert allowed == {
            ("holder", approval, content) for approval in ("passkey", "pin_otp")
            for content in ("prepared", "dtbsr")
        }  # fmt: skip

    def test_a_draft_that_opens_a_door_is_told_though_nobody_went_through(self) -> None:
        head, seal, rest = FILES["key-profiles.toml"].partition("[compatibility-rs256]\n")
        rest = rest.replace('"client_jws"]', '"client_jws", "access_token"]', 1)
        wide = f"{head}{seal}max_signatures_by_access_token = 1\n{rest}"
        opened = compare(BUNDLE, parse_bundle(FILES | {"key-profiles.toml": wide}))
        assert {(one.profile, one.after.who, one.after.approval, one.after.content) for one in opened} == {
            ("compatibility-rs256", "holder", "access_token", "prepared")
        }
        assert all(one.after.decision.allowed and not one.before.decision.allowed for one in opened)

    def test_a_profile_that_a_draft_removes_signs_no_more(self) -> None:
        profiles = FILES["key-profiles.toml"]
        start = profiles.index("[compatibility-scal1]")
        less = profiles[:start] + profiles[profiles.index("\n[", start) + 1 :]
        opened = compare(BUNDLE, parse_bundle(FILES | {"key-profiles.toml": less}))
        assert {one.profile for one in opened} == {"compatibility-scal1"}
        assert not any(one.after.decision.allowed for one in opened)

    def test_what_a_draft_opens_for_a_seal_with_a_clerk_is_told(self) -> None:
        """Without the rule of the named clerk whoever holds a seal could use it, with a clerk or without."""
        roles = FILES["rules/roles.cedar"]
        start = roles.index('@id("actor-named-clerk")')
        less = roles[:start] + roles[roles.index("@id(", start + 4) :]
        opened = compare(BUNDLE, parse_bundle(FILES | {"rules/roles.cedar": less}))
        assert {(one.entrusted, one.after.who) for one in opened if one.after.way == PLAIN} == {
            (True, "holder"), (False, "holder"),
        }  # fmt: skip
        assert "organisation-seal" in {one.profile for one in opened}
        assert "issue" in {one.after.way.role.operation for one in opened}

    def test_the_same_rules_and_profiles_open_nothing(self) -> None:
        assert compare(BUNDLE, parse_bundle(FILES)) == []

    def test_office_hours_are_told_apart(self) -> None:
        head, seal, rest = FILES["key-profiles.toml"].partition("[service-seal]\n")
        closed = head + seal + rest.replace('hours = "any"', 'hours = "office"', 1)
        facts = CredentialFacts(
            id="c", purpose="service", algorithm="ES256", state="active", holder="ubnd",
            profile="service-seal", proofs=frozenset({"client_jws"}),
        )  # fmt: skip
        bundle = parse_bundle(FILES | {"key-profiles.toml": closed})
        moments = {one.moment for one in who_could_sign(bundle, facts) if one.decision.allowed}
        assert moments == {"office"}
