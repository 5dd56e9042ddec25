"""Documents belong to the client that sent them."""

from dataclasses import replace

import pytest
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from signsvc.schema.migrate import migrate
from signsvc.store.database import Database
from signsvc.store.documents import Documents, StoredDocument
from signsvc.store.files import new_id
from signsvc.store.tables import metadata

NOW = 1_800_000_000
STORED = StoredDocument(
    id="0" * 32,
    client_id="motcua",
    name="quyết định.pdf",
    sha256="ab" * 32,
    size=5_000_000_000,
    pages=2,
    signatures=0,
    pdfa="PDF/A-2b",
    findings=({"code": "c", "message": "m", "message_en": "m"},),
    created_at=NOW,
    expires_at=NOW + 100,
)


@pytest.fixture
def documents(database: Database) -> Documents:
    return Documents(database)


def test_a_document_is_found_by_its_client_until_it_expires(documents: Documents) -> None:
    documents.add(STORED)
    assert documents.find("motcua", STORED.id, NOW) == STORED
    assert documents.find("another", STORED.id, NOW) is None
    assert documents.find("motcua", STORED.id, NOW + 100) is None
    assert documents.expired(NOW + 100) == [STORED.id]
    documents.remove(STORED.id)
    assert not documents.exists(STORED.id)


def test_pages_of_a_list_neither_skip_nor_repeat(documents: Documents) -> None:
    for number in range(7):
        documents.add(replace(STORED, id=new_id(), created_at=NOW + number // 3))
    documents.add(replace(STORED, id=new_id(), client_id="another"))
    seen: list[str] = []
    after = None
    while page := documents.page("motcua", NOW, 2, after):
        seen += [stored.id for stored in page]
        after = (page[-1].created_at, page[-1].id)
    assert len(seen) == len(set(seen)) == 7


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    migrate(database_url)
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_sqlite_writes_are_durable(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/d.sqlite3"
    migrate(url)
    database = Database(url)
    with database.writing() as connection:
        assert connection.execute(sql("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(sql("PRAGMA journal_mode")).scalar_one() == "wal"
    database.close()
