"""Rules about the rules: default deny, forbid wins, whatever fails is a deny."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cedarpy
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import policies
from policies import (
    ActionName,
    Bundle,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Decision,
    Engine,
    Principal,
    PrincipalKind,
    Question,
)
from policies.bundle import parse_bundle, read_texts
from policies.model import holder_kind_of
from policies.office_life import RoleFacts
from policies.rule import FirstTest, _reads
from policies.slices import Chosen

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEXTS = read_texts(Path(policies.__file__).parent)
BUNDLE = Bundle.load()
ENGINE = Engine(BUNDLE)
PROOFS = ["client_jws", "access_token", "passkey", "pin_otp", "trust_line", "admin_jws", ""]
STATES = ["created", "active", "suspended", "revoked", "destroyed", "", "Active"]
NAMES = ["one-stop", "other", "idp", "", 'x"y', "tổ\nchức"]

principals = st.builds(
    Principal, st.sampled_from(PrincipalKind), st.sampled_from(NAMES) | st.text(max_size=5)
)
credentials = st.builds(
    CredentialFacts,
    id=st.sampled_from(["credential", "", 'a"b']),
    purpose=st.sampled_from(["organisation", "service", "personal", "token", ""]),
    algorithm=st.sampled_from(["ES256", "PS256", "RS256", "EdDSA", "none", ""]),
    state=st.sampled_from(STATES),
    holder=st.sampled_from(NAMES),
    profile=st.sampled_from([*BUNDLE.profiles, "made-up", ""]),
    proofs=st.frozensets(st.sampled_from(PROOFS)),
    training=st.booleans(),
    holder_kind=st.sampled_from(PrincipalKind),
)
client_keys = st.builds(
    ClientKeyFacts,
    id=st.text(max_size=5),
    holder=st.sampled_from(NAMES),
    algorithm=st.sampled_from(["ES256", "HS256", "EdDSA"]),
    state=st.sampled_from(["active", "retired", ""]),
)
circumstances = st.builds(
    Circumstances,
    now=st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)),  # noqa: DTZ001
    approval=st.sampled_from(PROOFS),
    approvers=st.integers(-1, 4),
    count=st.integers(-1, 20) | st.integers(-(2**70), 2**70),
    content=st.sampled_from(["prepared", "dtbsr", "token", ""]),
    document_kind=st.text(max_size=5),
    acr=st.sampled_from(["", "aal2", "aal3"]),
    act_seconds=st.integers(-1, 1000),
)


roles = st.builds(
    RoleFacts,
    operation=st.sampled_from(["", "sign", "issue", "initial", "copy"]),
    office_active=st.booleans(),
    standing=st.sampled_from(["", "post", "mandate", "member"]),
    mandate=st.sampled_from(["", "valid", "expired", "scope"]),
    earlier=st.frozensets(st.sampled_from(["none", "signed", "failed"])),
    earlier_operations=st.frozensets(st.sampled_from(["sign", "issue"])),
)


@st.composite
def likely(draw: st.DrawFn) -> Question:
    """Questions that agree with their key profile, so that many are allowed."""
    profile = draw(st.sampled_from(sorted(BUNDLE.profiles.values(), key=lambda profile: profile.name)))
    action = draw(st.sampled_from(ActionName))
    holder_kind = holder_kind_of(profile.purpose)
    by = {ActionName.SIGN: holder_kind, ActionName.SIGN_TOKEN: PrincipalKind.SERVICE}
    name = "idp" if profile.is_token else draw(st.sampled_from(["one-stop", "idp"]))
    return Question(
        Principal(by.get(action, PrincipalKind.ADMIN), name),
        action,
        CredentialFacts(
            id="credential",
            purpose=profile.purpose,
            algorithm=profile.algorithm,
            state=draw(st.sampled_from(["active", "active", "created", "suspended"])),
            holder=name,
            profile=profile.name,
            proofs=profile.proofs,
            training=draw(st.booleans()),
            holder_kind=holder_kind,
        ),
        Circumstances(
            NOW,
            approval=draw(st.sampled_from(sorted(profile.proofs) or ["trust_line"])),
            approvers=draw(st.integers(1, 3)),
            count=draw(st.sampled_from([1, 1, 1, 2, 10, 11, 1000, 1001])),
            content=draw(st.sampled_from(sorted(profile.contents))),
            act_seconds=draw(st.sampled_from([0, 300, 900, 901])),
            acr=draw(st.sampled_from(["", "aal2", "aal3"])) if holder_kind is PrincipalKind.PERSON else "",
        ),
    )


questions = likely() | st.builds(
    Question, principals, st.sampled_from(ActionName), credentials | client_keys, circumstances
)


def a_question(**facts: object) -> Question:
    profile = BUNDLE.profiles["service-seal"]
    credential = CredentialFacts(
        id="seal",
        purpose="service",
        algorithm="ES256",
        state="active",
        holder="one-stop",
        profile="service-seal",
        proofs=profile.proofs,
    )
    return Question(
        Principal(PrincipalKind.CLIENT, "one-stop"),
        ActionName.SIGN,
        replace(credential, **facts),
        Circumstances(NOW, approval="client_jws", content="prepared", act_seconds=60),
    )


def with_rule(scope_and_conditions: str, name: str = "tried-here") -> Engine:
    annotations = f'@id("{name}") @basis("test") @reason("thử") @reason_en("test")'
    return Engine(parse_bundle(TEXTS | {"rules/tried.cedar": f"{annotations} {scope_and_conditions}"}))


def test_a_decision_about_one_credential_is_that_ones_alone_where_a_rule_names_it() -> None:
    engine = with_rule('forbid (principal, action, resource == Credential::"seal");', name="never-this-one")
    for _ in range(2):
        assert engine.decide(a_question()).rules == ("never-this-one",)
        assert engine.decide(a_question(id="another")).allowed


def test_credentials_that_differ_by_their_ids_alone_are_decided_once() -> None:
    engine = Engine(BUNDLE)
    decisions = {engine.decide(a_question(id=f"seal-{number}")) for number in range(50)}
    assert len(decisions) == 1
    assert engine._remembered.cache_info().misses == 1
    assert not engine.decide(a_question(holder="other")).allowed


@given(questions)
def test_nothing_is_allowed_without_an_explicit_permit(question: Question) -> None:
    decision = ENGINE.decide(question)
    effects = {BUNDLE.rules[rule].effect for rule in decision.rules}
    if decision.allowed:
        assert effects == {"permit"}
        assert not decision.errors
    else:
        assert "permit" not in effects or decision.errors


@given(questions)
def test_no_permit_opens_what_is_forbidden(question: Question) -> None:
    """Even a rule that permits everything to everybody, added by mistake, opens nothing forbidden."""
    decision = ENGINE.decide(question)
    generous = OPEN_TO_ALL.decide(question)
    if decision.rules and not decision.allowed:
        assert generous == decision
    if decision.errors:
        assert not generous.allowed


@given(questions, roles)
def test_laying_rules_out_by_action_changes_no_decision(question: Question, role: RoleFacts) -> None:
    question = sayable(question, role=role)
    assert UNSLICED.decide(question) == ENGINE.decide(question)


TESTED = """
@id("a") @basis("b") @reason("l") @reason_en("r") forbid (principal, action == Action::"sign", resource)
when { context.document_kind == "x" && context.count + 9223372036854775800 > 0 };
@id("b") @basis("b") @reason("l") @reason_en("r") forbid (principal, action, resource is Credential)
when { "personal" == resource.purpose && context.approvers < 2 } unless { context.acr == "aal3" };
@id("c") @basis("b") @reason("l") @reason_en("r") permit (principal, action, resource is Credential)
when { resource.profile == "personal" } when { context.content == "dtbsr" };
@id("d") @basis("b") @reason("l") @reason_en("r") forbid (principal, action == Action::"sign", resource)
when { context.count + 9223372036854775800 > 0 && context.approval == "passkey" };
@id("e") @basis("b") @reason("l") @reason_en("r") forbid (principal, action == Action::"sign", resource)
when { ["sign", "issue"].contains(context.role.operation) && context.count + 9223372036854775800 > 0 };
@id("f") @basis("b") @reason("l") @reason_en("r") forbid (principal, action == Action::"sign", resource)
when { context.role.mandate != "" && context.count + 9223372036854775800 > 0 };
"""


@given(questions, st.sampled_from(["x", "y", ""]), roles)
def test_leaving_out_rules_by_their_first_test_changes_no_decision(
    question: Question, kind: str, role: RoleFacts
) -> None:
    """Errors included: a rule that fails before its test is asked, and fails."""
    question = sayable(question, document_kind=kind, role=role)
    assert LAID_OUT.decide(question) == LAID_OUT_WHOLE.decide(question)


def sayable(question: Question, **changes: Any) -> Question:
    """With a number that Cedar can take: what no rule reads is not even told it."""
    count = max(-(2**63), min(question.context.count, 2**63 - 1))
    return replace(question, context=replace(question.context, count=count, **changes))


def of_text(text: str, *path: str) -> FirstTest:
    return FirstTest(path, frozenset({text}))


def test_a_rule_is_left_out_by_its_first_test_alone() -> None:
    rules = parse_bundle(TEXTS | {"rules/tried.cedar": TESTED}).rules
    assert {name: rules[name].first_test() for name in "abcdef"} == {
        "a": of_text("x", "context", "document_kind"), "b": of_text("personal", "resource", "purpose"),
        "c": of_text("personal", "resource", "profile"), "d": None,
        "e": FirstTest(("context", "role", "operation"), frozenset({"sign", "issue"})),
        "f": FirstTest(("context", "role", "mandate"), frozenset({""}), without=True),
    }  # fmt: skip


@given(questions, st.integers(0, 10**9))
def test_the_clock_changes_no_decision_of_rules_that_do_not_read_it(question: Question, later: int) -> None:
    moved = replace(question.context, now=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=later))
    assert ENGINE.decide(replace(question, context=moved)) == ENGINE.decide(question)


def test_a_forbid_wins_over_every_permit() -> None:
    assert ENGINE.decide(a_question()).allowed
    engine = with_rule('forbid (principal, action == Action::"sign", resource);')
    assert engine.decide(a_question()) == Decision(allowed=False, rules=("tried-here",))


def test_a_forbid_that_cannot_be_evaluated_is_a_deny() -> None:
    """Cedar passes over a rule that fails; here that would let the permit through."""
    overflow = "context.count + 9223372036854775807 > 0"
    engine = with_rule(f'forbid (principal, action == Action::"sign", resource) when {{ {overflow} }};')
    decision = engine.decide(a_question())
    assert not decision.allowed
    assert "tried-here" in decision.errors[0]
    assert "overflow" in decision.errors[0]


def test_what_cannot_be_evaluated_is_told_in_the_order_of_the_rules_ids() -> None:
    names = [f"tried-{letter}" for letter in "zyxwvutsrqponmlkjihgfedcba"]
    annotations = '@basis("test") @reason("thử") @reason_en("test")'
    text = "".join(
        f'@id("{name}") {annotations} forbid (principal, action, resource)'
        " when { context.count + 9223372036854775807 > 0 };"
        for name in names
    )
    decision = Engine(parse_bundle(TEXTS | {"rules/tried.cedar": text})).decide(a_question())
    assert [error.split("`")[1] for error in decision.errors] == sorted(names)


def test_a_rule_that_reads_the_clock_is_asked_every_second() -> None:
    limit = int(NOW.timestamp()) + 1
    engine = with_rule(f"forbid (principal, action, resource) when {{ context.now > {limit} }};")
    question = a_question()
    for seconds, allowed in ((0, True), (1, True), (2, False), (1, True)):
        later = replace(question.context, now=NOW + timedelta(seconds=seconds))
        assert engine.decide(replace(question, context=later)).allowed is allowed


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        ("context.now > 5", True),
        ("context has now", True),
        ("if context.count > 1 then context.now == 5 else true", True),
        ("[context.now].contains(5)", True),
        ("{ whole: context }.whole.count > 1", True),
        ("context.count > 1 && resource.state == principal.state", False),
        ("true", False),
    ],
)
def test_whether_a_rule_reads_the_clock_is_never_missed(condition: str, reads: bool) -> None:
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    cedar = orjson.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]["policy0"]
    assert _reads(cedar["conditions"], "now") is reads


def test_a_time_without_a_zone_is_a_deny() -> None:
    question = a_question()
    naive = replace(question.context, now=datetime(2026, 11, 24))  # noqa: DTZ001
    decision = ENGINE.decide(replace(question, context=naive))
    assert not decision.allowed
    assert "time zone" in decision.errors[0]


def test_questions_that_differ_in_what_no_rule_reads_are_decided_once() -> None:
    engine, question = Engine(BUNDLE), a_question()
    for number in range(50):
        context = replace(question.context, document_kind=f"loai-{number}", approvers=number)
        assert engine.decide(replace(question, context=context)).allowed
    assert engine._remembered.cache_info().misses == 1
    # With a rule for one kind of document, that one is a question of its own.
    engine = with_rule(
        'forbid (principal, action, resource) when { context.document_kind == "l-7" && context.count > 0 };'
    )
    kinds = [f"l-{number}" for number in range(50)]
    asked = [replace(question, context=replace(question.context, document_kind=kind)) for kind in kinds]
    assert [kind for kind, one in zip(kinds, asked, strict=True) if not engine.decide(one).allowed] == ["l-7"]
    assert engine._remembered.cache_info().misses == 2


@pytest.mark.parametrize("wrong", [{"count": True}, {"content": None}, {"consents": ["holder"]}])
def test_a_circumstance_of_another_type_is_a_deny(wrong: dict[str, Any]) -> None:
    """Cedar would find it unequal, and a rule that forbids would not."""
    question = a_question()
    decision = with_rule(
        'forbid (principal, action, resource) when { context.consents.contains("x") };'
    ).decide(replace(question, context=replace(question.context, **wrong)))
    assert not decision.allowed
    assert "TypeError" in decision.errors[0]


def test_a_clients_key_is_no_credential() -> None:
    question = replace(a_question(), resource=ClientKeyFacts("kid", "one-stop", "ES256"))
    decision = ENGINE.decide(question)
    assert not decision.allowed
    assert "about a Credential" in decision.errors[0]


@pytest.mark.parametrize("broken", [None, 5])
def test_a_question_that_is_no_question_is_a_deny(broken: object) -> None:
    assert not ENGINE.decide(replace(a_question(), action=broken)).allowed
    assert not ENGINE.decide(broken).allowed


def test_threads_share_an_engine() -> None:
    engine = Engine(BUNDLE)
    wrong: list[Decision] = []

    def ask(name: str) -> None:
        for count in range(1, 200):
            question = a_question(holder=name)
            context = replace(question.context, count=count)
            decision = engine.decide(replace(question, context=context))
            if decision.allowed is not (name == "one-stop"):
                wrong.append(decision)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("one-stop", "other") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class Whole:
    """Every rule, whatever is asked."""

    def __init__(self, bundle: Bundle) -> None:
        self._all = Chosen(list(bundle.rules.values()))

    def choose(self, _resource: object, _context: object) -> Chosen:
        return self._all


class Unsliced(Engine):
    """Evaluates every rule for every question."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self._slices = dict.fromkeys(self._slices, Whole(bundle))  # type: ignore[arg-type]


OPEN_TO_ALL = with_rule("permit (principal, action, resource);", name="open-to-all")
UNSLICED = Unsliced(BUNDLE)
LAID_OUT = Engine(parse_bundle(TEXTS | {"rules/tried.cedar": TESTED}))
LAID_OUT_WHOLE = Unsliced(LAID_OUT.bundle)
