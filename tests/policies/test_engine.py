"""Rules about the rules: default deny, forbid wins, whatever fails is a deny."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import cedarpy
import orjson
import pytest
from hypothesis import given

from policies import (
    ClientKeyFacts,
    Decision,
    Engine,
    Question,
)
from policies.bundle import parse_bundle
from policies.rule import _reads
from tests.policies.questions import BUNDLE, ENGINE, NOW, TEXTS, a_question, questions, with_rule


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


OPEN_TO_ALL = with_rule("permit (principal, action, resource);", name="open-to-all")
