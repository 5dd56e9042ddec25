"""People at a real key process: enrolled by two, approving over the wire, through kills and restarts."""

import hashlib
import json
import threading
import time
from typing import Any

import httpx
import pyotp
import pytest
from antin.software_passkey import SoftwarePasskey
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.signed_attributes import minimal_attributes
from hsm.administer import approve, draft
from hsm.algorithms import SignatureAlgorithm
from hsm.client import (
    ActMalformed,
    ActRefused,
    Approval,
    ApprovalRefused,
    GrantRefused,
    Item,
    KeyProcess,
    PolicyRefused,
)
from hsm.journal.receipt import verify_proof
from tests.servers.key_process import ORIGIN, RP_ID, RunningKeyProcess, activate, client_jws

DIGEST = hashlib.sha256(b"document").digest()
CLIENT = "van-ban-mau"


class Person:
    """One person with passkey and credential at one key process, asked through signsvc's socket."""

    def __init__(self, key_process: RunningKeyProcess, devca: Any, person_id: str) -> None:
        self.key_process, self.person_id = key_process, person_id
        self.passkey = key_process.enrol_person(person_id)
        created = key_process.create_credential("personal", person_id)
        self.credential_id = activate(key_process, created, devca, "personal")

    def act(self, *items: ActItem, client_id: str = CLIENT) -> bytes:
        moment = int(time.time())
        chosen = items or (ActItem(DIGEST, "Tờ trình", "dtbsr"),)
        return SignAct(
            new_act_id(),
            client_id,
            self.credential_id,
            SignatureAlgorithm.ES256,
            chosen,
            moment,
            moment + 300,
        ).encode()

    def sign(self, act: bytes, approval: Approval, *items: Item) -> Any:
        client = KeyProcess(self.key_process.signsvc, deadline=60)
        try:
            return client.sign(items or [Item(digest=DIGEST)], act=act, approval=approval, with_receipts=True)
        finally:
            client.close()

    def sign_by_passkey(self) -> Any:
        act = self.act()
        return self.sign(act, Approval(**self.passkey.approve(act)))

    def hand_out(self) -> tuple[str, pyotp.TOTP]:
        handed = self.key_process.perform("set_pin_otp", {"person_id": self.person_id})
        totp = pyotp.parse_uri(handed["otpauth"])
        assert isinstance(totp, pyotp.TOTP)
        return handed["pin"], totp

    def sign_by_pin(self, pin: str, otp: str) -> Any:
        return self.sign(self.act(), Approval("pin_otp", json.dumps({"pin": pin, "otp": otp})))


@pytest.fixture(scope="module")
def an(key_process: RunningKeyProcess, devca: Any) -> Person:
    return Person(key_process, devca, "nguyen-van-an-mau")


def test_a_person_signs_a_prepared_document_by_passkey_and_gets_a_receipt(an: Person) -> None:
    client = KeyProcess(an.key_process.signsvc)
    known = client.credential(an.credential_id)
    client.close()
    assert (known.holder, known.holder_kind) == (an.person_id, "Person")
    certificate = x509.load_der_x509_certificate(known.certificates[0])
    attributes = minimal_attributes(DIGEST, certificate.fingerprint(hashes.SHA256()))
    act = an.act(ActItem(DIGEST, "Quyết định"))
    [signed] = an.sign(act, Approval(**an.passkey.approve(act)), Item(signed_attributes=attributes))
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signed.value, attributes, ec.ECDSA(hashes.SHA256()))
    verify_proof(signed.receipt.proof, signed.receipt.entry, an.key_process.verifier_key)
    entry = json.loads(signed.receipt.entry)
    assert entry["approval"]["kind"] == "passkey"
    assert an.person_id not in signed.receipt.entry.decode()


def test_a_credential_of_a_person_is_not_listed_to_a_client_of_the_same_id(an: Person) -> None:
    client = KeyProcess(an.key_process.signsvc)
    assert client.credentials(an.person_id) == []
    held = client.credentials(an.person_id, holder_kind="Person")
    client.close()
    assert an.credential_id in {one.credential_id for one in held}


def test_a_client_key_of_the_persons_id_signs_nothing(an: Person) -> None:
    key = an.key_process.register_client(an.person_id)
    act = an.act(client_id=an.person_id)
    with pytest.raises(PolicyRefused):
        an.sign(act, client_jws(act, key))


def test_an_attacker_with_his_own_authenticator_signs_nothing(an: Person) -> None:
    own = SoftwarePasskey.new(RP_ID, ORIGIN)
    own.credential_id = an.passkey.credential_id
    act = an.act()
    for passkey in (own, SoftwarePasskey.new(RP_ID, ORIGIN)):
        with pytest.raises(ApprovalRefused):
            an.sign(act, Approval(**passkey.approve(act)))
    login = SoftwarePasskey(RP_ID, "http://127.0.0.1:8081", an.passkey.key, an.passkey.credential_id, 900)
    with pytest.raises(ApprovalRefused):  # the person logs in where the identity provider asks for more
        an.sign(act, Approval(**login.approve(act)))
    assert an.sign_by_passkey()


class TestTwoAdministrators:
    @pytest.mark.parametrize("approvers", [0, 1])
    def test_one_alone_changes_nothing_about_people(self, an: Person, approvers: int) -> None:
        for action, parameters in (
            ("register_person", {"person_id": "nobody"}),
            ("retire_person", {"person_id": an.person_id}),
            ("set_pin_otp", {"person_id": an.person_id}),
            ("unlock_factor", {"person_id": an.person_id}),
            ("retire_passkey", {"person_id": an.person_id, "passkey": "AA"}),
        ):
            with pytest.raises(PolicyRefused):
                an.key_process.perform(action, parameters, approvers=approvers)
        with pytest.raises(PolicyRefused):
            an.key_process.enrol_passkey(
                an.person_id, SoftwarePasskey.new(RP_ID, ORIGIN), approvers=approvers
            )

    def test_one_approval_counted_twice_is_one(self, an: Person) -> None:
        act = draft("unlock_factor", {"person_id": an.person_id}, now=int(time.time()))
        first = approve(act, an.key_process.admin_keys[0])
        again = approve(act, an.key_process.admin_keys[0])
        client = KeyProcess(an.key_process.admin)
        for approvals in ([first, first], [first, again], [first, Approval(**an.passkey.approve(act))]):
            with pytest.raises(ActRefused):
                client.perform(act, approvals)
        client.close()
        assert an.sign_by_passkey()

    def test_an_act_on_somebody_unknown_is_refused(self, an: Person) -> None:
        for action in ("retire_person", "set_pin_otp", "unlock_factor"):
            with pytest.raises(ActRefused):
                an.key_process.perform(action, {"person_id": "nobody"})
        with pytest.raises(ActRefused):
            an.key_process.perform("register_person", {"person_id": an.person_id})
        with pytest.raises(ActMalformed):
            an.key_process.perform("register_person", {"person_id": "x", "name": "Nguyễn Văn MẪU"})


class TestPin:
    def test_pins_guessed_in_parallel_over_the_wire_lock_until_two_unlock(
        self, key_process: RunningKeyProcess, devca: Any
    ) -> None:
        person = Person(key_process, devca, "tran-thi-binh-mau")
        pin, totp = person.hand_out()
        before = journal_of(key_process)
        outcomes: list[str] = []

        def guess(number: int) -> None:
            guessed = str(number).zfill(8)
            try:
                person.sign_by_pin(guessed if guessed != pin else "9" * 8, totp.now())
                outcomes.append("signed")
            except ApprovalRefused:
                outcomes.append("refused")

        threads = [threading.Thread(target=guess, args=(number,)) for number in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes == ["refused"] * 100
        assert [entry["type"] for entry in journal_of(key_process)[len(before) :]] == ["attempt"] * 5
        with pytest.raises(ApprovalRefused):
            person.sign_by_pin(pin, totp.now())
        with pytest.raises(PolicyRefused):
            key_process.perform("unlock_factor", {"person_id": person.person_id}, approvers=1)
        with pytest.raises(ApprovalRefused):
            person.sign_by_pin(pin, totp.now())
        key_process.perform("unlock_factor", {"person_id": person.person_id})
        assert person.sign_by_pin(pin, totp.now())

    def test_no_pin_password_or_secret_is_in_the_log_or_the_database(
        self, own_key_process: RunningKeyProcess, devca: Any
    ) -> None:
        person = Person(own_key_process, devca, "an")
        pin, totp = person.hand_out()
        otp = totp.now()
        assert person.sign_by_pin(pin, otp)
        for guessed in (pin, "1234-guess"):
            with pytest.raises(ApprovalRefused):
                person.sign_by_pin(guessed, otp)
        own_key_process.stop()
        written = (own_key_process.directory / "hsm.log").read_bytes()
        for file in own_key_process.directory.glob("hsm.sqlite3*"):
            written += file.read_bytes()
        assert b"an" in written
        for secret in (pin, totp.secret, "1234-guess", "argon2id", f'"{otp}"'):
            assert secret.encode() not in written
        own_key_process.start()

    def test_tries_locks_and_used_passwords_survive_a_kill(
        self, own_key_process: RunningKeyProcess, devca: Any
    ) -> None:
        person = Person(own_key_process, devca, "an")
        pin, totp = person.hand_out()
        otp = totp.now()
        assert person.sign_by_pin(pin, otp)
        tries = 0
        for rounds in (2, 3):
            for _ in range(rounds):
                tries += 1
                with pytest.raises(ApprovalRefused):
                    # The first with a password that was right, and is spent.
                    person.sign_by_pin(pin if tries == 1 else "0" * 9, otp)
            own_key_process.kill()
            own_key_process.start()
        with pytest.raises(ApprovalRefused):
            person.sign_by_pin(pin, totp.at(int(time.time()), counter_offset=1))
        own_key_process.perform("unlock_factor", {"person_id": "an"})
        assert person.sign_by_pin(pin, totp.at(int(time.time()), counter_offset=1))


def test_counters_and_used_assertions_survive_a_kill(own_key_process: RunningKeyProcess, devca: Any) -> None:
    person = Person(own_key_process, devca, "an")
    act = person.act()
    approval = Approval(**person.passkey.approve(act))
    assert person.sign(act, approval)
    assert person.sign_by_passkey()
    own_key_process.kill()
    own_key_process.start()
    with pytest.raises(GrantRefused):
        person.sign(act, approval)
    assert person.sign_by_passkey()
    person.passkey.counter = 1  # a copy of the file, made before
    with pytest.raises(ApprovalRefused):
        person.sign_by_passkey()
    own_key_process.kill()
    own_key_process.start()
    person.passkey.counter = 100
    with pytest.raises(ApprovalRefused):
        person.sign_by_passkey()


def test_a_key_process_outside_training_enrols_no_software_passkey(tmp_path: Any, devca: Any) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    running = RunningKeyProcess(tmp_path / "kp", anchors=anchors, HSM_TRAINING="refuse")
    running.start()
    try:
        with pytest.raises(ActMalformed, match="training"):
            running.enrol_person("an")
    finally:
        running.stop()


def test_ten_thousand_documents_are_approved_once_over_the_wire(an: Person) -> None:
    items = tuple(
        ActItem(hashlib.sha256(str(n).encode()).digest(), f"Giấy chứng nhận số {n}", "dtbsr")
        for n in range(10_000)
    )
    act = an.act(*items)
    client = KeyProcess(an.key_process.signsvc, deadline=60)
    sad = client.authorize(act, Approval(**an.passkey.approve(act))).sad
    for part in (range(9_900, 10_000), range(50)):
        made = client.sign(
            [Item(digest=items[n].digest) for n in part], sad=sad, client_id=CLIENT, positions=part
        )
        assert len(made) == len(part)
    for again in ([0], [9_999], [49, 50]):
        with pytest.raises(GrantRefused):
            client.sign(
                [Item(digest=items[n].digest) for n in again], sad=sad, client_id=CLIENT, positions=again
            )
    client.close()


def journal_of(key_process: RunningKeyProcess) -> list[dict[str, Any]]:
    client = KeyProcess(key_process.admin)
    try:
        return [json.loads(entry) for _, entry in client.export(0, 10_000)]
    finally:
        client.close()
