"""Acts that are none: each approved by the right key over exactly these bytes, and refused all the same.

An act has one canonical form (RFC 8785). What could be read in two ways is read in none.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hsm.client import ActRefused, Approval
from tests.attacks.scene import Scene

Spoil = Callable[[bytes], bytes]


def member(name: str, value: Any) -> Spoil:
    """The act with one member of another value, written canonically."""
    return lambda act: _canonical({**json.loads(act), name: value})


def item(**changes: Any) -> Spoil:
    def spoil(act: bytes) -> bytes:
        fields = json.loads(act)
        fields["items"][0] = {
            name: value for name, value in {**fields["items"][0], **changes}.items() if value is not ...
        }
        return _canonical(fields)

    return spoil


def without(name: str) -> Spoil:
    return lambda act: _canonical({key: value for key, value in json.loads(act).items() if key != name})


def _canonical(fields: Any) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


SPOILT: dict[str, Spoil] = {
    "nothing at all": lambda _: b"",
    "no JSON": lambda _: b"\xff\xfe",
    "half an act": lambda act: act[: len(act) // 2],
    "an act and something after it": lambda act: act + b"{}",
    "two acts": lambda act: act + act,
    "a leading space": lambda act: b" " + act,
    "a line feed at the end": lambda act: act + b"\n",
    "a byte order mark": lambda act: b"\xef\xbb\xbf" + act,
    "spaces between members": lambda act: json.dumps(json.loads(act), sort_keys=True).encode(),
    "members in another order": lambda act: json.dumps(
        dict(sorted(json.loads(act).items(), reverse=True)), separators=(",", ":")
    ).encode(),
    "a duplicate member": lambda act: b'{"act_id":"other",' + act[1:],
    "a duplicate items member": lambda act: act[:-1] + b',"items":[]}',
    "an escaped letter": lambda act: act.replace(b'"sign"', b'"\\u0073ign"'),
    "a number as a float": lambda act: act.replace(b'"issued_at":', b'"issued_at":1.0e0,"x":'),
    "a time with a fraction": member("issued_at", 1.5),
    "a time as a text": member("issued_at", "0"),
    "a negative time": member("expires_at", -1),
    "a time beyond 2^53": member("expires_at", 2**60),
    "a time of true": member("issued_at", True),
    "a time of null": member("expires_at", None),
    "an array": lambda act: b"[" + act + b"]",
    "null": lambda _: b"null",
    "a number": lambda _: b"1",
    "a text": lambda _: b'"sign"',
    "an empty object": lambda _: b"{}",
    "another type": member("type", "admin"),
    "an unknown type": member("type", "sign2"),
    "an unknown member": member("comment", "x"),
    "no act id": without("act_id"),
    "an empty act id": member("act_id", ""),
    "no items": member("items", []),
    "items that are none": member("items", None),
    "an item that is a text": member("items", ["x"]),
    "10,001 items": lambda act: _canonical(
        {**json.loads(act), "items": json.loads(act)["items"] * 10_001}
    ),
    "an unknown algorithm": member("algorithm", "none"),
    "an algorithm in small letters": member("algorithm", "es256"),
    "a client id of a list": member("client_id", ["nan-nhan"]),
    "a client id of 201 letters": member("client_id", "x" * 201),
    "nesting of 100,000 brackets": lambda _: b"[" * 100_000 + b"]" * 100_000,
    "nesting inside a member": lambda act: act.replace(
        b'"document_kind":', b'"document_kind":' + b"[" * 500 + b"]" * 500 + b',"z":'
    ),
    "13 MiB": member("document_kind", "x" * 13 * 1024 * 1024),
    "a lone surrogate": lambda act: act.replace(b'"sign"', b'"\\ud800"'),
    "invalid UTF-8": lambda act: act.replace(b'"sign"', b'"\xc0\xaf"'),
    "a digest of 31 bytes": item(digest="A" * 42),
    "a digest in base64url": item(digest="-" * 43 + "="),
    "a digest with a line break": item(digest="A" * 20 + "\n" + "A" * 23 + "="),
    "a digest that is a number": item(digest=5),
    "no digest": item(digest=...),
    "an item of another kind": item(kind="anything"),
    "an open item with a digest": item(kind="open"),
    "an item without title": item(title=...),
    "a title that turns the reading direction": item(title="Quyết định \u202efdp.exe"),
    "a title of two lines": item(title="Quyết định\nphê duyệt"),
    "a title of 501 letters": item(title="x" * 501),
    "a member in an item that nobody knows": item(extra="x"),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_an_approved_act_is_spelt_as(scene: Scene, spoil: Spoil) -> None:
    spoilt = spoil(scene.act().encode())
    with scene.nothing_happens(ActRefused):
        scene.sign(spoilt, scene.by_client(spoilt))


@pytest.mark.parametrize("kind", ["client_jws", "passkey", "pin_otp", "access_token", "", "trust_line"])
@pytest.mark.parametrize(
    "evidence",
    ["", ".", "..", "a.b.c", "null", "{}", "[]", "é", "{" * 5000, "x" * 300_000, '{"id":"AA"}',
     '{"pin":"1","otp":"1","x":1}'],
    ids=["empty", "a dot", "two dots", "letters", "null", "an object", "a list", "no ASCII", "deep", "huge",
         "a passkey of no one", "one member more"],
)  # fmt: skip
def test_an_approval_is_malformed(scene: Scene, kind: str, evidence: str) -> None:
    act = scene.persons_act() if kind in ("passkey", "pin_otp") else scene.act()
    with scene.nothing_happens(ActRefused):
        scene.sign(act, Approval(kind, evidence))
