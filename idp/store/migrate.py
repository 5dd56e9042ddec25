"""Bring the database to the newest schema; ask whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

from idp.store.database import Database

_SCHEMA = Path(__file__).resolve().parent.parent / "schema"
_LOCK = 0x616E74696E  # any number, the same for every replica that migrates at once


def migrate(database: Database, database_url: str) -> None:
    """Run what is missing, in one transaction. Safe to repeat, and to run from several hosts."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    config = _config()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Whether the schema is the one this program was written for. Raises StoreUnavailable."""
    with database.reading() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == _HEAD


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCHEMA))
    config.set_main_option("path_separator", "os")
    return config


_HEAD = ScriptDirectory.from_config(_config()).get_current_head()
