"""The tables, in one place; ``migrations`` makes them, and a test compares the two."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gis.storage.dialect import geometry_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
metadata = sa.MetaData(naming_convention=NAMING)

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Utc(sa.types.TypeDecorator[dt.datetime]):
    """An instant in UTC: SQLite would drop the offset, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Any) -> dt.datetime | None:
        """Turn an instant with an offset into UTC; one without is an error."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs its offset")
        return value.astimezone(dt.UTC) if value else None

    def process_result_value(self, value: dt.datetime | None, _dialect: Any) -> dt.datetime | None:
        """Return the instant with its offset."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True)


def _to(table: str, *, name: str | None = None, **options: Any) -> sa.Column[int]:
    return sa.Column(name or table, Id, sa.ForeignKey(f"{table}.id"), **options)


register = sa.Table(
    "register",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one_row"), primary_key=True),
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("as_of", sa.Date, comment="a demonstration's own today; an office uses the clock"),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column(
        "anonymous_reads",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="a grant: whoever asks may read everything, as in a demonstration",
    ),
    sa.CheckConstraint("purpose IN ('demonstration', 'office')", name="purpose"),
)

import_batch = sa.Table(
    "import_batch",
    metadata,
    _id(),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False, comment="kind, level or register"),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("mapping", Json, nullable=False),
    sa.Column("counts", Json, nullable=False),
    sa.Column(
        "reading",
        Json,
        nullable=False,
        server_default=sa.text("'{}'"),
        comment="how the file was read: encoding, coordinate system, profile",
    ),
    sqlite_autoincrement=True,
)

import_profile = sa.Table(
    "import_profile",
    metadata,
    _id(),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="the system that the files come from"),
    sa.Column("shared", sa.Boolean, nullable=False, comment="the town's: for everybody's files"),
    sa.Column("columns", Json, nullable=False, comment="of such a file, by which it is known"),
    sa.Column("plan", Json, nullable=False, comment="how its columns fill the fields"),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "name"),
    sqlite_autoincrement=True,
)


def _facts() -> list[sa.Column[Any]]:
    """Return the columns that a place has now and in every earlier version."""
    return [
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("village", sa.Text),
        sa.Column("industry", sa.Text, nullable=False),
        sa.Column("secrecy", sa.String(20), nullable=False),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("elevation_m", sa.Double),
        sa.Column("verified_on", sa.Date),
        sa.Column("source", sa.Text),
        sa.Column("synthetic", sa.Boolean, nullable=False),
        sa.Column("attrs", Json, nullable=False),
        sa.Column("note", sa.Text, comment="what was done to it beside its file or form"),
        sa.Column("source_row", sa.Integer),
        _to("site", name="merged_into"),
    ]


site = sa.Table(
    "site",
    metadata,
    _id(),
    *_facts(),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("known_from", Utc, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    _to("import_batch"),
    sa.Column("personal", Json, nullable=False, comment="in no list, tile, export or version"),
    sa.Column(
        "personal_since",
        Json,
        nullable=False,
        server_default=sa.text("'{}'"),
        comment="personal field to the revision that it is from",
    ),
    sa.Column("unmapped", Json, nullable=False, comment="columns of the file that no field took"),
    geometry_column(),
    sa.UniqueConstraint("kind", "key"),
    sa.Index(None, "village", "kind"),
    sa.Index(None, "revision"),
    sqlite_autoincrement=True,
)

site_version = sa.Table(
    "site_version",
    metadata,
    _id(),
    _to("site", nullable=False, index=True),
    *_facts(),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("known_from", Utc, nullable=False),
    sa.Column("known_to", Utc),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("change", sa.String(20), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    _to("import_batch"),
    geometry_column(),
    sqlite_autoincrement=True,
)

site_shown = sa.Table(
    "site_shown",
    metadata,
    _id(),
    _to("site", nullable=False),
    sa.Column("audience", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("village", sa.Text),
    sa.Column("industry", sa.Text, nullable=False),
    sa.Column("feature", sa.Text, nullable=False, comment="GeoJSON, ready to send"),
    geometry_column(),
    sa.UniqueConstraint("site", "audience"),
    sa.Index(None, "kind", "site"),
)

passport = sa.Table(
    "passport",
    metadata,
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, comment="of what site_shown was made by"),
)

area = sa.Table(
    "area",
    metadata,
    _id(),
    sa.Column("level", sa.String(40), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("known_from", Utc, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("attrs", Json, nullable=False),
    sa.Column("unmapped", Json, nullable=False),
    _to("import_batch"),
    sa.Column("source_row", sa.Integer),
    geometry_column(),
    sa.Index(None, "level", "code"),
    sqlite_autoincrement=True,
)

code = sa.Table(
    "code",
    metadata,
    sa.Column("code_table", sa.String(40), primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("numbers", Json, nullable=False, comment="parameters that models read"),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("retired_on", sa.Date, comment="kept for old rows, not offered for new ones"),
)

coverage = sa.Table(
    "coverage",
    metadata,
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("village", sa.Text, primary_key=True),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.CheckConstraint("status IN ('complete', 'partial', 'none')", name="status"),
)

hazard = sa.Table(
    "hazard",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    _to("site", index=True),
    sa.Column("village", sa.Text),
    sa.Column("industry", sa.Text),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("inspection_id", sa.Text),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("judge_std", sa.Text),
    sa.Column("clause", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("found_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("closed_on", sa.Date),
    sa.Column("accuracy_m", sa.Double),
    sa.Column("source", sa.Text),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    _to("import_batch"),
    sa.Column("source_row", sa.Integer),
    sa.Column("unmapped", Json, nullable=False),
    geometry_column(),
    sqlite_autoincrement=True,
)

hazard_event = sa.Table(
    "hazard_event",
    metadata,
    _id(),
    _to("hazard", nullable=False, index=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("change", sa.String(20), nullable=False),
    sa.Column("facts", Json, nullable=False, comment="the case as it stood after this event"),
    sqlite_autoincrement=True,
)

record = sa.Table(
    "record",
    metadata,
    _id(),
    sa.Column("kind", sa.String(40), nullable=False, comment="sort of record: its passport"),
    _to("site", nullable=False),
    sa.Column("key", sa.Text, nullable=False, comment="of the place's records of this sort"),
    sa.Column("attrs", Json, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("replaced", sa.BigInteger, comment="revision since which another row says it"),
    _to("import_batch"),
    sa.Column("source_row", sa.Integer),
    sa.Index(None, "kind", "site", "key"),
    sqlite_autoincrement=True,
)

relief = sa.Table(
    "relief",
    metadata,
    _id(),
    sa.Column("crs", sa.String(40), nullable=False),
    sa.Column("west_m", sa.Double, nullable=False),
    sa.Column("north_m", sa.Double, nullable=False),
    sa.Column("cell_m", sa.Double, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("columns", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False, comment="decimetres, packed"),
    sa.Column("digest", sa.String(64), nullable=False, comment="of the content"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("surveyed_on", sa.Date, comment="when the land was measured"),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    _to("import_batch"),
    sqlite_autoincrement=True,
)

parameter_set = sa.Table(
    "parameter_set",
    metadata,
    _id(),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("values", Json, nullable=False, comment="method to constant to value, if changed"),
    sqlite_autoincrement=True,
)

run = sa.Table(
    "run",
    metadata,
    _id(),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("level", sa.String(40), nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False, comment="valid time it speaks of"),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="what the register knew"),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("method_version", sa.Text, nullable=False),
    sa.Column("code_version", sa.Text, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("summary", Json, nullable=False),
    _to("parameter_set"),  # null: the constants as they come with the software
    sa.Column(
        "doubts",
        Json,
        nullable=False,
        server_default=sa.text("'[]'"),
        comment="what it would help most to find out",
    ),
    sa.Index(None, "verb", "level", "id"),
    sqlite_autoincrement=True,
)

run_input = sa.Table(
    "run_input",
    metadata,
    _to("run", primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False, comment="sources and receptors, packed"),
)

rolled = sa.Table(
    "rolled",
    metadata,
    _to("run", primary_key=True),
    sa.Column("level", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(80), primary_key=True, comment="empty: outside all of the level"),
    sa.Column("area_km2", sa.Double, comment="null outside"),
    sa.Column("exposed", sa.Double, nullable=False, comment="equivalent persons, people only"),
    sa.Column("people", sa.Double, nullable=False, comment="heads"),
    sa.Column("receptors", sa.Integer, nullable=False, comment="places where people are"),
    sa.Column("sources", sa.Integer, nullable=False, comment="places that are a source"),
    sa.Column("classes", Json, comment="areas by the class they show, of a level around them"),
)

rolled_load = sa.Table(
    "rolled_load",
    metadata,
    _to("run", primary_key=True),
    sa.Column("level", sa.String(40), primary_key=True),
    sa.Column("code", sa.String(80), primary_key=True),
    sa.Column("sector", sa.String(10), primary_key=True),
    sa.Column("load", sa.Double, nullable=False, comment="equivalent persons; adds up"),
    sa.Column("exposed", sa.Double, nullable=False, comment="with the assets of the sector"),
    sa.Column("known_share", sa.Double, nullable=False, comment="of the ground, 0..1"),
    sa.Column("known", sa.Boolean, nullable=False, comment="enough of it to be shown"),
)

scenario = sa.Table(
    "scenario",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("account", Id, comment="whose it is; null: of the town"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    _to("run", nullable=False),
    sa.Column("changes", Json, nullable=False),
    sa.Column("result", Json, nullable=False),
    sqlite_autoincrement=True,
)

score = sa.Table(
    "score",
    metadata,
    _to("run", primary_key=True),
    _to("area", primary_key=True),
    sa.Column("sector", sa.String(10), primary_key=True, comment="ALL for the whole"),
    sa.Column("model", sa.String(40)),
    sa.Column("load", sa.Double),
    sa.Column("equivalent", sa.Double, comment="equivalent persons"),
    sa.Column("he", sa.Double, comment="hazard and exposure, 0..10"),
    sa.Column("score", sa.Double, comment="0..100; null is unknown, never low"),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sa.Column("index_class", sa.Integer),
    sa.Column("floor", sa.Integer),
    sa.Column("shown_class", sa.Integer),
    sa.Column("reason", sa.Text),
    sa.Column("quality", Json, nullable=False),
    sa.Column(
        "detail",
        Json,
        nullable=False,
        server_default=sa.text("'{}'"),
        comment="vulnerability, coping, interval, probabilities, views",
    ),
)

contribution = sa.Table(
    "contribution",
    metadata,
    _id(),
    _to("run", nullable=False),
    _to("area", nullable=False),
    sa.Column("sector", sa.String(10), nullable=False),
    sa.Column("model", sa.String(40), nullable=False),
    _to("site"),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("load", sa.Double, nullable=False, comment="equivalent persons; adds up"),
    sa.Column("without", sa.Double, comment="points that go if it alone goes"),
    sa.Column("closing", sa.Double, comment="points that go if its open hazards are closed"),
    sa.Column("distance_m", sa.Double),
    _to("site", name="receptor"),  # of the people who bear most of it
    sa.Column("receptor_m", sa.Double, comment="distance to the receptor"),
    sa.Column("intensity", sa.Double, nullable=False),
    sa.Column("uplift", sa.Double, nullable=False),
    sa.Column("r1_m", sa.Double, nullable=False),
    sa.Column("r2_m", sa.Double, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Index(None, "run", "area"),
)

flag = sa.Table(
    "flag",
    metadata,
    _id(),
    _to("run", nullable=False),
    _to("area", nullable=False),
    _to("site"),
    sa.Column("rule", sa.String(60), nullable=False),
    sa.Column("floor", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Index(None, "run", "area"),
)

run_shown = sa.Table(
    "run_shown",
    metadata,
    _id(),
    _to("run", nullable=False),
    sa.Column("layer", sa.String(40), nullable=False),
    sa.Column("feature", sa.Text, nullable=False, comment="GeoJSON, ready to send"),
    geometry_column(),
    sa.Index(None, "run", "layer"),
)

upload = sa.Table(
    "upload",
    metadata,
    _id(),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("account", Id, comment="whose it is; null: a command's"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("plan", Json, nullable=False, comment="how it is to be read, as far as was said"),
    sa.Column("found", Json, nullable=False, comment="what it holds and what was guessed"),
    sa.Column("report", Json, nullable=False, comment="of the dry run, then of the import"),
    _to("job"),
    sqlite_autoincrement=True,
)

apart = sa.Table(
    "apart",
    metadata,
    _to("site", name="one", primary_key=True),
    _to("site", name="other", primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.CheckConstraint("one < other", name="order"),
)

job = sa.Table(
    "job",
    metadata,
    _id(),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("arguments", Json, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("progress", sa.Double, nullable=False, comment="0..1"),
    sa.Column("message", sa.Text),
    sa.Column("result", Json),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("started_at", Utc),
    sa.Column("heartbeat_at", Utc),
    sa.Column("finished_at", Utc),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Index(None, "state", "id"),
    sqlite_autoincrement=True,
)

account = sa.Table(
    "account",
    metadata,
    _id(),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("villages", Json, nullable=False, comment="codes; a list"),
    sa.Column("industries", Json, nullable=False, comment="names; a list"),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("password", sa.Text, nullable=False, comment="argon2id, with its salt"),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("password_at", Utc, nullable=False),
    sa.Column("last_login_at", Utc),
    sqlite_autoincrement=True,
)

session = sa.Table(
    "session",
    metadata,
    _id(),
    _to("account", nullable=False, index=True),
    sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("seen_at", Utc, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("agent", sa.Text),
    sqlite_autoincrement=True,
)

token = sa.Table(
    "token",
    metadata,
    _id(),
    _to("account", nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hint", sa.String(20), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sa.Column("used_at", Utc),
    sa.Column("revoked_at", Utc),
    sqlite_autoincrement=True,
)

throttle = sa.Table(
    "throttle",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True, comment="hash of the account or address"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("since", Utc, nullable=False),
    sa.Column("closed_until", Utc),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("at", Utc, nullable=False, index=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("address", sa.Text),
    sa.Column("action", sa.String(30), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, comment="JSON, as it was hashed"),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

audit_checkpoint = sa.Table(
    "audit_checkpoint",
    metadata,
    sa.Column("upto", Id, primary_key=True, autoincrement=False),
    sa.Column("at", Utc, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("first_at", Utc, nullable=False),
    sa.Column("last_at", Utc, nullable=False),
    sa.Column("signature", sa.Text, nullable=False),
)

SPATIAL = (site, site_version, site_shown, area, hazard, run_shown)
"""The tables with a geometry column, each with its spatial index."""

for _table in SPATIAL:
    # Made by ``dialect.create_spatial_index``; named here so that Alembic knows it.
    sa.Index(f"idx_{_table.name}_geom", _table.c.geom, postgresql_using="gist")
