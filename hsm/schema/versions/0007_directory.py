"""One number that moves whenever a credential or an approver's key changes; an index for token keys.

The number is moved by triggers, so that no change is missed, whoever makes it by whatever means.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("credential", "client_key", "admin")
MOVE = "UPDATE directory_version SET version = version + 1"


def upgrade() -> None:
    op.create_table(
        "directory_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_directory_version_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_version")),
    )
    op.execute("INSERT INTO directory_version (id, version) VALUES (1, 0)")
    op.create_index("ix_credential_purpose", "credential", ["purpose"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for when in ("INSERT", "UPDATE", "DELETE"):
                name = f"{table}_{when.lower()}_moves_directory"
                op.execute(f"CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN {MOVE}; END")
        return
    op.execute(
        "CREATE FUNCTION directory_moves() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {MOVE}; RETURN NULL; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_moves_directory AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION directory_moves()"
        )
