"""Documents on desks, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from desk.errors import NotFound, StoreUnavailable
from desk.schema.migrate import migrate
from desk.signing.shown import Prepared
from desk.store.database import Database
from desk.store.documents import Documents, State
from desk.store.tables import metadata
from sqlalchemy import create_engine, inspect

NOW = 1_780_000_000
TOLD: dict[str, Any] = {"id": "a" * 32, "sha256": "b" * 64, "pages": 2, "expires_at": NOW + 9}
SIGNED = {"signature": {"leaf_index": 7}, "receipt": {"entry": "e", "proof": "p"}}
PREPARED = Prepared("c" * 32, "d" * 44, b"suffix", (10, 20))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/desk.sqlite3"
    else:
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    migrate(url)
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


def add(documents: Documents, subject: str = "lan", name: str = "Quyết định", **changes: Any) -> str:
    return documents.add(subject, name, TOLD | changes, by="Lan MẪU", now=NOW)


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    engine = create_engine(database._writer.url)
    made = {
        table: {column["name"] for column in inspect(engine).get_columns(table)} for table in metadata.tables
    }
    engine.dispose()
    assert made == {name: set(table.columns.keys()) for name, table in metadata.tables.items()}


def test_nobody_sees_what_lies_on_anothers_desk(documents: Documents) -> None:
    one = add(documents)
    assert documents.get("lan", one).name == "Quyết định"
    with pytest.raises(NotFound):
        documents.get("hoa", one)
    assert documents.on_desk("hoa", [State.TO_SIGN]) == ([], False)
    assert documents.history("hoa", one) == []


def test_a_file_that_was_sent_twice_lies_there_once(documents: Documents) -> None:
    assert add(documents) == add(documents)
    assert len(documents.on_desk("lan", [State.TO_SIGN])[0]) == 1


def test_a_double_click_in_two_processes_leaves_one_document(documents: Documents) -> None:
    for number in range(10):
        together = Barrier(4)

        def click(told: str = f"{number:032}", together: Barrier = together) -> str:
            together.wait()
            return add(documents, id=told)

        with ThreadPoolExecutor(4) as pool:
            ids = {each.result() for each in [pool.submit(click) for _ in range(4)]}
        assert len(ids) == 1
        assert [each.kind for each in documents.history("lan", ids.pop())] == ["uploaded"]
    assert len(documents.on_desk("lan", [State.TO_SIGN])[0]) == 10


def test_nobody_begins_to_sign_what_lies_on_anothers_desk(documents: Documents) -> None:
    one = add(documents)
    assert documents.begin_signing("hoa", [one], "batch", NOW) == 0
    assert documents.get("lan", one).state is State.TO_SIGN


def test_what_is_being_signed_is_neither_prepared_nor_signed_anew(documents: Documents) -> None:
    one = add(documents)
    documents.keep_prepared(one, "key", PREPARED, NOW)
    documents.begin_signing("lan", [one], "batch", NOW)
    documents.keep_prepared(one, "key", Prepared("f" * 32, "g" * 44, b"", (0, 0)), NOW)
    assert documents.begin_signing("lan", [one], "other batch", NOW) == 0
    found = documents.get("lan", one)
    assert found.prepared == PREPARED
    assert (found.state, found.batch_id) == (State.SIGNING, "batch")


def test_it_is_finished_once_and_never_put_back_after_that(documents: Documents) -> None:
    one = add(documents)
    documents.keep_prepared(one, "key", PREPARED, NOW)
    documents.begin_signing("lan", [one], "batch", NOW)
    found = documents.get("lan", one)
    documents.finish(found, SIGNED, by="Lan MẪU", now=NOW + 1)
    documents.finish(found, SIGNED | {"receipt": None}, by="Lan MẪU", now=NOW + 2)
    documents.put_back(found, "vi", "en", by="Lan MẪU", now=NOW + 3)
    done = documents.get("lan", one)
    assert (done.state, done.leaf_index, done.receipt) == (State.DONE, 7, SIGNED["receipt"])
    assert [each.kind for each in documents.history("lan", one)] == ["uploaded", "signed"]


def test_what_was_not_signed_is_prepared_anew(documents: Documents) -> None:
    one = add(documents)
    documents.keep_prepared(one, "key", PREPARED, NOW)
    documents.begin_signing("lan", [one], "batch", NOW)
    documents.put_back(documents.get("lan", one), "chưa ký", "not signed", by="Lan MẪU", now=NOW)
    found = documents.get("lan", one)
    assert (found.state, found.prepared, found.problem) == (State.TO_SIGN, None, "chưa ký")


def test_a_search_takes_every_word_and_no_wildcard(documents: Documents) -> None:
    add(documents, name="Tăng 100% ngân sách")
    add(documents, name="Tăng 1000 chỉ tiêu", id="e" * 32)
    found, _ = documents.on_desk("lan", [State.TO_SIGN], "100%")
    assert [each.name for each in found] == ["Tăng 100% ngân sách"]
    assert len(documents.on_desk("lan", [State.TO_SIGN], "tăng")[0]) == 2


@pytest.mark.parametrize("words", ["ĐỀ NGHỊ", "de nghi", "nghị đề"])
def test_a_search_takes_vietnamese_as_people_type_it(documents: Documents, words: str) -> None:
    add(documents, name="Đề nghị thanh toán")
    assert len(documents.on_desk("lan", [State.TO_SIGN], words)[0]) == 1


def test_a_database_that_is_away_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Documents(Database(f"sqlite:///{tmp_path}/none/x.sqlite3")).on_desk("lan", [State.TO_SIGN])
