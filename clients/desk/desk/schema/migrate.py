"""Bring the desk's database to the schema of this version (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

_HERE = Path(__file__).parent


def migrate(database_url: str) -> None:
    """Upgrade to the newest revision. Safe to repeat; creates the file of a new SQLite database."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    # ConfigParser reads % as interpolation; a password may hold one.
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    url = make_url(database_url)
    if url.drivername.startswith("sqlite") and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(config, "head")
