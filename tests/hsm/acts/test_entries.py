"""What leaves may say: an allowed list, nothing personal, and no leaf too long for an entry bundle."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hsm.acts import entries
from hsm.acts.act import MAX_ITEMS, ActItem
from hsm.acts.adopt_rewrapped import BATCH
from hsm.acts.asked import ABOUT, CONTEXT, ELSEWHERE, IN_OPERATION, ROLE, asked
from hsm.acts.office_operation import Earlier
from policies.about import ABOUT as ABOUT_ACTIONS
from policies.journalled import EDITION, SINCE
from policies.model import (
    ActionName,
    Circumstances,
    CredentialFacts,
    Principal,
    PrincipalKind,
    Question,
)
from policies.office_life import RoleFacts

MAX_ENTRY = 65_535  # C2SP tlog-tiles: a bundle gives an entry's length in 16 bits
TITLE = "Quyết định kỷ luật ông Nguyễn Văn MẪU"
PATTERNS = {
    "type", "time", "act", "credential", "client", "algorithm", "digest", "kind", "tbs", "rules",
    "position", "approval.kind", "approval.digest", "token.kid", "token.typ", "action", "approvals",
    "intents.index", "intents.signature", "intents.failed", "passkey",
    "kek", "credentials", "policy", "bundle", "approved", "activates.version", "activates.bundle",
    "activates.previous", "asked.approvers", "asked.count", "asked.content", "asked.document_kind",
    "asked.acr", "asked.act_seconds", "asked.parts", "asked.consents", "asked.absent", "asked.unsaid",
    "asked.about.purpose", "asked.about.algorithm", "asked.about.state", "asked.about.profile",
    "asked.about.training", "asked.about.holder_kind", "asked.about.active", "asked.about.wrapped",
    "asked.edition", "asked.about.grantee_own",
    "asked.about.version", "asked.about.earlier", "asked.about.custodian", "asked.about.holder",
    "asked.about.office", "asked.about.rank", "asked.about.person", "asked.about.form",
    "asked.about.grantor", "asked.about.grantee", "asked.about.grantee_place", "asked.about.written",
    "asked.about.ends", "asked.about.limited", "asked.role.office_active", "asked.role.office_training",
    "asked.role.standing", "asked.role.mandate", "asked.role.earlier", "asked.role.earlier_operations",
    "asked.role.earlier_elsewhere", "over",
    "operation.name", "operation.office", "operation.capacity", "operation.post", "operation.mandate",
}  # fmt: skip


# A person's, by the longest words there are; its document_kind is a sentence that a client made up.
QUESTION = Question(
    Principal(PrincipalKind.PERSON, "nguyen-van-an"),
    ActionName.SIGN,
    CredentialFacts(
        id="c", purpose="organisation", algorithm="ES256", state="suspended", holder="nguyen-van-an",
        profile="p" * 63, training=True, holder_kind=PrincipalKind.PERSON, office="o" * 64,
        custodian="nguyen-van-binh",
    ),
    Circumstances(
        now=datetime(2026, 11, 24, tzinfo=UTC), approval="passkey", approvers=2**31, count=10_000,
        content="prepared", document_kind=TITLE[:200], acr="aal3", act_seconds=2**31,
        parts=frozenset({"holder", "custodian", "receiver"}),
        consents=frozenset({"holder", "custodian", "receiver", "administrator"}),
        absent=frozenset({"custodian"}),
        role=RoleFacts(
            "incoming", "o" * 200, True, True, "Ủ" * 200, "mandate", "not_yet",
            frozenset({"none", "signed", "failed", "open", "unknown", "digest"}),
            frozenset({"initial", "sign", "issue", "annex", "copy", "incoming", "comment", "plain"}), True,
        ),
    ),
)  # fmt: skip


def catalogue() -> dict[str, list[bytes]]:
    """Every kind of leaf, made from inputs that are as long, and as personal, as they can be."""
    item = ActItem(bytes(32), TITLE, "prepared", bytes(32))
    return {
        "signing": [
            entries.signing_intent(
                now=1, act_digest=bytes(32), credential_id="c" * 200, client_id="\u0001" * 200,
                algorithm="ES256", item=item, position=9_999, to_be_signed=bytes(32),
                approval_kind="access_token", approval_digest=bytes(32), rules=["r" * 100] * 100,
                policy=2**31, asked=asked(QUESTION),
            ),
            entries.signing_intent(
                now=1, act_digest=bytes(32), credential_id="c" * 200, client_id="\u0001" * 200,
                algorithm="ES256", item=replace(item, over=Earlier((1 << 53) - 1, bytes(32))), position=9_999,
                to_be_signed=bytes(32), approval_kind="passkey", approval_digest=bytes(32),
                rules=["r" * 100] * 100, policy=2**31, asked=asked(QUESTION),
                operation={
                    "name": "incoming", "office": "o" * 200, "capacity": "Ủ" * 200, "mandate": "m" * 64,
                },
            ),
        ],
        "token": [
            entries.token_intent(
                now=1, credential_id="c" * 64, kid="k" * 43, algorithm="ES256", typ="at+jwt",
                to_be_signed=bytes(32), rules=["r" * 100] * 100, policy=2**31,
                asked=asked(QUESTION),
            )
        ],
        "admin": [
            entries.admin_intent(
                now=1, act_digest=bytes(32), action="create_credential", approvers=[bytes(32)] * 10,
                rules=["r" * 100] * 100, policy=2**31,
                told={
                    "asked": asked(QUESTION),
                    "activates": {"version": 2**31, "bundle": "b" * 64, "previous": "p" * 64},
                },
            )
        ],
        "policy": [entries.first_policy(now=1, bundle="b" * 64)],
        "rewrap": [entries.rewrap_intent(now=1, kek="k" * 100, credentials=["c" * 64] * BATCH)],
        "attempt": [entries.attempt(now=1, act_digest=bytes(32), approval_kind="pin_otp")],
        "suspended": [entries.passkey_suspended(now=1, act_digest=bytes(32), passkey=bytes(1023))],
        "succeeded": entries.succeeded(
            now=1, signatures=[((1 << 53) - 1 - n, b"x") for n in range(MAX_ITEMS)]
        ),
        "failed": entries.failed(
            now=1, indexes=[(1 << 53) - 1 - n for n in range(MAX_ITEMS)], reason="CredentialNotUsable"
        ),
    }  # fmt: skip


def names(value: Any, prefix: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, inner in value.items() for name in names(inner, f"{prefix}{key}.")}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {name for inner in value for name in names(inner, prefix)}
    return {prefix.rstrip(".")}


@pytest.mark.parametrize("kind", catalogue())
def test_a_leaf_has_only_the_fields_of_the_allowed_list(kind: str) -> None:
    for entry in catalogue()[kind]:
        assert names(json.loads(entry)) <= PATTERNS


@pytest.mark.parametrize("kind", catalogue())
def test_no_leaf_carries_a_title(kind: str) -> None:
    for entry in catalogue()[kind]:
        assert "MẪU" not in entry.decode()
        assert "Nguy" not in entry.decode()


@pytest.mark.parametrize("kind", catalogue())
def test_every_leaf_fits_into_an_entry_bundle(kind: str) -> None:
    assert max(map(len, catalogue()[kind])) <= MAX_ENTRY


def test_the_outcomes_of_a_large_batch_name_every_intent_once() -> None:
    leaves = entries.succeeded(now=1, signatures=[(n, b"x") for n in range(MAX_ITEMS)])
    assert [one["index"] for leaf in leaves for one in json.loads(leaf)["intents"]] == list(range(MAX_ITEMS))


def test_the_catalogue_above_is_complete() -> None:
    makers = {name for name in vars(entries) if callable(vars(entries)[name]) and not name.startswith("_")}
    makers -= {"ActItem", "Any", "Mapping", "Sequence", "canonical"}
    assert makers == {
        "signing_intent", "token_intent", "admin_intent", "rewrap_intent", "attempt", "passkey_suspended",
        "succeeded", "failed", "first_policy",
    }  # fmt: skip


def test_what_is_not_said_is_named() -> None:
    told = asked(QUESTION)
    assert told["unsaid"] == ["document_kind"]
    assert "nguyen" not in json.dumps(told)
    word = replace(QUESTION, context=replace(QUESTION.context, document_kind="to-trinh"))
    assert (asked(word)["document_kind"], "unsaid" in asked(word)) == ("to-trinh", False)


def test_every_fact_that_a_rule_can_read_is_said_or_left_out_on_purpose() -> None:
    known = {one.name for kind in (Circumstances, *ABOUT_ACTIONS.values()) for one in fields(kind)}
    assert known == {*CONTEXT, *ABOUT, *ELSEWHERE}
    assert {one.name for one in fields(RoleFacts)} == {*ROLE, *IN_OPERATION}


def test_a_fact_that_is_new_is_told_from_one_that_was_not_so() -> None:
    """Leaves of an earlier edition know nothing of it: name it in ``SINCE``, and add one to ``EDITION``."""
    first = {
        "now", "approval", "approvers", "count", "content", "document_kind", "acr", "act_seconds", "parts",
        "consents", "absent", "role", "id", "purpose", "algorithm", "state", "holder", "profile", "proofs",
        "training", "holder_kind", "office", "custodian", "active", "wrapped", "version", "earlier", "rank",
        "person", "form", "grantor", "grantee", "grantee_place", "written", "ends", "limited",
        "operation", "office_active", "office_training", "capacity", "standing", "mandate",
        "earlier_operations", "earlier_elsewhere", "ground",
    }  # fmt: skip
    kinds = (Circumstances, RoleFacts, *ABOUT_ACTIONS.values())
    assert {one.name for kind in kinds for one in fields(kind)} == first | SINCE.keys()
    assert max(SINCE.values()) == EDITION
