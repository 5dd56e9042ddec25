"""Alembic's entry: it gets an open connection from store/migrate.py and runs in one transaction."""

from alembic import context

# These fill the metadata, so that autogenerate can compare.
import idp.store.consent_tables
import idp.store.people_tables
import idp.store.refresh_tables
import idp.store.registration_tables
import idp.store.reported_transactions
import idp.store.session_tables
import idp.store.tables  # noqa: F401
from idp.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
