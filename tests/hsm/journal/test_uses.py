"""Every use of a key is found: signed, failed, never finished, tokens; and nobody else's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hsm.database import Database
from hsm.journal.log import Log
from hsm.journal.uses import MAX_USES, Use, Uses
from hsm.schema.migrate import migrate


class House:
    def __init__(self, database_url: str) -> None:
        migrate(database_url)
        self.database = Database(database_url)
        self.log = Log(self.database.reader)
        self.log.reload()
        self.uses = Uses(self.database)

    def write(self, *entries: dict[str, Any]) -> int:
        with self.database.writing() as connection:
            staged = self.log.stage(connection, [json.dumps(entry).encode() for entry in entries])
        self.log.adopt(staged)
        return staged.first_index


def intent(credential: str) -> dict[str, Any]:
    return {"type": "intent", "credential": credential, "time": 1}


def outcome(*items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "outcome", "time": 1, "intents": list(items)}


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        made = House(f"sqlite:///{tmp_path}/hsm.sqlite3")
    else:
        made = House(request.getfixturevalue("postgres_url")())
    yield made
    made.database.close()


def seen(uses: list[Use]) -> list[tuple[int, str, int | None, str]]:
    return [(use.leaf_index, use.outcome, use.outcome_index, use.result) for use in uses]


def test_each_use_comes_with_what_became_of_it(house: House) -> None:
    house.write(intent("mine"), intent("other"), intent("mine"), intent("mine"))
    house.write(outcome({"index": 0, "signature": "aa"}, {"index": 1, "signature": "bb"}))
    house.write(outcome({"index": 2, "failed": "TokenUnavailable"}))
    house.write({"type": "intent", "kind": "admin", "time": 1})
    assert seen(house.uses.find("mine", 0, 10)) == [
        (0, "signed", 4, "aa"), (2, "failed", 5, "TokenUnavailable"), (3, "open", None, ""),
    ]  # fmt: skip
    assert seen(house.uses.find("other", 0, 10)) == [(1, "signed", 4, "bb")]
    assert house.uses.find("nobody", 0, 10) == []
    assert json.loads(house.uses.find("mine", 0, 1)[0].entry)["credential"] == "mine"


def test_an_outcome_that_comes_after_the_index_is_found(house: House) -> None:
    house.write(intent("mine"))
    assert seen(house.uses.find("mine", 0, 10)) == [(0, "open", None, "")]
    house.write(outcome({"index": 0, "signature": "aa"}))
    assert seen(house.uses.find("mine", 0, 10)) == [(0, "signed", 1, "aa")]


def test_pages_join_without_gap_or_double(house: House) -> None:
    house.write(*(intent("mine" if n % 3 else "other") for n in range(5000)))
    pages, start = [], 0
    while page := house.uses.find("mine", start, 999):
        pages += [use.leaf_index for use in page]
        start = page[-1].leaf_index + 1
    assert pages == [n for n in range(5000) if n % 3]
    assert len(house.uses.find("mine", 0, 10**6)) == MAX_USES
    assert house.uses.find("mine", 0, -1) == []


def test_two_processes_that_index_at_once_index_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(intent("mine"), outcome({"index": 0, "signature": "aa"}))
    other = Uses(house.database)
    writing = house.database.writing

    def faster() -> Any:
        monkeypatch.undo()
        other.catch_up()
        return writing()

    monkeypatch.setattr(house.database, "writing", faster)
    assert seen(house.uses.find("mine", 0, 10)) == [(0, "signed", 1, "aa")]
    assert house.uses.catch_up() == 2
