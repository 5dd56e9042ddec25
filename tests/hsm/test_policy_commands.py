"""Policies by command at a real key process: draft, diff, rehearse, approve, activate, list, show, revert."""

import shutil
import time
from contextlib import closing

import pytest

from hsm.client import KeyProcess, PolicyRefused
from hsm.policy_client import PolicyClient
from policies.bundle import Bundle
from tests.hsm.acts.governed_process import CLIENT, Province
from tests.hsm.acts.life import LifeProcess, second_process
from tests.servers.key_process import client_jws


@pytest.fixture(scope="module")
def province(lives: LifeProcess, tmp_path_factory: pytest.TempPathFactory) -> Province:
    return Province(lives, tmp_path_factory.mktemp("policies"))


def test_a_policy_goes_from_draft_to_force_and_back(province: Province) -> None:
    for _ in range(3):
        province.sign("to-trinh")
    directory, act = province.draft("no-submissions", "to-trinh"), province.folder / "act.json"
    # diff: by rule, not by line.
    told = province.policy("diff", directory, status=3)
    assert [(one["kind"], one["id"], one["how"]) for one in told["differences"]] == [
        ("rule", "never-no-submissions", "added")
    ]
    assert "THÊM quy tắc never-no-submissions / ADDED rule" in province.tell("diff", directory, status=3)
    # rehearse: what was signed and would not be any more, by which rule, and which leaves those are.
    told = province.policy("rehearse", directory, status=3)
    refused = [one for one in told["newly_refused"] if "never-no-submissions" in one["after"]["rules"]]
    assert sum(one["acts"] for one in refused) == 3
    assert len({leaf for one in refused for leaf in one["leaves"]}) == 3
    assert told["newly_allowed"] == []
    assert "NEWLY REFUSED: 3" in province.tell("rehearse", directory, status=3)
    # draft, approve, activate.
    drafted = province.policy("draft", directory, "--note", "Ngừng ký tờ trình", "-o", act)
    before = province.policy("list")[0]
    assert (drafted["version"], drafted["previous"]) == (before["version"] + 1, before["digest"])
    assert drafted["bundle"] == Bundle.load(directory).digest
    approved, items = province.act("to-trinh")
    with closing(KeyProcess(province.running.signsvc)) as client:
        sad = client.authorize(approved, client_jws(approved, province.key)).sad
    with second_process(province.running) as other:
        province.sign("to-trinh", other)
        approvals = province.approve(act)
        done = province.policy("activate", act, *approvals)
        assert done["version"] == drafted["version"]
        with pytest.raises(PolicyRefused) as refusal:
            province.sign("to-trinh")
        assert refusal.value.rules == ("never-no-submissions",)
        with closing(KeyProcess(province.running.signsvc)) as client, pytest.raises(PolicyRefused):
            client.sign(items, sad=sad, client_id=CLIENT)  # approved while that was allowed
        time.sleep(2)
        with pytest.raises(PolicyRefused):
            province.sign("to-trinh", other)
    newest = province.policy("list")[0]
    assert newest["approvers"] == [["admin_jws", "admin-1"], ["passkey", "admin-2"]]
    assert newest["note"] == "Ngừng ký tờ trình"
    assert "đang hiệu lực / in force" in province.tell("list")
    # It is what the next start loads, and its files come back out of the store.
    province.running.stop()
    province.running.start()
    with pytest.raises(PolicyRefused):
        province.sign("to-trinh")
    copied = province.folder / "copied"
    shown = province.policy("show", "--directory", copied)
    assert shown["digest"] == drafted["bundle"] == Bundle.load(copied).digest
    # revert: the same act, the other way round.
    back = province.folder / "back.json"
    province.policy("revert", before["version"], "--note", "Trở lại", "-o", back)
    done = province.policy("activate", back, *province.approve(back, proposer=2, other=1))
    assert (done["version"], done["bundle"]) == (drafted["version"] + 1, before["digest"])
    province.sign("to-trinh")
    assert "does not follow" in province.tell("activate", act, *approvals, status=1)


def test_who_could_sign_with_a_key_is_told_with_the_rules(province: Province) -> None:
    told = province.policy("rehearse", "0", "--credential", province.credential_id)
    allowed = {
        (one["who"], one["approval"], one["content"]) for one in told["who_could_sign"] if one["allowed"]
    }
    assert allowed == {
        ("holder", "client_jws", "prepared"), ("holder", "client_jws", "dtbsr"),
        ("holder", "access_token", "prepared"),
    }  # fmt: skip
    assert all(one["rules"] for one in told["who_could_sign"] if one["who"] != "holder")
    assert "WHO COULD SIGN" in province.tell("rehearse", "0", "--credential", province.credential_id)


def test_a_draft_that_is_no_policy_is_refused_with_the_reason(province: Province) -> None:
    directory = province.draft("wrong", "x")
    (directory / "rules" / "tried.cedar").write_text("permit (principal, action, resource);")
    told = province.tell("draft", directory, "--note", "x", "-o", province.folder / "no.json", status=1)
    assert "@id" in told
    shutil.rmtree(directory / "rules")
    told = province.tell("draft", directory, "--note", "x", "-o", province.folder / "no.json", status=1)
    assert "no rules" in told


def test_one_administrator_with_both_kinds_of_approval_changes_nothing(province: Province) -> None:
    directory, act = province.draft("alone", "cong-van"), province.folder / "alone.json"
    province.policy("draft", directory, "--note", "một mình", "-o", act)
    approvals = province.approve(act, proposer=1, other=1)
    assert "twice" in province.tell("activate", act, *approvals, status=1)
    assert "passkey" in province.tell("activate", act, approvals[0], status=1)


def test_only_the_administrators_socket_speaks_of_policies(province: Province) -> None:
    for target in (province.running.signsvc, province.running.idp):
        client = PolicyClient(target)
        with pytest.raises(Exception, match="did not answer"):
            client.versions()
        client.close()
