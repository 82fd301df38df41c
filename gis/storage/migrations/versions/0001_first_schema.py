"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

from gis.storage import dialect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GEOMETRY = Geometry("GEOMETRY", srid=4490, spatial_index=False)
SPATIAL = ("site", "site_version", "site_shown", "area", "hazard", "run_shown")


def upgrade() -> None:
    """Go to this step."""
    op.create_table(
        "code",
        sa.Column("code_table", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("numbers", JSON, nullable=False, comment="parameters that models read"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "retired_on",
            sa.Date(),
            nullable=True,
            comment="kept for old rows, not offered for new ones",
        ),
        sa.PrimaryKeyConstraint("code_table", "code", name=op.f("pk_code")),
    )
    op.create_table(
        "coverage",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('complete', 'partial', 'none')", name=op.f("ck_coverage_status")
        ),
        sa.PrimaryKeyConstraint("kind", "village", name=op.f("pk_coverage")),
    )
    op.create_table(
        "import_batch",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False, comment="kind, level or register"),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job",
        sa.Column("id", ID, nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False, comment="0..1"),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_job_state_id"), "job", ["state", "id"], unique=False)
    op.create_table(
        "register",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column(
            "as_of",
            sa.Date(),
            nullable=True,
            comment="a demonstration's own today; an office uses the clock",
        ),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('demonstration', 'office')", name=op.f("ck_register_purpose")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register")),
    )
    op.create_table(
        "run",
        sa.Column("id", ID, nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False, comment="valid time it speaks of"),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="what the register knew"),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("method_version", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("summary", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_run_verb_level_id"), "run", ["verb", "level", "id"], unique=False)
    op.create_table(
        "area",
        sa.Column("id", ID, nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("attrs", JSON, nullable=False),
        sa.Column("unmapped", JSON, nullable=False),
        sa.Column("import_batch", ID, nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_area_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_area_level_code"), "area", ["level", "code"], unique=False)
    op.create_table(
        "run_shown",
        sa.Column("id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("layer", sa.String(length=40), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False, comment="GeoJSON, ready to send"),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_shown_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_shown")),
    )
    op.create_index(op.f("ix_run_shown_run_layer"), "run_shown", ["run", "layer"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("secrecy", sa.String(length=20), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("elevation_m", sa.Double(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("attrs", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("import_batch", ID, nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("personal", JSON, nullable=False, comment="in no list, tile, export or version"),
        sa.Column(
            "unmapped", JSON, nullable=False, comment="columns of the file that no field took"
        ),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_site_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_site_kind_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_site_revision"), "site", ["revision"], unique=False)
    op.create_index(op.f("ix_site_village_kind"), "site", ["village", "kind"], unique=False)
    op.create_table(
        "contribution",
        sa.Column("id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("area", ID, nullable=False),
        sa.Column("sector", sa.String(length=10), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("site", ID, nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("load", sa.Double(), nullable=False, comment="equivalent persons; adds up"),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("receptor", ID, nullable=True),
        sa.Column("intensity", sa.Double(), nullable=False),
        sa.Column("uplift", sa.Double(), nullable=False),
        sa.Column("r1_m", sa.Double(), nullable=False),
        sa.Column("r2_m", sa.Double(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_contribution_area")),
        sa.ForeignKeyConstraint(["receptor"], ["site.id"], name=op.f("fk_contribution_receptor")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_contribution_run")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_contribution_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
    )
    op.create_index(op.f("ix_contribution_run_area"), "contribution", ["run", "area"], unique=False)
    op.create_table(
        "flag",
        sa.Column("id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("area", ID, nullable=False),
        sa.Column("site", ID, nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_flag_area")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_flag_run")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_flag_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
    )
    op.create_index(op.f("ix_flag_run_area"), "flag", ["run", "area"], unique=False)
    op.create_table(
        "hazard",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("site", ID, nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("inspection_id", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("judge_std", sa.Text(), nullable=True),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("import_batch", ID, nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("unmapped", JSON, nullable=False),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_hazard_import_batch")
        ),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_hazard_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard")),
        sa.UniqueConstraint("key", name=op.f("uq_hazard_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hazard_site"), "hazard", ["site"], unique=False)
    op.create_table(
        "score",
        sa.Column("run", ID, nullable=False),
        sa.Column("area", ID, nullable=False),
        sa.Column("sector", sa.String(length=10), nullable=False, comment="ALL for the whole"),
        sa.Column("model", sa.String(length=40), nullable=True),
        sa.Column("load", sa.Double(), nullable=True),
        sa.Column("equivalent", sa.Double(), nullable=True, comment="equivalent persons"),
        sa.Column("he", sa.Double(), nullable=True, comment="hazard and exposure, 0..10"),
        sa.Column(
            "score", sa.Double(), nullable=True, comment="0..100; null is unknown, never low"
        ),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("index_class", sa.Integer(), nullable=True),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("shown_class", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("quality", JSON, nullable=False),
        sa.ForeignKeyConstraint(["area"], ["area.id"], name=op.f("fk_score_area")),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_score_run")),
        sa.PrimaryKeyConstraint("run", "area", "sector", name=op.f("pk_score")),
    )
    op.create_table(
        "site_shown",
        sa.Column("id", ID, nullable=False),
        sa.Column("site", ID, nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False, comment="GeoJSON, ready to send"),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_shown_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_shown")),
        sa.UniqueConstraint("site", "audience", name=op.f("uq_site_shown_site_audience")),
    )
    op.create_index(op.f("ix_site_shown_kind_site"), "site_shown", ["kind", "site"], unique=False)
    op.create_table(
        "site_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("site", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("secrecy", sa.String(length=20), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("elevation_m", sa.Double(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("attrs", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("import_batch", ID, nullable=True),
        sa.Column("geom", GEOMETRY, nullable=True),
        sa.ForeignKeyConstraint(
            ["import_batch"], ["import_batch.id"], name=op.f("fk_site_version_import_batch")
        ),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_version_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_version")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_site_version_site"), "site_version", ["site"], unique=False)
    op.create_table(
        "hazard_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("hazard", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("facts", JSON, nullable=False, comment="the case as it stood after this event"),
        sa.ForeignKeyConstraint(["hazard"], ["hazard.id"], name=op.f("fk_hazard_event_hazard")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazard_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hazard_event_hazard"), "hazard_event", ["hazard"], unique=False)
    for table in SPATIAL:
        dialect.create_spatial_index(op.get_bind(), table)


def downgrade() -> None:
    """Refuse: there is nothing before the first schema."""
    raise NotImplementedError("the first schema has nothing before it; delete the database instead")
