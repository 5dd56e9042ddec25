"""A passkey approves exactly one act, for the person who holds the credential: and nothing else does."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsm.acts.act import SignAct
from hsm.acts.approval import Approval
from hsm.errors import (
    ApprovalRefused,
    PolicyRefused,
)
from tests.hsm.acts.conftest import NOW, bare_item
from tests.hsm.acts.people import (
    ORIGIN,
    RP_ID,
    Change,
    PeopleHouse,
    claim,
    decoded,
    encoded,
)

QUICK = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_persons_passkey_approves_their_own_signature(people_house: PeopleHouse, algorithm: str) -> None:
    passkey = people_house.enrol_passkey(algorithm=algorithm, counter=7)
    act = people_house.act(bare_item("a"), bare_item("b"))
    made = people_house.sign(act, passkey.approve(act.encode()))
    intents = people_house.signing_entries()
    assert len(made) == len(intents) == 2
    assert intents[0]["approval"]["kind"] == "passkey"
    assert intents[0]["rules"] == ["sign-training-personal-credential"]
    assert intents[0]["client"] == "one-stop"
    assert people_house.stored(passkey).sign_count == 8


@pytest.mark.parametrize(
    "change",
    [
        claim(origin="https://ban-lam-viec.ky.test.evil.test"),
        claim(origin="https://dang-nhap.ky.test"),
        claim(origin="http://ban-lam-viec.ky.test"),
        claim(origin="https://ban-lam-viec.ky.test:8443"),
        claim(rp_id="evil.test"),
        claim(rp_id="test"),
        claim(user_verified=False),
        claim(user_present=False),
        claim(synced=True),
        claim(key=SoftwarePasskey.new(RP_ID, ORIGIN).key),
        claim(key=SoftwarePasskey.new(RP_ID, ORIGIN, algorithm="EdDSA").key),
        claim(credential_id=b"nobody's"),
    ],
    ids=[
        "an origin that begins like ours", "the login page's origin", "plain http", "another port",
        "another RP id", "a wider RP id", "user verification off", "user presence off",
        "backup eligibility changed", "forged by another key", "forged by another kind of key", "unknown",
    ],
)  # fmt: skip
def test_an_assertion_that_is_wrong_in_one_thing_is_refused(
    people_house: PeopleHouse, change: Change
) -> None:
    passkey = people_house.enrol_passkey(counter=7)
    honest = replace(passkey)
    change(passkey)
    with pytest.raises(ApprovalRefused) as refused:
        people_house.sign_by(passkey)
    assert refused.value.message == "The passkey does not approve this act."
    assert people_house.key.uses == 0
    assert people_house.entries() == []
    assert people_house.sign_by(honest)  # nothing of it moved the counter or cost the passkey


@pytest.mark.parametrize(
    "change",
    [
        {"type": "webauthn.create"},
        {"challenge": encoded(hashlib.sha256(b"another act").digest())},
        {"challenge": ""},
        {"crossOrigin": True},
        {"origin": [ORIGIN]},
        {"type": None},
    ],
    ids=["a registration", "challenge of another act", "no challenge", "framed", "origins", "no type"],
)
def test_a_browser_that_says_another_thing_is_refused(
    people_house: PeopleHouse, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    passkey = people_house.enrol_passkey()
    honest = SoftwarePasskey._client_data

    def lying(self: SoftwarePasskey, kind: str, challenge: bytes) -> bytes:
        return json.dumps({**json.loads(honest(self, kind, challenge)), **change}).encode()

    monkeypatch.setattr(SoftwarePasskey, "_client_data", lying)
    with pytest.raises(ApprovalRefused):
        people_house.sign_by(passkey)
    monkeypatch.undo()
    assert people_house.sign_by(passkey)


@pytest.mark.parametrize(
    "evidence",
    ["", "null", "[]", "1", "{", "{}", '{"id": 5}', '{"id": "é"}', "x" * 100_000, '{"id":"AA"}',
     '{"id":"A"}'],
)  # fmt: skip
def test_evidence_that_is_no_assertion_is_refused(people_house: PeopleHouse, evidence: str) -> None:
    act = people_house.act()
    with pytest.raises(ApprovalRefused):
        people_house.sign(act, Approval("passkey", evidence))


@pytest.mark.parametrize("missing", ["id", "rawId", "type", "response", "clientDataJSON", "signature"])
def test_an_assertion_without_a_part_is_refused(people_house: PeopleHouse, missing: str) -> None:
    passkey = people_house.enrol_passkey()
    act = people_house.act()
    response = json.loads(passkey.approve(act.encode())["evidence"])
    for holder in (response, response["response"]):
        holder.pop(missing, None)
    with pytest.raises(ApprovalRefused):
        people_house.sign(act, Approval("passkey", json.dumps(response)))


@QUICK
@given(
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    position=st.integers(0, 10**6), bit=st.integers(0, 7),
)  # fmt: skip
def test_no_bit_of_an_assertion_can_be_changed(
    people_house: PeopleHouse, part: str, position: int, bit: int
) -> None:
    """RFC 8032 and deterministic encodings apart, what was signed is what is checked."""
    passkey = people_house.enrol_passkey(counter=1)
    act = people_house.act()
    response = json.loads(passkey.approve(act.encode())["evidence"])
    data = bytearray(decoded(response["response"][part]))
    data[position % len(data)] ^= 1 << bit
    response["response"][part] = encoded(bytes(data))
    with pytest.raises(ApprovalRefused):
        people_house.sign(act, Approval("passkey", json.dumps(response)))
    assert people_house.stored(passkey).state == "active"


def test_another_persons_passkey_is_refused(people_house: PeopleHouse) -> None:
    with pytest.raises(ApprovalRefused):
        people_house.sign_by(people_house.enrol_passkey("binh"))
    assert people_house.key.uses == 0


def test_a_persons_passkey_opens_no_credential_of_a_client_of_the_same_id(people_house: PeopleHouse) -> None:
    seal = people_house.add_credential("service-seal", "an")
    passkey = people_house.enrol_passkey("an")
    with pytest.raises(ApprovalRefused):
        people_house.sign_by(passkey, credential_id=seal)
    held = people_house.add_credential("organisation-seal", "an", holder_kind="Person")
    with pytest.raises(PolicyRefused) as refused:
        people_house.sign_by(passkey, credential_id=held)
    assert refused.value.rules == ("actor-clerk-names-operation",)


def test_a_clients_key_opens_no_credential_of_a_person(people_house: PeopleHouse) -> None:
    """Nor if the person's id is the client's, and the client prepared the act."""
    for holder in ("an", "one-stop"):
        credential = people_house.add_credential("personal", holder, holder_kind="Person")
        act = people_house.act(credential_id=credential)
        with pytest.raises(PolicyRefused) as refused:
            people_house.sign(act, people_house.approve(act.encode()))
        assert "never-foreign-credential" in refused.value.rules
        assert "never-personal-but-by-person" in refused.value.rules


@pytest.mark.parametrize(
    "kind", ["client_jws", "pin_otp", "access_token", "admin_jws", "PASSKEY", "passkey ", ""]
)
def test_an_assertion_under_another_kind_approves_nothing(people_house: PeopleHouse, kind: str) -> None:
    act = people_house.act()
    evidence = people_house.enrol_passkey().approve(act.encode())["evidence"]
    with pytest.raises(ApprovalRefused):
        people_house.sign(act, Approval(kind, evidence))


def test_another_kinds_evidence_is_no_assertion(people_house: PeopleHouse) -> None:
    act = people_house.act()
    people_house.enrol_passkey()
    for evidence in (people_house.approve(act.encode()).evidence, '{"pin":"1","otp":"2"}'):
        with pytest.raises(ApprovalRefused):
            people_house.sign(act, Approval("passkey", evidence))


@pytest.mark.parametrize(
    "change",
    [
        lambda act: replace(act, items=act.items[:1]),
        lambda act: replace(act, items=(*act.items, bare_item("added"))),
        lambda act: replace(act, items=tuple(reversed(act.items))),
        lambda act: replace(act, items=(replace(act.items[0], title="another"), act.items[1])),
        lambda act: replace(act, expires_at=act.expires_at + 1),
        lambda act: replace(act, client_id="other-client"),
        lambda act: replace(act, act_id="another"),
    ],
    ids=["dropped", "added", "reordered", "retitled", "prolonged", "another client", "another id"],
)
def test_a_passkeys_approval_of_another_act_is_refused(people_house: PeopleHouse, change: Any) -> None:
    passkey = people_house.enrol_passkey(counter=0)
    act = people_house.act(bare_item("a"), bare_item("b"))
    with pytest.raises(ApprovalRefused):
        people_house.sign(change(act), passkey.approve(act.encode()))
    assert people_house.key.uses == 0


def approved_before_another(
    house: PeopleHouse, first: SoftwarePasskey, second: SoftwarePasskey
) -> tuple[SignAct, dict[str, str]]:
    """An act and its approval by ``first``; then ``second`` approved another, which was signed in 5 s."""
    act, another = house.act(), house.act()
    approval = first.approve(act.encode())
    house.sign(another, second.approve(another.encode()), after=5)
    return act, approval


class TestCounter:
    def test_a_cloned_passkey_is_suspended_and_so_is_its_original(self, people_house: PeopleHouse) -> None:
        original = people_house.enrol_passkey(counter=7)
        clone = replace(original)
        assert people_house.sign_by(original)
        assert people_house.sign_by(original)
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(clone)
        assert people_house.stored(original).state == "suspended"
        for passkey in (original, clone):
            passkey.counter = 1000
            with pytest.raises(ApprovalRefused):
                people_house.sign_by(passkey)
        assert people_house.key.uses == 2
        [suspended] = [entry for entry in people_house.entries() if entry["type"] == "suspended"]
        assert suspended["passkey"] == hashlib.sha256(original.credential_id).hexdigest()

    def test_a_passkey_without_a_counter_is_never_taken_for_a_clone(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=None)
        for _ in range(3):
            assert people_house.sign_by(passkey)
        assert people_house.stored(passkey).state == "active"

    def test_an_approval_that_arrives_after_a_later_one_is_refused_and_is_no_clone(
        self, people_house: PeopleHouse
    ) -> None:
        """Two pages open, or a file that waits: WebAuthn Level 3 §6.1.1 names it beside the clone."""
        passkey = people_house.enrol_passkey(counter=7)
        act, earlier = approved_before_another(people_house, passkey, passkey)
        with pytest.raises(ApprovalRefused, match="approve a new act"):
            people_house.sign(act, earlier, after=6)
        assert people_house.stored(passkey).state == "active"
        assert people_house.sign_by(passkey)
        assert people_house.key.uses == 2

    def test_of_two_approvals_with_one_number_one_is_a_clones(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        act, cloned = approved_before_another(people_house, replace(passkey), passkey)
        with pytest.raises(ApprovalRefused):
            people_house.sign(act, cloned, after=6)
        assert people_house.stored(passkey).state == "suspended"

    def test_a_lower_number_for_an_act_that_came_later_is_a_clones(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        clone = replace(passkey)
        passkey.counter = 1000
        approved_before_another(people_house, passkey, passkey)
        act = people_house.act(issued_at=int(NOW.timestamp()) + 5)
        with pytest.raises(ApprovalRefused):
            people_house.sign(act, clone.approve(act.encode()), after=6)
        assert people_house.stored(passkey).state == "suspended"

    def test_a_counter_that_goes_back_to_nothing_is_a_clone(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        passkey.counter = None
        with pytest.raises(ApprovalRefused):
            people_house.sign_by(passkey)
        assert people_house.stored(passkey).state == "suspended"

    @QUICK
    @given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    def test_a_counter_only_grows_or_was_never_there(
        self, people_house: PeopleHouse, counts: list[int]
    ) -> None:
        passkey = people_house.enrol_passkey(counter=counts[0])
        known, cloned = counts[0], False
        for count in counts[1:]:
            passkey.counter = count - 1 if count else None
            if not cloned and (count > known or count == known == 0):
                assert people_house.sign_by(passkey)
                known = count
            else:
                cloned = True
                with pytest.raises(ApprovalRefused):
                    people_house.sign_by(passkey)
            people_house.ledger.enter([])
        stored = people_house.stored(passkey)
        assert (stored.sign_count, stored.state) == (known, "suspended" if cloned else "active")

    def test_a_policy_that_refuses_moves_no_counter(self, people_house: PeopleHouse) -> None:
        passkey = people_house.enrol_passkey(counter=7)
        with pytest.raises(PolicyRefused):
            people_house.sign_by(passkey, expires_at=int(NOW.timestamp()) + 5000)
        assert people_house.stored(passkey).sign_count == 7
