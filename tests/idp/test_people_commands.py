"""``python -m idp people``: the first administrator, and what is never shown."""

import io
import json
import sys
import time
from pathlib import Path

import pytest

from idp.__main__ import main
from idp.directory.person import Person
from idp.protocol.session import SessionLimits
from idp.store.database import Database
from idp.store.evidence import read_of_person
from idp.store.sessions import Sessions


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/idp.sqlite3")
    assert main(["migrate"]) == 0


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert main(["people", *arguments, "--json"]) == code
    said = capsys.readouterr()
    return json.loads(said.out) if code == 0 else {"error": said.err}


def test_the_first_administrator_is_added_with_a_password_for_one_login(
    capsys: pytest.CaptureFixture[str],
) -> None:
    added = run(
        capsys, "add", "Quan.Tri", "--name", "Quản Trị MẪU", "--administrator",
        "--organisation", "000.00.12.H47=Sở MẪU", "--post", "H47.12=Quản trị",
        "--personal-number", "099085000001",
    )  # fmt: skip
    assert (added["username"], added["roles"]) == ("quan.tri", ["administrator"])
    assert added["posts"] == [{"organisation": "H47.12", "title": "Quản trị"}]
    assert "099085000001" not in json.dumps(added)
    made = run(capsys, "set-password", "quan.tri")
    assert len(str(made["password"])) >= 12
    assert run(capsys, "show", "quan.tri")["factors"] == ["password"]


def test_a_password_is_read_from_standard_input_and_held_to_the_rules(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "add", "lan", "--name", "Lan MẪU")
    monkeypatch.setattr(sys, "stdin", io.StringIO("matkhau@123456\n"))
    refused = run(capsys, "set-password", "lan", "--stdin", code=1)
    assert "dễ đoán" in str(refused["error"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("mưa rơi trên mái ngói\n"))
    assert "password" not in run(capsys, "set-password", "lan", "--stdin", "--lasting")


def test_a_mandate_and_a_state(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", "lan", "--name", "Lan MẪU")
    for_whom = ("--kind", "enterprise", "--for", "4000000001", "--for-name", "Công ty MẪU")
    assert run(capsys, "add-mandate", "lan", *for_whom)["mandates"] == ["Công ty MẪU"]
    assert run(capsys, "suspend", "lan")["state"] == "suspended"
    assert str(run(capsys, "add-totp", "lan")["otpauth"]).startswith("otpauth://totp/")


def test_what_cannot_be_is_refused_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    refused = run(capsys, "add", "Lần", "--name", "Lan MẪU", code=1)
    assert "không dấu" in str(refused["error"])
    refused = run(capsys, "add", "lan", "--name", "Lan", "--post", "H47.12=Chuyên viên", code=1)
    assert "H47.12" in str(refused["error"])
    assert "Không có ai.do" in str(run(capsys, "show", "ai.do", code=1)["error"])


def test_what_is_done_to_factors_by_command_is_on_the_record_and_logs_strangers_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whoever has the host's shell leaves a trace in the person's own history."""
    lan = run(capsys, "add", "lan", "--name", "Lan MẪU")
    database = Database(f"sqlite:///{tmp_path}/idp.sqlite3")
    sessions, now = Sessions(database, SessionLimits()), int(time.time())
    person = Person(str(lan["person_id"]), "official", "active", "lan", {})
    stolen, _ = sessions.start(
        person, acr="LoA2", amr=("pwd",), upstream="", identity_level="", device="", address="", kiosk=False,
        now=now,
    )  # fmt: skip
    run(capsys, "add-totp", "lan")
    assert not sessions.has_ended(stolen.session_id, now)
    run(capsys, "set-password", "lan")
    assert sessions.has_ended(stolen.session_id, now)
    with database.reading() as connection:
        told = [
            (each.event.name, each.event.details["kind"], each.event.details["by"])
            for each in read_of_person(
                connection, person.person_id, ("factor.added", "factor.changed"), before=0, limit=9
            )
        ]
    database.close()
    assert sorted(told) == [("factor.added", "totp", "command"), ("factor.changed", "password", "command")]


def test_who_is_promoted_is_on_the_record(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lan = run(capsys, "add", "lan", "--name", "Lan MẪU")
    assert run(capsys, "promote", "lan")["roles"] == ["administrator"]
    assert run(capsys, "demote", "lan")["roles"] == []
    database = Database(f"sqlite:///{tmp_path}/idp.sqlite3")
    with database.reading() as connection:
        told = read_of_person(connection, str(lan["person_id"]), ("person.role_changed",), before=0, limit=9)
    database.close()
    assert [each.event.details["roles"] for each in told] == [[], ["administrator"]]
