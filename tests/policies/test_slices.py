"""Rules that are not looked at change no decision: laid out by action, by first test, by what they read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policies import (
    Bundle,
    Engine,
    Question,
)
from policies.bundle import parse_bundle
from policies.office_life import RoleFacts
from policies.rule import FirstTest
from policies.slices import Chosen
from tests.policies.questions import BUNDLE, ENGINE, TEXTS, questions, roles


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


UNSLICED = Unsliced(BUNDLE)
LAID_OUT = Engine(parse_bundle(TEXTS | {"rules/tried.cedar": TESTED}))
LAID_OUT_WHOLE = Unsliced(LAID_OUT.bundle)
