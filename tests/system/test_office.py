"""A document's course through an office, by the command and through every service: initials, KT., seal."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey, write_software_passkey

from tests.servers.key_process import ORIGIN, RP_ID, activate
from tests.servers.stack import RegisteredClient, Stack

SAMPLES = Path(__file__).parents[1] / "samples"
UBND, SO = "H47", "H47.5"
HEAD, DEPUTY, EXPERT, CLERK = "chu-tich-mau", "pho-chu-tich-mau", "chuyen-vien-mau", "van-thu-mau"
OF_DEPUTY = "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"
REFUSED = 5


@dataclass
class Office:
    """People with passkeys and credentials, the seals of two offices, and who uses them all: one client."""

    stack: Stack
    client: RegisteredClient
    folder: Path
    credentials: dict[str, str]
    mandate: str
    count: int = 0

    def act(
        self, who: str, file: Path, operation: str, *options: str, credential: str = ""
    ) -> tuple[int, dict[str, Any], Path]:
        """``antin sign --operation`` by this person."""
        self.count += 1
        signed = self.folder / f"{self.count}-{operation}.pdf"
        done = self.stack.antin(
            self.client, "sign", str(file), "-o", str(signed), "--level", "B-B", "--json",
            "--operation", operation, "--passkey", str(self.folder / f"{who}.json"),
            "--credential", credential or self.credentials[who], *options,
        )  # fmt: skip
        assert done.returncode in (0, REFUSED), done.stdout + done.stderr + self.stack.logged()
        return done.returncode, json.loads(done.stdout or done.stderr), signed

    def done(self, who: str, file: Path, operation: str, *options: str, **more: str) -> tuple[str, Path]:
        """The signature's id, and the file."""
        code, answer, signed = self.act(who, file, operation, *options, **more)
        assert code == 0, answer
        return answer["signature_id"], signed

    def refused(self, who: str, file: Path, operation: str, *options: str, **more: str) -> dict[str, Any]:
        code, answer, signed = self.act(who, file, operation, *options, **more)
        assert code == REFUSED
        assert not signed.exists()
        assert answer["message"]
        assert answer["message_en"]
        return answer


@pytest.fixture(scope="module")
def office(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder, keys = tmp_path_factory.mktemp("office"), stack.key_process
    client = stack.register("qlvb")
    keys.perform("register_office", {"office": UBND, "name": "Ủy ban nhân dân tỉnh MẪU", "training": True})
    keys.perform("register_office", {"office": SO, "name": "Sở Nội vụ MẪU", "above": UBND, "training": True})
    credentials: dict[str, str] = {}
    for person_id in (HEAD, DEPUTY, EXPERT, CLERK):
        keys.perform("register_person", {"person_id": person_id})
        keys.enrol_passkey(person_id, SoftwarePasskey.new(RP_ID, ORIGIN))
        write_software_passkey(keys.passkeys[person_id], folder / f"{person_id}.json")
        created = keys.create_credential("personal", person_id)
        credentials[person_id] = activate(keys, created, stack.devca, "personal")
    for name, where in (("seal", UBND), ("other-seal", SO)):
        created = keys.perform(
            "create_credential",
            {
                "profile": "organisation-seal", "holder": client.client_id, "description": "Con dấu MẪU",
                "subject": {"CN": f"MẪU - Cơ quan {where}", "C": "VN"}, "training": True, "office": where,
                "custodian": CLERK,
            },
        )  # fmt: skip
        credentials[name] = activate(keys, created, stack.devca, "organisation-seal")
    posts = {
        person_id: keys.perform(
            "give_post", {"office": UBND, "person_id": person_id, "rank": rank, "capacity": capacity}
        )["post"]
        for person_id, rank, capacity in (
            (HEAD, "head", "TM. ỦY BAN NHÂN DÂN / CHỦ TỊCH"),
            (DEPUTY, "deputy", "PHÓ CHỦ TỊCH"),
            (EXPERT, "member", "CHUYÊN VIÊN"),
        )
    }
    given = keys.perform(
        "give_mandate",
        {"form": "KT", "office": UBND, "from_post": posts[HEAD], "to_post": posts[DEPUTY],
         "capacity": OF_DEPUTY},
        keys.passkeys[HEAD],
    )  # fmt: skip
    return Office(stack, client, folder, credentials, given["mandate"])


@pytest.fixture(scope="module")
def signed(office: Office) -> tuple[str, Path]:
    """Initialled, then signed KT.: the signature's id, and the file."""
    first, initialled = office.done(EXPERT, SAMPLES / "quyet-dinh.pdf", "initial", "--office", UBND)
    return office.done(
        DEPUTY, initialled, "sign", "--office", UBND, "--capacity", OF_DEPUTY, "--over", first,
        "--visible", "page=-1,rect=300:60:540:140",
    )  # fmt: skip


def test_one_initials_another_signs_kt_and_the_clerk_issues(
    office: Office, signed: tuple[str, Path], tmp_path: Path
) -> None:
    second, file = signed
    _, issued = office.done(
        CLERK, file, "issue", "--over", second, "--number", "12/QĐ-UBND", "--issued-on", "2026-11-24",
        credential=office.credentials["seal"],
    )  # fmt: skip
    checked = json.loads(office.stack.antin(office.client, "verify", str(issued), "--json").stdout)
    assert checked["verdict"] == "TOTAL_PASSED"
    assert len(checked["signatures"]) == 3
    export = tmp_path / "journal.ndjson"
    office.stack.antin(office.client, "journal", "export", "-o", str(export))
    leaves = [
        json.loads(base64.b64decode(json.loads(line)["entry"])) for line in export.read_text().splitlines()
    ]
    issue = [leaf for leaf in leaves if leaf.get("operation", {}).get("name") == "issue"][-1]
    sign = leaves[issue["over"]]
    initial = leaves[sign["over"]]
    assert (initial["operation"]["name"], sign["operation"]["name"]) == ("initial", "sign")
    assert sign["operation"]["capacity"] == OF_DEPUTY
    assert sign["operation"]["mandate"] == office.mandate
    # And nothing after it.
    answer = office.refused(EXPERT, issued, "initial", "--office", UBND, "--over", str(leaves.index(issue)))
    assert answer["code"] == "operation_order"


def test_the_seal_before_the_signature_is_refused(office: Office) -> None:
    seal = office.credentials["seal"]
    answer = office.refused(CLERK, SAMPLES / "quyet-dinh.pdf", "issue", credential=seal)
    assert answer["code"] == "operation_order"
    first, initialled = office.done(EXPERT, SAMPLES / "quyet-dinh.pdf", "initial", "--office", UBND)
    answer = office.refused(CLERK, initialled, "issue", "--over", first, credential=seal)
    assert answer["code"] == "operation_order"


def test_the_seal_over_a_signature_of_another_document_is_refused(
    office: Office, signed: tuple[str, Path]
) -> None:
    _, initialled = office.done(EXPERT, SAMPLES / "phu-luc.pdf", "initial", "--office", UBND)
    for file in (initialled, SAMPLES / "phu-luc.pdf"):
        answer = office.refused(
            CLERK, file, "issue", "--over", signed[0], credential=office.credentials["seal"]
        )
        assert answer["code"] == "operation_order"


def test_the_seal_of_another_office_is_refused(office: Office, signed: tuple[str, Path]) -> None:
    seal = office.credentials["other-seal"]
    for where in ((), ("--office", UBND)):
        answer = office.refused(CLERK, signed[1], "issue", "--over", signed[0], *where, credential=seal)
        assert answer["code"] == "operation_office"


def test_who_holds_no_mandate_does_not_sign(office: Office) -> None:
    answer = office.refused(
        EXPERT, SAMPLES / "quyet-dinh.pdf", "sign", "--office", UBND, "--capacity", OF_DEPUTY
    )
    assert answer["code"] == "capacity_not_held"


def test_the_seal_in_other_hands_is_refused(office: Office, signed: tuple[str, Path]) -> None:
    answer = office.refused(
        EXPERT, signed[1], "issue", "--over", signed[0], credential=office.credentials["seal"]
    )
    assert answer["code"] == "approval_refused"


def test_the_clerk_seals_an_annex_of_its_own_and_a_copy(office: Office, signed: tuple[str, Path]) -> None:
    seal, rect = office.credentials["seal"], "page=1,rect=400:780:580:830"
    office.done(
        CLERK, SAMPLES / "phu-luc.pdf", "annex", "--over", signed[0], "--number", "12/QĐ-UBND",
        "--visible", rect, credential=seal,
    )  # fmt: skip
    office.refused(CLERK, SAMPLES / "phu-luc.pdf", "annex", credential=seal)
    office.done(
        CLERK, SAMPLES / "ban-quet.pdf", "copy", "--copy-form", "sao_y", "--visible", rect, credential=seal
    )
    office.done(CLERK, SAMPLES / "ban-quet.pdf", "incoming", credential=seal)
