"""Bring the key process's database to the schema of this version (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_HERE = Path(__file__).parent


def migrate(database_url: str) -> None:
    """Upgrade to the newest revision. Safe to repeat; creates the file of a new SQLite database."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    # ConfigParser reads % as interpolation; a password may hold one.
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    command.upgrade(config, "head")
