"""What step 3 costs with 10, 100 and 1,000 rules, and what a rehearsal of a million acts takes."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from policies import Bundle, Circumstances, CredentialFacts, Engine, Principal, PrincipalKind, Question
from policies.bundle import package_directory, parse_bundle, read_texts
from policies.model import ActionName
from policies.rehearse import rehearse
from tests.bench.province import Province
from tests.bench.table import Row, interleaved

FILES = read_texts(package_directory())
RULES = (10, 100, 1_000)
BATCH_SECONDS = 0.5
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HEAD = '@basis("đo") @reason("đo") @reason_en("measured") '
# As a province's own rules are: one office's kind of document, one condition more.
RULE = (
    '@id("tried-{n}") ' + HEAD + 'forbid (principal, action == Action::"sign", resource is Credential)'
    ' when {{ context.document_kind == "loai-{n}" && context.count > {n} }};'
)
# The same the other way round: nothing can be left out unread.
UNREAD = RULE.replace(
    'context.document_kind == "loai-{n}" && context.count > {n}',
    'context.count > {n} && context.document_kind == "loai-{n}"',
)
ACTS, QUICK_ACTS = 1_000_000, 50_000


def measure(province: Province) -> list[Row]:
    """Decisions nobody has asked before (microseconds of CPU), remembered ones, the rehearsal (seconds)."""
    ways: dict[str, Callable[[], float]] = {}
    for number in RULES:
        engine = Engine(_bundle(number))
        ways[f"{number} rules"] = _cost(engine, fresh=True)
        ways[f"{number} rules, asked before"] = _cost(engine, fresh=False)
        ways[f"{number} rules, each looked at"] = _cost(Engine(_bundle(number, UNREAD)), fresh=True)
    found = interleaved(2 if province.quick else 6, ways)
    rows = [
        Row(f"a decision: {name}", min(costs), "<= 100" if name == "100 rules" else "", unit="µs")
        for name, costs in found.items()
    ]
    acts = QUICK_ACTS if province.quick else ACTS
    return [*rows, _rehearsal(acts)]


def _bundle(number: int, rule: str = RULE) -> Bundle:
    """As many rules may concern a client that signs as this says; the package's own are among them."""
    own = sum(rule.may_concern("sign", "Client") for rule in parse_bundle(FILES).rules.values())
    if number < own:
        # A bundle of a few rules: one that permits, and others that look at something.
        rules = (
            '@id("allow") ' + HEAD + 'permit (principal, action == Action::"sign", resource is Credential);'
        )
        texts = {name: text for name, text in FILES.items() if not name.endswith(".cedar")}
        more = number - 1
    else:
        rules, texts, more = "", FILES, number - own
    rules += "\n".join(rule.format(n=n) for n in range(more))
    return parse_bundle(texts | {"rules/tried.cedar": rules})


def _question() -> Question:
    return Question(
        Principal(PrincipalKind.CLIENT, "mot-cua"),
        ActionName.SIGN,
        CredentialFacts(
            id="c", purpose="service", algorithm="ES256", state="active", holder="mot-cua",
            profile="service-seal", proofs=frozenset({"client_jws"}),
        ),
        Circumstances(NOW, approval="client_jws", approvers=1, content="prepared", act_seconds=300),
    )  # fmt: skip


def _cost(engine: Engine, *, fresh: bool) -> Callable[[], float]:
    question, numbers = _question(), itertools.count()
    assert engine.decide(question).allowed

    def run() -> float:
        began, count = time.thread_time(), 0
        while time.thread_time() - began < BATCH_SECONDS:
            asked = question
            if fresh:  # another number and minute each time, which rules read: nothing is remembered of it
                number = next(numbers)
                at = NOW + timedelta(minutes=number // 100 % 300)
                asked = replace(question, context=replace(question.context, now=at, count=number % 100 + 1))
            engine.decide(asked)
            count += 1
        return (time.thread_time() - began) / count * 1e6

    return run


def _rehearsal(acts: int) -> Row:
    """Acts of a year, as the journal has them: twelve kinds of key and approval, batches of every size."""
    before = parse_bundle(FILES)
    after = parse_bundle(FILES | {"rules/tried.cedar": RULE.format(n=5).replace('"loai-5"', '"to-trinh"')})
    began, cpu = time.perf_counter(), time.thread_time()
    told = rehearse(before, after, _leaves(acts), total=acts)
    took = time.perf_counter() - began
    assert told.acts == acts
    assert told.newly_refused
    return Row(
        f"a rehearsal of {acts:,} acts", took, unit="s", note=f"{told.questions:,} questions asked",
        parts={"cpu_seconds": time.thread_time() - cpu, "questions": told.questions},
    )  # fmt: skip


def _leaves(acts: int) -> Iterator[tuple[int, bytes]]:
    kinds = [
        (profile, purpose, approval, content)
        for profile, purpose, approvals in (
            ("service-seal", "service", ("client_jws", "access_token")),
            ("service-seal-rsa", "service", ("client_jws",)),
            ("personal", "personal", ("passkey", "pin_otp")),
        )
        for approval in approvals
        for content in ("prepared", "dtbsr")
    ]
    step = timedelta(days=365) / acts
    for number in range(acts):
        profile, purpose, approval, content = kinds[number % len(kinds)]
        about = {"purpose": purpose, "algorithm": "ES256", "state": "active", "profile": profile}
        if purpose == "personal":
            about["holder_kind"] = "Person"
        entry = {
            "type": "intent", "time": int((NOW + step * number).timestamp()), "act": "0" * 64,
            "credential": f"c{number % 27_500}", "client": "mot-cua", "algorithm": "ES256", "kind": content,
            "approval": {"kind": approval, "digest": "0" * 64}, "rules": ["x"], "policy": 1, "position": 0,
            "asked": {
                "approvers": 1, "count": number % 40 + 2, "content": content, "act_seconds": 300,
                "document_kind": ("document", "to-trinh")[number % 2], "acr": "aal3", "about": about,
            },
        }  # fmt: skip
        yield number, orjson.dumps(entry)
