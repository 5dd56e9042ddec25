"""What was approved, where the person left documents out of what was asked."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("csc_authorization", sa.Column("approved_act", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup")
