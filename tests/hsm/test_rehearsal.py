"""A draft tried on what an office really did: typed operations, a seal in its clerk's hands, mandates."""

import hashlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.acts.office_operation import Earlier, OfficeOperation
from hsm.acts.signed_attributes import minimal_attributes
from hsm.algorithms import SignatureAlgorithm
from hsm.client import Approval, Item, KeyProcess
from policies.bundle import package_directory, read_texts
from tests.hsm.acts.life import LifeProcess, certificates
from tests.servers.key_process import ROOT, activate

OFFICE, CLIENT = "H47", "van-ban-mau"
HEAD, DEPUTY, CLERK = "chu-tich", "pho-chu-tich", "van-thu"
OF_HEAD = "TM. ỦY BAN NHÂN DÂN / CHỦ TỊCH"
OF_DEPUTY = "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"


class Office:
    """A people's committee at a real key process: its head and deputy sign, its clerk seals."""

    def __init__(self, running: LifeProcess, folder: Path) -> None:
        self.running, self.folder = running, folder
        running.perform(
            "register_office", {"office": OFFICE, "name": "Ủy ban nhân dân tỉnh MẪU", "training": True}
        )
        self.passkeys = {person: running.enrol_person(person) for person in (HEAD, DEPUTY, CLERK)}
        self.keys = {person: self._personal(person) for person in (HEAD, DEPUTY)}
        posts = {
            person: running.perform(
                "give_post", {"office": OFFICE, "person_id": person, "rank": rank, "capacity": capacity}
            )["post"]
            for person, rank, capacity in ((HEAD, "head", OF_HEAD), (DEPUTY, "deputy", "PHÓ CHỦ TỊCH"))
        }
        mandate = {
            "form": "KT", "office": OFFICE, "from_post": posts[HEAD], "to_post": posts[DEPUTY],
            "capacity": OF_DEPUTY,
        }  # fmt: skip
        self.mandate = running.perform("give_mandate", mandate, self.passkeys[HEAD])["mandate"]
        self.seal = running.active("organisation-seal", CLIENT, office=OFFICE, custodian=CLERK)
        self.do("initial", HEAD, self.keys[HEAD])
        of_head = self.do("sign", HEAD, self.keys[HEAD], capacity=OF_HEAD)
        of_deputy = self.do("sign", DEPUTY, self.keys[DEPUTY], capacity=OF_DEPUTY)
        for signed in (of_head, of_deputy):
            self.do("issue", CLERK, self.seal, signed)
        self.do("annex", CLERK, self.seal, of_head)
        self.do("copy", CLERK, self.seal, copy_form="sao_y")
        self.do("incoming", CLERK, self.seal)

    def _personal(self, person: str) -> str:
        created = self.running.create_credential("personal", person, passkey=self.passkeys[person])
        return activate(self.running, created, self.running.devca, "personal")

    def do(
        self, name: Any, person: str, credential_id: str, over: Earlier | None = None, **fields: Any
    ) -> Earlier:
        """One operation by one person; what the next may come after."""
        moment, item = int(time.time()), ActItem(secrets.token_bytes(32), "MẪU", "prepared", over=over)
        act = SignAct(
            new_act_id(), CLIENT, credential_id, SignatureAlgorithm.ES256, (item,), moment, moment + 300,
            operation=OfficeOperation(name, OFFICE, **fields),
        ).encode()  # fmt: skip
        signer = certificates(self.running, credential_id)[0].public_bytes(Encoding.DER)
        attributes = minimal_attributes(item.digest, hashlib.sha256(signer).digest())
        client = KeyProcess(self.running.signsvc)
        try:
            approval = Approval(**self.passkeys[person].approve(act))
            [made] = client.sign([Item(signed_attributes=attributes)], act=act, approval=approval)
        finally:
            client.close()
        return Earlier(made.leaf_index, item.digest)

    def rehearse(self, draft: str, *arguments: str, status: int = 0) -> dict[str, Any]:
        command = [sys.executable, "-m", "hsm", "policy", "rehearse", draft, *arguments, "--json"]
        done = subprocess.run(
            [*command, "--socket", self.running.admin], cwd=ROOT, env=self.running.environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == status, done.stderr + done.stdout
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def draft(self, rule: str) -> str:
        """A bundle with one rule more that forbids signing."""
        directory = self.folder / secrets.token_hex(4)
        for file, text in read_texts(package_directory()).items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(text, "utf-8")
        head = '@id("never-tried") @basis("thử") @reason("Thử.") @reason_en("Tried.")'
        scope = 'forbid (principal, action == Action::"sign", resource is Credential)'
        (directory / "rules" / "tried.cedar").write_text(f"{head} {scope} when {{ {rule} }};", "utf-8")
        return str(directory)


@pytest.fixture(scope="module")
def office(lives: LifeProcess, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(lives, tmp_path_factory.mktemp("office"))


def test_every_act_of_an_office_comes_back_from_its_leaf_as_it_was_decided(office: Office) -> None:
    done = office.running.check_journal()
    expected = {
        "initial": 1, "sign": 2, "issue": 2, "annex": 1, "copy": 1, "incoming": 1, "register_office": 1,
        "give_post": 2, "give_mandate": 1, "create_credential": 3,
    }  # fmt: skip
    assert {name: done[name] for name in expected} == expected


def test_the_policy_in_force_changes_nothing_and_nothing_is_left_out(office: Office) -> None:
    told = office.rehearse("0")
    assert (told["not_rehearsed"], told["newly_refused"], told["same"]) == ({}, [], told["acts"])


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ('context.role.standing == "mandate"', {"sign": 1}),
        ('context.role.standing == "post"', {"sign": 1}),
        ('resource.custodian != "" && context.role.operation == "issue"', {"issue": 2}),
        ('context.role.earlier == ["none"]', {"initial": 1, "sign": 2, "copy": 1, "incoming": 1}),
        ('context.role.office == "H47" && context.role.earlier_operations.contains("sign")',
         {"issue": 2, "annex": 1}),
    ],
)  # fmt: skip
def test_a_rule_about_an_offices_operations_is_tried_on_them(
    office: Office, rule: str, refused: dict[str, int]
) -> None:
    told = office.rehearse(office.draft(rule), status=3)
    found: dict[str, int] = {}
    for one in told["newly_refused"]:
        assert one["after"]["rules"] == ["never-tried"]
        found[one["what"]["operation"]] = found.get(one["what"]["operation"], 0) + one["acts"]
    assert (found, told["not_rehearsed"]) == (refused, {})


def test_a_rule_that_knows_a_clerk_by_name_is_not_tried_on_leaves_that_do_not(office: Office) -> None:
    told = office.rehearse(office.draft('resource.custodian == "van-thu"'), status=0)
    assert told["newly_refused"] == []
    # The seal's own acts: five by its clerk, and what was done with it before.
    [(reason, count)] = told["not_rehearsed"].items()
    assert reason == "a rule reads custodian, which is not journalled"
    assert count >= 5


class TestWhoCouldSign:
    def test_the_named_clerk_alone_puts_a_seal_and_for_its_office_only(self, office: Office) -> None:
        told = office.rehearse("0", "--credential", office.seal)["who_could_sign"]
        allowed = [one for one in told if one["allowed"]]
        assert {(one["who"], one["approval"], one["operation"], one["office"]) for one in allowed} == {
            ("custodian", "passkey", name, OFFICE) for name in ("issue", "annex", "copy", "incoming")
        }
        assert {tuple(one["rules"]) for one in allowed} == {("seal-training-by-custodian",)}
        # Why nobody else: its own client may not use it in the clerk's stead.
        by_client = ("holder", "client_jws", "prepared")
        refused = [one for one in told if (one["who"], one["approval"], one["content"]) == by_client]
        assert refused
        assert all("actor-named-clerk" in one["rules"] for one in refused)

    def test_a_deputy_signs_by_the_mandate_and_in_no_other_capacity(self, office: Office) -> None:
        told = office.rehearse("0", "--credential", office.keys[DEPUTY])["who_could_sign"]
        signing = [one for one in told if one["operation"] == "sign" and one["who"] == "holder"]
        allowed = {(one["capacity"], one["standing"], one["by"]) for one in signing if one["allowed"]}
        assert allowed == {(OF_DEPUTY, "mandate", office.mandate)}
        refused = [one for one in signing if one["capacity"] == "PHÓ CHỦ TỊCH"]
        assert refused
        assert all("capacity-held" in one["rules"] for one in refused)
        others = {one["who"] for one in told if one["allowed"]}
        assert others == {"holder"}

    def test_a_draft_about_mandates_is_told_in_general_too(self, office: Office) -> None:
        told = office.rehearse(office.draft('context.role.standing == "mandate"'), status=3)["in_general"]
        assert {(one["operation"], one["standing"], one["who"]) for one in told} == {
            (name, "mandate", "holder") for name in ("initial", "sign", "comment")
        }
