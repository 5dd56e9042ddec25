"""When a passkey's counter last moved: what was approved before and arrives after is late, not cloned."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("passkey", sa.Column("counted_at", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("passkey", "counted_at")
