"""What the key process remembers of offices: who holds which post, and who may sign in whose stead.

Times are Unix seconds. Nothing is ever overwritten but an end: what was held when is asked years later.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from hsm.schema import metadata

office = Table(
    "office",
    metadata,
    Column("office_id", String(200), primary_key=True),  # Decision 20/2020/QĐ-TTg: H47.1.2
    Column("name", String(300), nullable=False),
    Column("above", String(200), nullable=False, server_default=""),  # the office above, empty for none
    Column("training", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('active','retired')", name="state"),
)

post = Table(
    "post",
    metadata,
    Column("post_id", String(64), primary_key=True),
    Column("office_id", String(200), ForeignKey("office.office_id"), nullable=False),
    Column("person_id", String(200), ForeignKey("person.person_id"), nullable=False),
    Column("rank", String(16), nullable=False),
    Column("capacity", String(200), nullable=False),  # as it stands above the signature
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    CheckConstraint("rank IN ('head','deputy','unit_head','unit_deputy','member')", name="rank"),
)
Index("ix_post_person_id", post.c.person_id)

mandate = Table(
    "mandate",
    metadata,
    Column("mandate_id", String(64), primary_key=True),
    Column("form", String(8), nullable=False),
    Column("office_id", String(200), ForeignKey("office.office_id"), nullable=False),
    # Given by who holds this post, or passed on by who has that mandate.
    Column("from_post", String(64), ForeignKey("post.post_id")),
    Column("from_mandate", String(64), ForeignKey("mandate.mandate_id")),
    Column("to_post", String(64), ForeignKey("post.post_id"), nullable=False),
    Column("capacity", String(200), nullable=False),
    Column("operations", String(100), nullable=False),  # words parted by spaces
    Column("document_kinds", Text, nullable=False),  # the same; empty: all
    Column("written", String(200), nullable=False),  # number and date of the document, may be empty
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),
    Column("revoked_at", BigInteger),
    CheckConstraint("form IN ('TM','KT','TL','TUQ','Q')", name="form"),
    CheckConstraint("(from_post IS NULL) <> (from_mandate IS NULL)", name="ground"),
)
Index("ix_mandate_to_post", mandate.c.to_post)
