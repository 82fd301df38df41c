"""Places in the database: indexes that passports ask for, and reading in pages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis.domain.rights import GUEST
from gis.storage import dialect, wire
from gis.storage.tables import site
from gis.workspace import Workspace


def test_a_field_marked_indexed_is_found_by_its_index(demo: Workspace) -> None:
    kind = demo.kinds["enterprise"]
    with demo.engine.connect() as conn:
        conn.execute(sa.text("ANALYZE"))
        on = dialect.field(conn, site.c.attrs, kind.field("uscc"))
        query = sa.select(site.c.id).where(site.c.kind == kind.slug, on == "MOCK")
        text = query.compile(conn.engine, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN" if dialect.backend(conn) == "postgis" else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in conn.exec_driver_sql(f"{explain} {text}"))
    assert "ix_site_enterprise_uscc" in plan


@pytest.mark.parametrize("page", [1, 7, 10_000])
def test_a_layer_is_the_same_whatever_the_size_of_a_page(
    demo: Workspace, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dialect.reading(demo.engine) as conn:
        whole = list(wire.site_features(conn, "school", GUEST))
        monkeypatch.setattr(wire, "PAGE", page)
        assert list(wire.site_features(conn, "school", GUEST)) == whole
    assert len(whole) == 16


def test_a_snapshot_does_not_see_what_others_commit_meanwhile(workspace: Workspace) -> None:
    with dialect.reading(workspace.engine) as before:
        count = sa.select(sa.func.count()).select_from(site)
        assert before.scalar(count) == 0
        with dialect.writing(workspace.engine) as conn:
            conn.execute(
                sa.text(
                    "INSERT INTO site (kind, key, name, industry, secrecy, synthetic, attrs,"
                    " valid_from, known_from, revision, personal, unmapped)"
                    " VALUES ('school', '1', '1', '教育', 'public', :no, '{}',"
                    " '2026-01-01', '2026-01-01 00:00:00', 1, '{}', '{}')"
                ),
                {"no": False},
            )
        assert before.scalar(count) == 0
    with dialect.reading(workspace.engine) as after:
        assert after.scalar(count) == 1
