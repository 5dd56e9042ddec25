"""From question to leaf and back: a rehearsal asks what was asked, or says that it cannot."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsm.acts import entries
from hsm.acts.act import ActItem
from hsm.acts.asked import asked
from hsm.acts.standing import journalled
from policies import Engine
from policies.about import ABOUT
from policies.bundle import Bundle, package_directory, parse_bundle, read_texts
from policies.journalled import NotRehearsed, question_of
from policies.model import (
    ActionName,
    AdministratorFacts,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    EnrolmentFacts,
    Facts,
    HolderFacts,
    PolicyFacts,
    Principal,
    PrincipalKind,
    Question,
    StoreFacts,
)
from policies.office_life import NO_OPERATION, MandateFacts, OfficeFacts, PostFacts, RoleFacts
from policies.rehearse import _Alike

FILES = read_texts(package_directory())
BUNDLE = parse_bundle(FILES)
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SENTENCE = "Kỷ luật ông Nguyễn Văn MẪU"
HEAD = '@id("tried") @basis("b") @reason("l") @reason_en("r") '
# A rule for each thing that a draft may look at.
CONDITIONS = (
    'principal == Person::"an"', 'resource in Person::"binh"', 'resource in Client::"mot-cua"',
    'principal == Client::"mot-cua"', 'resource == Credential::"khoa"', 'resource.custodian == "an"',
    'resource.custodian != ""', 'resource.office == "H47"', 'context.role.office == "H47"',
    'context.role.standing == "mandate"', 'context.role.capacity == "KT. CHỦ TỊCH"',
    'context.role.earlier.contains("failed")', "context.role.earlier_elsewhere", "resource.training",
    'context.role.mandate == "scope"', 'context.document_kind == "to-trinh"', "context.minute > 600",
    "context.role.office_training", 'context.role.earlier_operations.contains("copy")',
)  # fmt: skip
DRAFTS = [
    parse_bundle(
        FILES
        | {
            "rules/tried.cedar": HEAD
            + f'forbid (principal, action == Action::"sign", resource) when {{ {condition} }};'
        }
    )
    for condition in CONDITIONS
]
ENGINES = {id(bundle): Engine(bundle) for bundle in (BUNDLE, *DRAFTS)}

people = st.sampled_from(["an", "binh"])
clients = st.sampled_from(["mot-cua", "idp", "khác"])
states = st.sampled_from(["new", "given", "created", "active", "suspended", "retired", "revoked", "current"])
words = st.sampled_from(["", "to-trinh", "H47", "tờ trình"])
earlier = st.frozensets(st.sampled_from(["none", "signed", "failed", "unknown"]), min_size=1)
operations = st.sampled_from(["initial", "sign", "issue", "annex", "copy", "incoming", "comment"])
roles = st.just(NO_OPERATION) | st.builds(
    RoleFacts,
    operation=operations,
    office=st.sampled_from(["H47", "Sở Nội vụ"]),
    office_active=st.booleans(),
    office_training=st.booleans(),
    capacity=st.sampled_from(["", "KT. CHỦ TỊCH"]),
    standing=st.sampled_from(["", "member", "post", "mandate"]),
    mandate=st.sampled_from(["", "valid", "expired", "scope"]),
    earlier=earlier,
    earlier_operations=st.frozensets(operations | st.just("plain")),
    earlier_elsewhere=st.booleans(),
    ground=st.just("g"),
)
FACTS: dict[type[Facts], st.SearchStrategy[Any]] = {
    ClientKeyFacts: st.builds(
        ClientKeyFacts, st.just("kid"), clients, st.sampled_from(["ES256", "HS256"]), states
    ),
    EnrolmentFacts: st.builds(EnrolmentFacts, people, states),
    HolderFacts: st.builds(
        HolderFacts, people, st.integers(0, 3), st.sampled_from([PrincipalKind.CLIENT, PrincipalKind.PERSON])
    ),
    StoreFacts: st.builds(StoreFacts, st.just("kek"), states, st.integers(0, 2)),
    AdministratorFacts: st.builds(AdministratorFacts, st.just("a"), states, st.integers(0, 3)),
    PolicyFacts: st.builds(PolicyFacts, st.just("b" * 64), st.integers(2, 9), st.booleans()),
    OfficeFacts: st.builds(OfficeFacts, st.just("H47"), states),
    PostFacts: st.builds(
        PostFacts, st.just(""), states, st.sampled_from(["head", "member", "vua"]), states, states
    ),
    MandateFacts: st.builds(
        MandateFacts, st.just(""), states, st.sampled_from(["TM", "KT", "TL", "TUQ", "Q"]), states,
        st.sampled_from(["none", "head", "above", "TL", "KT"]),
        st.sampled_from(["", "deputy", "unit_head", "head"]), st.sampled_from(["here", "below", "elsewhere"]),
        st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    ),
}  # fmt: skip


@st.composite
def credentials(draw: st.DrawFn, principal: Principal) -> CredentialFacts:
    profile = draw(st.sampled_from(sorted(BUNDLE.profiles.values(), key=lambda one: one.name)))
    kind = draw(st.sampled_from([PrincipalKind.CLIENT, PrincipalKind.PERSON]))
    holder = draw(clients if kind is PrincipalKind.CLIENT else people)
    if draw(st.booleans()) and principal.kind in (PrincipalKind.CLIENT, PrincipalKind.PERSON):
        kind, holder = principal.kind, principal.id
    return CredentialFacts(
        id="khoa",
        purpose=profile.purpose,
        algorithm=profile.algorithm,
        state=draw(st.sampled_from(["active", "active", "created", "suspended"])),
        holder=holder,
        profile=profile.name,
        proofs=profile.proofs,
        training=draw(st.booleans()),
        holder_kind=kind,
        office=draw(st.sampled_from(["", "H47", "Sở Nội vụ"])),
        custodian=draw(st.sampled_from(["", "an", "binh"])),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    # Signing has most of the rules.
    action = draw(st.sampled_from([*ActionName, *[ActionName.SIGN] * 20]))
    approval = {ActionName.SIGN_TOKEN: "trust_line"}.get(action, "admin_jws")
    principal = Principal(PrincipalKind.ADMIN, "quan-tri-1")
    if action is ActionName.SIGN:
        approval = draw(st.sampled_from(["client_jws", "access_token", "passkey", "pin_otp"]))
        by_client = approval in ("client_jws", "access_token")
        kind = PrincipalKind.CLIENT if by_client else PrincipalKind.PERSON
        principal = Principal(kind, draw(clients if by_client else people))
    elif action is ActionName.SIGN_TOKEN:
        principal = Principal(PrincipalKind.SERVICE, "idp")
    kind_of_facts = ABOUT[action]
    parts = st.frozensets(st.sampled_from(["holder", "custodian", "receiver", "grantor", "administrator"]))
    return Question(
        principal,
        action,
        draw(credentials(principal) if kind_of_facts is CredentialFacts else FACTS[kind_of_facts]),
        Circumstances(
            NOW,
            approval,
            approvers=draw(st.integers(1, 3)),
            count=draw(st.sampled_from([1, 1, 2, 11])),
            content=draw(st.sampled_from(["prepared", "dtbsr", "token"])),
            document_kind=draw(words),
            acr=draw(st.sampled_from(["", "aal2", "aal3"])),
            act_seconds=draw(st.sampled_from([0, 300, 1000])),
            parts=draw(parts),
            consents=draw(parts),
            absent=draw(parts),
            role=draw(roles) if action is ActionName.SIGN else NO_OPERATION,
        ),
    )


def leaf(question: Question) -> dict[str, Any]:
    """As the key process writes it."""
    now, told = int(NOW.timestamp()), asked(question)
    known: dict[str, Any] = {"now": now, "rules": [], "policy": 1}
    if question.action is ActionName.SIGN_TOKEN:
        made = entries.token_intent(
            credential_id="khoa", kid="k", algorithm="ES256", typ="JWT", to_be_signed=b"", asked=told, **known
        )
    elif question.action is ActionName.SIGN:
        by_client = question.principal.kind is PrincipalKind.CLIENT
        made = entries.signing_intent(
            act_digest=b"", credential_id="khoa",
            client_id=question.principal.id if by_client else "ban-lam-viec", algorithm="ES256",
            item=ActItem(bytes(32), SENTENCE, "prepared"), position=0, to_be_signed=b"",
            approval_kind=question.context.approval, approval_digest=b"", asked=told,
            operation=journalled(question.context.role), **known,
        )  # fmt: skip
    else:
        activates = {"version": 2, "bundle": "b" * 64, "previous": "p" * 64}
        made = entries.admin_intent(
            act_digest=b"", action=question.action, approvers=[],
            told={"asked": told, "activates": activates}, **known,
        )  # fmt: skip
    entry: dict[str, Any] = json.loads(made)
    return entry


def agree(question: Question, draft: Bundle) -> bool:
    """Whether the leaf can be rehearsed; if so, both bundles answer the leaf as they answer the question."""
    entry = leaf(question)
    rebuilt = question_of(entry)
    try:
        _Alike(BUNDLE, draft).check_told(rebuilt, entry)
    except NotRehearsed:
        return False
    for bundle in (BUNDLE, draft):
        there, back = (ENGINES[id(bundle)].decide(one) for one in (question, rebuilt))
        assert (there.allowed, there.rules) == (back.allowed, back.rules), (entry, rebuilt)
    return True


@given(questions(), st.sampled_from(DRAFTS))
def test_what_comes_back_from_a_leaf_is_decided_as_what_was_asked(question: Question, draft: Bundle) -> None:
    agree(question, draft)


@given(questions())
def test_every_question_in_words_is_rehearsed_by_the_rules_of_the_house(question: Question) -> None:
    context = replace(question.context, document_kind="to-trinh")
    resource = question.resource
    if isinstance(resource, CredentialFacts):
        resource = replace(resource, office="H47")
    assert agree(replace(question, context=context, resource=resource), BUNDLE)


@given(questions())
def test_no_leaf_says_who_a_person_is(question: Question) -> None:
    assert not {'"an"', '"binh"', '"quan-tri-1"', SENTENCE} & set(
        json.dumps(leaf(question), ensure_ascii=False).replace(":", " ").replace(",", " ").split()
    )


def test_acts_that_differ_in_what_a_rule_reads_are_never_asked_as_one() -> None:
    role = RoleFacts("sign", "H47", True, False, "KT. CHỦ TỊCH", "mandate", "valid", frozenset({"none"}))
    base = Question(
        Principal(PrincipalKind.PERSON, "an"),
        ActionName.SIGN,
        CredentialFacts(
            "khoa", "personal", "ES256", "active", "an", "personal", holder_kind=PrincipalKind.PERSON
        ),
        Circumstances(NOW, "passkey", 1, role=role),
    )
    alike = _Alike(BUNDLE, BUNDLE)
    others = [
        {"office": "H48"}, {"capacity": "TL. CHỦ TỊCH"}, {"standing": "post"}, {"mandate": "scope"},
        {"earlier": frozenset({"signed"})}, {"office_training": True}, {"operation": "comment"},
    ]  # fmt: skip
    keys = {alike.key(leaf(base))} | {
        alike.key(leaf(replace(base, context=replace(base.context, role=replace(role, **other)))))
        for other in others
    }
    assert len(keys) == len(others) + 1
    same = replace(base, context=replace(base.context, role=replace(role, ground="another mandate")))
    assert alike.key(leaf(same)) == alike.key(leaf(base))


@pytest.mark.parametrize(
    ("take", "reason"),
    [
        ("role", "journalled before an operation's facts were"),
        ("custodian", "journalled before a seal's clerk was"),
    ],
)
def test_a_leaf_of_an_earlier_edition_is_told_apart_and_never_judged(take: str, reason: str) -> None:
    entry = leaf(
        Question(
            Principal(PrincipalKind.PERSON, "an"),
            ActionName.SIGN,
            CredentialFacts(
                "khoa", "organisation", "ES256", "active", "mot-cua", "organisation-seal", custodian="an",
                office="H47",
            ),
            Circumstances(
                NOW, "passkey", 1, content="prepared", acr="aal3",
                role=RoleFacts("issue", "H47", True, earlier=frozenset({"signed"})),
            ),
        )
    )  # fmt: skip
    question_of(entry)
    told = entry["asked"]
    (told if take == "role" else told["about"]).pop(take)
    told["unsaid"] = [take]
    with pytest.raises(NotRehearsed) as caught:
        question_of(entry)
    assert caught.value.reason == reason


def test_a_fact_that_came_later_is_missing_from_earlier_leaves() -> None:
    facts = MandateFacts("", "new", "KT", grantor="head", grantee="deputy", grantee_place="here")
    question = Question(
        Principal(PrincipalKind.ADMIN, "a"), ActionName.GIVE_MANDATE, facts, Circumstances(NOW, "admin_jws")
    )
    entry = leaf(question)
    alike = _Alike(BUNDLE, BUNDLE)
    alike.check_told(question_of(entry), entry)
    del entry["asked"]["edition"]
    with pytest.raises(NotRehearsed, match="a rule reads grantee_own"):
        alike.check_told(question_of(entry), entry)
