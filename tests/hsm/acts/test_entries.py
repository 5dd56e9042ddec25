"""What leaves may say: an allowed list, nothing personal, and no leaf too long for an entry bundle."""

import json
from typing import Any

import pytest

from hsm.acts import entries
from hsm.acts.act import MAX_ITEMS, ActItem
from hsm.acts.adopt_rewrapped import BATCH

MAX_ENTRY = 65_535  # C2SP tlog-tiles: a bundle gives an entry's length in 16 bits
TITLE = "Quyết định kỷ luật ông Nguyễn Văn MẪU"
PATTERNS = {
    "type", "time", "act", "credential", "client", "algorithm", "digest", "kind", "tbs", "rules",
    "position", "approval.kind", "approval.digest", "token.kid", "token.typ", "action", "approvals",
    "intents.index", "intents.signature", "intents.failed", "passkey",
    "kek", "credentials",
}  # fmt: skip


def catalogue() -> dict[str, list[bytes]]:
    """Every kind of leaf, made from inputs that are as long, and as personal, as they can be."""
    item = ActItem(bytes(32), TITLE, "prepared", bytes(32))
    return {
        "signing": [
            entries.signing_intent(
                now=1, act_digest=bytes(32), credential_id="c" * 200, client_id="\u0001" * 200,
                algorithm="ES256", item=item, position=9_999, to_be_signed=bytes(32),
                approval_kind="access_token", approval_digest=bytes(32), rules=["r" * 100] * 100,
            )
        ],
        "token": [
            entries.token_intent(
                now=1, credential_id="c" * 64, kid="k" * 43, algorithm="ES256", typ="at+jwt",
                to_be_signed=bytes(32), rules=["r" * 100] * 100,
            )
        ],
        "admin": [
            entries.admin_intent(
                now=1, act_digest=bytes(32), action="create_credential", approvers=[bytes(32)] * 10,
                rules=["r" * 100] * 100,
            )
        ],
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
    makers -= {"ActItem", "Sequence", "canonical"}
    assert makers == {
        "signing_intent", "token_intent", "admin_intent", "rewrap_intent", "attempt", "passkey_suspended",
        "succeeded", "failed",
    }  # fmt: skip
