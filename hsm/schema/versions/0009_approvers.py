"""Who approved a grant: the policy is asked again when its SAD is redeemed.

A SAD that was given out before has nobody there, and opens nothing: it is to be approved again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = {"approver_kind": 16, "approver": 200, "acr": 16}


def upgrade() -> None:
    for name, length in COLUMNS.items():
        op.add_column("grant_", sa.Column(name, sa.String(length), nullable=False, server_default=""))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("grant_", name)
