"""The decision tables in ``decisions/``: who, what, when -> allow or deny, and by which rules."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies import Bundle, Engine, Question
from policies.about import ABOUT
from policies.explain import parse_question
from policies.model import EnrolmentFacts

TABLES = sorted((Path(__file__).parent / "decisions").glob("*.toml"))
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BUNDLE = Bundle.load()
ENGINE = Engine(BUNDLE)
CLIENT_KEY_FACTS = {"id", "holder", "algorithm", "state"}
ENROLMENT_FACTS = {"id", "state"}


def read_cases() -> list[Any]:
    cases = []
    for path in TABLES:
        table = tomllib.loads(path.read_text("utf-8"))
        cases += [pytest.param({**table["base"], **case, **merged(table["base"], case)}, id=case["name"])
                  for case in table["case"]]  # fmt: skip
    return cases


def merged(base: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    return {name: base[name] | case.get(name, {}) for name in ("credential", "context")}


def question_of(case: dict[str, Any]) -> Question:
    facts = case["credential"]
    if "client_key" in case["action"]:
        facts = {name: facts[name] for name in facts.keys() & CLIENT_KEY_FACTS}
    if ABOUT.get(case["action"]) is EnrolmentFacts:
        facts = {name: facts[name] for name in facts.keys() & ENROLMENT_FACTS}
    at = datetime.fromisoformat(case["at"]) if "at" in case else NOW
    return parse_question(BUNDLE, case["who"], case["action"], facts, case["context"], at)


CASES = read_cases()


@pytest.mark.parametrize("case", CASES)
def test_the_decision_is_the_tables(case: dict[str, Any]) -> None:
    decision = ENGINE.decide(question_of(case))
    assert (decision.allowed, list(decision.rules)) == (case["allowed"], case["rules"])
    if "error" in case:
        assert case["error"] in "\n".join(decision.errors)
    else:
        assert decision.errors == ()


def test_every_rule_decides_a_case_of_a_table() -> None:
    deciding = {rule for case in CASES for rule in case.values[0]["rules"]}
    assert deciding == set(BUNDLE.rules)


def test_a_remembered_decision_is_the_decision() -> None:
    engine = Engine(BUNDLE)
    questions = [question_of(case.values[0]) for case in CASES]
    first = [engine.decide(question) for question in questions]
    assert [engine.decide(question) for question in reversed(questions)] == first[::-1]
    # One that never decided anything else before.
    another = Engine(BUNDLE)
    assert [another.decide(question) for question in reversed(questions)] == first[::-1]
