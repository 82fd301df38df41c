"""Uploads and profiles of imports, notes and merges of places, pairs known to be apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)
NOTHING = sa.text("'{}'")


def upgrade() -> None:
    """Go to this step."""
    _facts()
    op.add_column(
        "import_batch",
        sa.Column(
            "reading",
            JSON,
            nullable=False,
            server_default=NOTHING,
            comment="how the file was read: encoding, coordinate system, profile",
        ),
    )
    op.create_table(
        "import_profile",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the system that the files come from"),
        sa.Column(
            "shared", sa.Boolean(), nullable=False, comment="the town's: for everybody's files"
        ),
        sa.Column("columns", JSON, nullable=False, comment="of such a file, by which it is known"),
        sa.Column("plan", JSON, nullable=False, comment="how its columns fill the fields"),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_import_profile_kind_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "upload",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("account", ID, nullable=True, comment="whose it is; null: a command's"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("plan", JSON, nullable=False, comment="how it is to be read, as far as was said"),
        sa.Column("found", JSON, nullable=False, comment="what it holds and what was guessed"),
        sa.Column("report", JSON, nullable=False, comment="of the dry run, then of the import"),
        sa.Column("job", ID, nullable=True),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name=op.f("fk_upload_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "apart",
        sa.Column("one", ID, nullable=False),
        sa.Column("other", ID, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("one < other", name=op.f("ck_apart_order")),
        sa.ForeignKeyConstraint(["one"], ["site.id"], name=op.f("fk_apart_one")),
        sa.ForeignKeyConstraint(["other"], ["site.id"], name=op.f("fk_apart_other")),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_apart")),
    )


def _facts() -> None:
    """Add what a place and its versions hold besides.

    Alembic adds a column and then its foreign key, which SQLite cannot; both databases take
    them in one.
    """
    note = "what was done to it beside its file or form"
    for table in ("site", "site_version"):
        op.add_column(table, sa.Column("note", sa.Text(), nullable=True, comment=note))
        whole = ID.compile(dialect=op.get_bind().dialect)
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN merged_into {whole}"
            f" CONSTRAINT fk_{table}_merged_into REFERENCES site (id)"
        )
    op.add_column("site_version", sa.Column("source_row", sa.Integer(), nullable=True))
    op.add_column(
        "site",
        sa.Column(
            "personal_since",
            JSON,
            nullable=False,
            server_default=NOTHING,
            comment="personal field to the revision that it is from",
        ),
    )
