"""What is asked of an operation goes out as the wire has it, and an act that says another is not approved."""

import base64
import hashlib
from typing import Any

import pytest
from antin.errors import ConfigError, SubstitutedDocument
from antin.operation import Operation, check_not_secret, check_operation

FIRST = b"%PDF-1.7 /ByteRange [0 10 12 40] and some more bytes of the file"
EARLIER = hashlib.sha256(FIRST[:10] + FIRST[12:52]).digest()
ID = "0" * 32
KT = Operation("sign", office="H47", capacity="KT. CHỦ TỊCH", over="7")


def act(said: dict[str, Any] | None = None, over: dict[str, Any] | None = None) -> dict[str, Any]:
    item = {"kind": "prepared"} | ({"over": over} if over else {})
    return {"items": [item]} | ({"operation": said} if said else {})


def over(digest: bytes = EARLIER, leaf: int = 7) -> dict[str, Any]:
    return {"leaf_index": leaf, "digest": base64.b64encode(digest).decode()}


SAID = {"name": "sign", "office": "H47", "capacity": "KT. CHỦ TỊCH"}


def test_members_are_those_of_the_wire() -> None:
    assert KT.members() == {
        "operation": "sign", "office": "H47", "capacity": "KT. CHỦ TỊCH", "over": {"leaf_index": 7},
    }  # fmt: skip
    assert Operation("issue", over=ID).members()["over"] == {"signature_id": ID}


@pytest.mark.parametrize("wrong", [Operation("stamp"), Operation("issue", over="số 7")])
def test_what_makes_no_sense_is_not_sent(wrong: Operation) -> None:
    with pytest.raises(ConfigError):
        wrong.members()


def test_the_act_that_was_asked_for_is_approved() -> None:
    check_operation(act(), None, FIRST)
    check_operation(act(SAID, over()), KT, FIRST)
    check_operation(act({"name": "issue", "office": "H47"}, over()), Operation("issue", over=ID), FIRST)
    # An annex comes after a signature that stands in another file.
    check_operation(
        act({"name": "annex", "office": "H47"}, over(bytes(32))), Operation("annex", over=ID), FIRST
    )


@pytest.mark.parametrize(
    ("said", "after", "asked"),
    [
        (SAID, None, None),
        (None, over(), None),
        (None, over(), KT),
        (SAID | {"name": "initial"}, over(), KT),
        (SAID | {"capacity": "CHỦ TỊCH"}, over(), KT),
        (SAID | {"office": "H48"}, over(), KT),
        (SAID | {"mandate": "another"}, over(), KT),
        (SAID, None, KT),
        (SAID, over(leaf=8), KT),
        (SAID, over(bytes(32)), KT),
        ({"name": "initial", "office": "H47"}, over(), Operation("initial")),
    ],
)
def test_an_act_for_another_operation_is_not_approved(
    said: dict[str, Any] | None, after: dict[str, Any] | None, asked: Operation | None
) -> None:
    with pytest.raises(SubstitutedDocument):
        check_operation(act(said, after), asked, FIRST)


@pytest.mark.parametrize("degree", ["mat", "toi_mat", "tuyet_mat", "gì đó"])
def test_a_state_secret_is_not_even_sent(degree: str) -> None:
    check_not_secret("none")
    with pytest.raises(ConfigError):
        check_not_secret(degree)
