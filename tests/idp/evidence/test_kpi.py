"""The indicators over known evidence, on SQLite and on PostgreSQL."""

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from idp.__main__ import main
from idp.evidence.event import Event
from idp.evidence.keep import KeepEvidence
from idp.evidence.kpi import report_kpi
from idp.report import day_bounds
from idp.store.database import Database
from idp.store.evidence import write_events
from idp.store.migrate import migrate

SINCE, UNTIL = day_bounds(date(2026, 11, 24), date(2026, 11, 24))
NOON = SINCE + 12 * 3600


def transaction(name: str, client: str, reference: str, tier: str, at: int = NOON) -> Event:
    details = {"reference": reference, "tier": tier}
    return Event(f"transaction.{name}", at, client_id=client, details=details)


def answered(person: str, client: str, level: str, *, silent: bool = False, at: int = NOON) -> Event:
    details = {"acr": "LoA1", "identity_level": level, "silent": silent, "scopes": ["openid"]}
    return Event("authorize.answered", at, person_id=person, client_id=client, details=details)


DAY = [
    transaction("authenticated", "one-stop", "H47-1", "commune"),
    transaction("authenticated", "one-stop", "H47-2", "commune"),
    transaction("authenticated", "one-stop", "H47-2", "commune"),  # reported twice
    transaction("refused", "one-stop", "H47-3", "commune"),
    transaction("refused", "one-stop", "H47-4", "province"),
    transaction("authenticated", "one-stop", "H47-4", "province", NOON + 60),  # logged in, then again
    transaction("authenticated", "portal", "H47-1", "province"),  # the same number in another system
    transaction("authenticated", "one-stop", "H47-0", "commune", SINCE - 1),  # yesterday
    transaction("authenticated", "one-stop", "H47-9", "commune", UNTIL),  # tomorrow
    answered("an", "one-stop", "02"),
    answered("an", "portal", "02", silent=True),
    answered("binh", "one-stop", "01"),
    answered("binh", "one-stop", "01", silent=True),
    answered("chi", "one-stop", ""),
    answered("dung", "one-stop", "02", at=UNTIL),
    Event("token.issued", NOON, client_id="lgsp", details={"grant_type": "client_credentials"}),
]


def report(database: Database, **more: Any) -> dict[str, Any]:
    with database.reading() as connection:
        return report_kpi(connection, SINCE, UNTIL, **more)


@pytest.fixture
def known(database: Database) -> Database:
    with database.writing() as connection:
        write_events(connection, DAY)
    return database


def test_transactions_are_counted_once_each_and_by_tier(known: Database) -> None:
    assert report(known)["transactions"] == {
        "reported": 5,
        "authenticated": 4,
        "share": 0.8,
        "tiers": [
            {"tier": "commune", "reported": 3, "authenticated": 2, "share": 0.6667},
            {"tier": "province", "reported": 2, "authenticated": 2, "share": 1.0},
        ],
    }


def test_persons_are_counted_by_their_one_record(known: Database) -> None:
    assert report(known)["persons"] == {
        "participating": 3,
        "identified": 2,
        "share": 0.6667,
        "in_two_systems": 1,
        "silent_share": 0.4,
    }


def test_systems_are_those_that_were_used(known: Database) -> None:
    assert report(known, systems_total=12)["systems"] == {
        "connected": 3,
        "clients": ["lgsp", "one-stop", "portal"],
        "of": 12,
        "share": 0.25,
    }


def test_a_report_names_the_seal_it_rests_on_and_comes_out_the_same_again(known: Database) -> None:
    assert report(known)["evidence"] == {"last_seal": 0, "chained": "", "unsealed": 13}
    KeepEvidence(known).seal(UNTIL)
    first = report(known)
    assert first["evidence"]["last_seal"] == 1
    assert first["evidence"]["unsealed"] == 0
    assert report(known) == first


def test_nothing_to_divide_by_is_no_share(database: Database) -> None:
    found = report(database)
    assert found["transactions"]["share"] is None
    assert found["persons"]["share"] is None
    assert found["systems"]["share"] is None


def test_the_days_are_those_of_viet_nam() -> None:
    assert day_bounds(date(2026, 11, 24), date(2026, 11, 24)) == (1795453200, 1795539600)


def test_the_commands_report_and_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/idp.sqlite3"
    monkeypatch.setenv("IDP_DATABASE_URL", url)
    database = Database(url)
    migrate(database, url)
    with database.writing() as connection:
        write_events(connection, DAY)
    KeepEvidence(database).seal(UNTIL)
    days = ["--from", "2026-11-24", "--to", "2026-11-24"]
    assert main(["kpi", *days, "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["transactions"]["share"] == 0.8
    assert main(["kpi", *days]) == 0
    assert "4 / 5 (80.00%)" in capsys.readouterr().out
    assert main(["kpi", "--from", "2026-11-24", "--to", "2026-11-22"]) == 1
    assert main(["evidence", "verify"]) == 0
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM evidence WHERE event_id = 4")
    assert main(["evidence", "verify"]) == 1
    assert "covers 16 events and 15 are there" in capsys.readouterr().out
    database.close()
