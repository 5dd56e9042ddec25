"""Alembic's entry: run the migrations online, in one transaction each."""

from alembic import context
from sqlalchemy import create_engine, pool

import hsm.journal.tables
import hsm.journal.use_tables
import hsm.life_tables
import hsm.policy_tables
import hsm.role_tables
import hsm.tables
from hsm.schema import metadata

# imported for the tables they put on metadata
_ = (
    hsm.tables,
    hsm.life_tables,
    hsm.policy_tables,
    hsm.role_tables,
    hsm.journal.tables,
    hsm.journal.use_tables,
)

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
