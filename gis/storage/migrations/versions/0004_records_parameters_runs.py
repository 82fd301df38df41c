"""Records, relief, parameters, what a run was made of, scenarios."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go to this step."""
    _records()
    _relief()
    _parameters()
    _runs()


def _records() -> None:
    op.create_table(
        "record",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "kind", sa.String(length=40), nullable=False, comment="sort of record: its passport"
        ),
        sa.Column("site", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="of the place's records of this sort"),
        sa.Column("attrs", JSON, nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "replaced",
            sa.BigInteger(),
            nullable=True,
            comment="revision since which another row says it",
        ),
        sa.Column("import_batch", ID, nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_record_site")),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_record_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_record_kind_site_key"), "record", ["kind", "site", "key"])


def _relief() -> None:
    op.create_table(
        "relief",
        sa.Column("id", ID, nullable=False),
        sa.Column("crs", sa.String(length=40), nullable=False),
        sa.Column("west_m", sa.Double(), nullable=False),
        sa.Column("north_m", sa.Double(), nullable=False),
        sa.Column("cell_m", sa.Double(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="decimetres, packed"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="of the content"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("surveyed_on", sa.Date(), nullable=True, comment="when the land was measured"),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("import_batch", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_relief_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief")),
        sqlite_autoincrement=True,
    )


def _parameters() -> None:
    op.create_table(
        "parameter_set",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "values", JSON, nullable=False, comment="method to constant to value, if changed"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_set")),
        sqlite_autoincrement=True,
    )


def _runs() -> None:
    """Add what runs and scores hold besides, and the tables that hang on runs.

    Alembic adds a column and then its foreign key, which SQLite cannot; both databases take
    them in one.
    """
    whole = ID.compile(dialect=op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE run ADD COLUMN parameter_set {whole}"
        " CONSTRAINT fk_run_parameter_set REFERENCES parameter_set (id)"
    )
    op.add_column(
        "run",
        sa.Column(
            "doubts",
            JSON,
            nullable=False,
            server_default=sa.text("'[]'"),
            comment="what it would help most to find out",
        ),
    )
    op.add_column(
        "score",
        sa.Column(
            "detail",
            JSON,
            nullable=False,
            server_default=sa.text("'{}'"),
            comment="vulnerability, coping, interval, probabilities, views",
        ),
    )
    op.add_column(
        "contribution",
        sa.Column("without", sa.Double(), nullable=True, comment="points that go if it alone goes"),
    )
    closing = "points that go if its open hazards are closed"
    op.add_column("contribution", sa.Column("closing", sa.Double(), nullable=True, comment=closing))
    far = "distance to the receptor"
    op.add_column("contribution", sa.Column("receptor_m", sa.Double(), nullable=True, comment=far))
    op.create_table(
        "run_input",
        sa.Column("run", ID, nullable=False),
        sa.Column(
            "content", sa.LargeBinary(), nullable=False, comment="sources and receptors, packed"
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_input_run")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_run_input")),
    )
    _rolled()
    op.create_table(
        "scenario",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account", ID, nullable=True, comment="whose it is; null: of the town"),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("result", JSON, nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_scenario_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
        sqlite_autoincrement=True,
    )


def _rolled() -> None:
    """Add what a run says of other ground than its areas: the town, hexagons."""
    op.create_table(
        "rolled",
        sa.Column("run", ID, nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column(
            "code",
            sa.String(length=80),
            nullable=False,
            comment="empty: outside all of the level",
        ),
        sa.Column("area_km2", sa.Double(), nullable=True, comment="null outside"),
        sa.Column(
            "exposed", sa.Double(), nullable=False, comment="equivalent persons, people only"
        ),
        sa.Column("people", sa.Double(), nullable=False, comment="heads"),
        sa.Column("receptors", sa.Integer(), nullable=False, comment="places where people are"),
        sa.Column("sources", sa.Integer(), nullable=False, comment="places that are a source"),
        sa.Column(
            "classes",
            JSON,
            nullable=True,
            comment="areas by the class they show, of a level around them",
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_rolled_run")),
        sa.PrimaryKeyConstraint("run", "level", "code", name=op.f("pk_rolled")),
    )
    op.create_table(
        "rolled_load",
        sa.Column("run", ID, nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("sector", sa.String(length=10), nullable=False),
        sa.Column("load", sa.Double(), nullable=False, comment="equivalent persons; adds up"),
        sa.Column("exposed", sa.Double(), nullable=False, comment="with the assets of the sector"),
        sa.Column("known_share", sa.Double(), nullable=False, comment="of the ground, 0..1"),
        sa.Column("known", sa.Boolean(), nullable=False, comment="enough of it to be shown"),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_rolled_load_run")),
        sa.PrimaryKeyConstraint("run", "level", "code", "sector", name=op.f("pk_rolled_load")),
    )
