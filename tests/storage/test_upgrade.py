"""An older database becomes one of today: nothing is lost, and what is shown is made again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic import command

from gis.domain.rights import GUEST, OPERATOR
from gis.services.load_layer import list_layers, load_layer
from gis.services.make_database import refresh_shown
from gis.storage import dialect, schema, tables
from gis.workspace import ROOT, Workspace
from tests.people import VISITOR

BEFORE = "0001"
LATER = {
    "register": ["anonymous_reads"],
    "import_batch": ["reading"],
    "site": ["note", "merged_into", "personal_since"],
    "site_version": ["note", "merged_into", "source_row"],
    "run": ["parameter_set", "doubts"],
    "score": ["detail"],
    "contribution": ["without", "closing", "receptor_m"],
}
"""Columns that came later."""


@pytest.fixture
def older(workspace: Workspace) -> Workspace:
    """Return a database as the first version left it: a demonstration, all of it shown to all."""
    with dialect.writing(workspace.engine) as conn:
        for table in ("audit_checkpoint", "audit", "throttle", "token", "session", "account",
                      "passport", "apart", "upload", "import_profile", "scenario", "run_input",
                      "rolled_load", "rolled", "record", "relief"):  # fmt: skip
            conn.execute(sa.text(f"DROP TABLE {table}"))
        for table, columns in LATER.items():
            for column in columns:
                conn.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        conn.execute(sa.text("DROP TABLE parameter_set"))  # the runs refer to it
        if dialect.backend(conn) == "postgis":
            for name in ("riskmap_audit_refuse", "riskmap_audit_delete", "riskmap_audit_order"):
                conn.execute(sa.text(f"DROP FUNCTION {name}"))
        command.stamp(schema._config(conn), BEFORE)
        conn.execute(
            sa.text(
                "INSERT INTO register (id, purpose, as_of, revision, created_at)"
                " VALUES (1, 'demonstration', '2026-01-01', 7, '2026-01-01 00:00:00+00')"
            )
        )
        conn.execute(
            sa.insert(tables.site).values(
                kind="gas_pipeline", key="1", name="pipe", industry="旧名", secrecy="public",
                synthetic=True, attrs={"regime": "城镇燃气"}, personal={}, unmapped={},
                valid_from=sa.text("'2026-01-01'"), known_from=sa.text("'2026-01-01 00:00:00+00'"),
                revision=1,
                geom=sa.func.ST_GeomFromText("LINESTRING(119.3 31.7, 119.301 31.701)", 4490),
            )
        )  # fmt: skip
        conn.execute(
            sa.text(
                "INSERT INTO site_shown (site, audience, kind, industry, feature, geom)"
                " SELECT id, 'in_charge', kind, industry, 'x', geom FROM site"
            )
        )
    return workspace


def test_a_passport_is_the_same_in_every_process() -> None:
    """Sets are printed in another order in each; then every start would make all anew."""
    said = (
        "from gis.files.passports import load_kinds; from gis.workspace import DATA;"
        " from gis.storage.sites import _digest;"
        " print([_digest(kind) for kind in load_kinds(DATA / 'sites').values()])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(found) == 1


def test_an_older_database_is_brought_up_in_place(older: Workspace) -> None:
    assert schema.upgrade(older.engine) == schema.newest()
    with dialect.reading(older.engine) as conn:
        row = conn.execute(sa.select(tables.register)).mappings().one()
        assert (row["revision"], row["anonymous_reads"]) == (7, True)
        assert conn.scalar(sa.select(sa.func.count()).select_from(tables.site)) == 1
    assert "gas_pipeline" in refresh_shown(older, OPERATOR)
    assert refresh_shown(older, OPERATOR) == []
    with dialect.reading(older.engine) as conn:
        (place,) = conn.execute(sa.select(tables.site)).mappings().all()
        assert (place["industry"], place["secrecy"]) == ("燃气", "restricted")
    for actor, exact in ((GUEST, True), (VISITOR, False)):
        text = load_layer(older, actor, "gas_pipeline").read().decode()
        assert ("LineString" in text) is exact
        assert next(i.count for i in list_layers(older, actor) if i.slug == "gas_pipeline") == 1
