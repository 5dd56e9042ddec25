"""The signing service's database: the Alembic migrations that make it."""
