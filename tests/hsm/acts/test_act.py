"""One act, one spelling: canonical JSON, checked before anything else is believed."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hsm.acts.act import ActItem, AdminAct, SignAct, act_digest, parse_admin_act, parse_sign_act
from hsm.acts.canonical import canonical
from hsm.algorithms import SignatureAlgorithm
from hsm.errors import ActMalformed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
NAME = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
TITLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=60)
JSON = st.recursive(
    TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4),
    max_leaves=20,
)
ITEM = st.builds(
    ActItem,
    digest=st.binary(min_size=32, max_size=32),
    title=TITLE,
    kind=st.sampled_from(["prepared", "dtbsr"]),
    source=st.just(b"") | st.binary(min_size=32, max_size=32),
)
ACT = st.builds(
    SignAct,
    act_id=TEXT, client_id=TEXT, credential_id=TEXT, algorithm=st.sampled_from(SignatureAlgorithm),
    items=st.lists(ITEM, min_size=1, max_size=4).map(tuple),
    issued_at=st.integers(0, 2**40), expires_at=st.integers(0, 2**40), document_kind=TEXT,
)  # fmt: skip


@given(JSON)
def test_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.5, 1.0, 2**53, {"é": 1}, {1: 2}, b"x", object()])
def test_what_has_no_sure_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical(value)


@given(ACT)
def test_an_act_is_read_back_as_it_was_written(act: SignAct) -> None:
    assert parse_sign_act(act.encode()) == act


def _bytes(**changes: Any) -> bytes:
    act = SignAct("a", "c", "k", SignatureAlgorithm.ES256, (ActItem(b"0" * 32, "t"),), 1, 2)
    fields = json.loads(act.encode())
    fields.update(changes)
    return rfc8785.dumps({name: value for name, value in fields.items() if value is not ...})


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"null", b"\xff", b"{", b'"sign"', _bytes(type="admin"), _bytes(items=[]),
        _bytes(items=...), _bytes(extra=1), _bytes(act_id=""), _bytes(act_id=1), _bytes(algorithm="none"),
        _bytes(algorithm="HS256"), _bytes(issued_at=-1), _bytes(issued_at=True), _bytes(issued_at="1"),
        _bytes(items=[{"digest": "AA==", "kind": "dtbsr", "title": "t"}]), _bytes(items=["x"]),
        _bytes(items=[{"digest": "A" * 43 + "=", "kind": "dtbsr", "title": "hợp đồng \u202egnas"}]),
        _bytes(items=[{"digest": "A" * 43 + "=", "kind": "dtbsr", "title": "hai\ndòng"}]),
        _bytes(items=[{"digest": "!" * 44, "kind": "dtbsr", "title": "t"}]), _bytes(title="x" * 600),
        _bytes(items=[{"digest": "A" * 43 + "=", "kind": "file", "title": "t"}]),
        _bytes(items=[{"digest": "A" * 43 + "=", "kind": "dtbsr", "title": "t"}] * 10_001),
        b" " + _bytes(), _bytes() + b"\n", _bytes().replace(b":1,", b":1.0,"),
        _bytes().replace(b'"act_id":"a"', b'"act_id":"a","act_id":"a"'),
        _bytes().replace(b'"act_id":"a"', b'"act_id":"\\u0061"'), b" " * 5_000_000,
    ],
    ids=lambda data: data[:60].decode(errors="replace"),
)  # fmt: skip
def test_anything_but_the_one_canonical_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(ActMalformed):
        parse_sign_act(data)


def test_an_act_id_makes_equal_acts_differ() -> None:
    acts = {
        act_digest(SignAct(f"{n}", "c", "k", SignatureAlgorithm.ES256, (), 1, 2).encode()) for n in range(3)
    }
    assert len(acts) == 3


def test_an_administrative_act_is_no_signing_act() -> None:
    act = AdminAct("a", "sign", {"x": 1}, 1, 2).encode()
    assert parse_admin_act(act).parameters == {"x": 1}
    with pytest.raises(ActMalformed):
        parse_sign_act(act)
