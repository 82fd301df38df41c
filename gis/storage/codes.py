"""Code tables that the office edits, and how complete each register is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gis.storage.register import Stamp
from gis.storage.tables import code, coverage


def allowed(conn: Connection) -> dict[str, dict[str, str]]:
    """Return code table to what may be said in it, codes that hold now and titles, to the code."""
    columns = (code.c.code_table, code.c.code, code.c.title_zh, code.c.title_en)
    query = sa.select(*columns).where(code.c.retired_on.is_(None)).order_by(code.c.position)
    tables: dict[str, dict[str, str]] = {}
    for table, value, *titles in conn.execute(query):
        said = tables.setdefault(table, {})
        for title in titles:
            said.setdefault(NOTE.sub("", title), value)
            said.setdefault(title, value)
        said[value] = value
    return tables


NOTE = re.compile(r"\s*[（(].*", re.DOTALL)
"""What a title adds in brackets: nobody writes that into a file."""


def numbers(conn: Connection) -> dict[str, dict[str, dict[str, float]]]:
    """Return code table to code to the numbers that models read, retired codes too."""
    tables: dict[str, dict[str, dict[str, float]]] = {}
    for row in conn.execute(sa.select(code).order_by(code.c.position)).mappings():
        tables.setdefault(row["code_table"], {})[row["code"]] = row["numbers"]
    return tables


def titles(conn: Connection, table: str) -> dict[str, str]:
    """Return code to Chinese title, retired codes too."""
    query = sa.select(code.c.code, code.c.title_zh).where(code.c.code_table == table)
    return dict(conn.execute(query.order_by(code.c.position)).all())


def replace(
    conn: Connection, table: str, rows: Sequence[Mapping[str, Any]], stamp: Stamp
) -> dict[str, int]:
    """Make a code table hold these rows; a code that is gone is retired, never deleted.

    Returns
    -------
    How many codes are new, changed, same and retired.
    """
    query = sa.select(code).where(code.c.code_table == table)
    known = {row["code"]: dict(row) for row in conn.execute(query).mappings()}
    counts = dict.fromkeys(("new", "changed", "same", "retired"), 0)
    for position, row in enumerate(rows):
        new = {**row, "code_table": table, "position": position, "retired_on": None}
        old = known.pop(new["code"], None)
        if old is None:
            conn.execute(sa.insert(code).values(**new, revision=stamp.revision))
            counts["new"] += 1
        elif any(old[name] != value for name, value in new.items()):
            _change(conn, table, new["code"], {**new, "revision": stamp.revision})
            counts["changed"] += 1
        else:
            counts["same"] += 1
    for value, old in known.items():
        if old["retired_on"] is None:
            gone = {"retired_on": stamp.today, "revision": stamp.revision}
            _change(conn, table, value, gone)
            counts["retired"] += 1
    return counts


def _change(conn: Connection, table: str, value: str, new: Mapping[str, Any]) -> None:
    chosen = sa.and_(code.c.code_table == table, code.c.code == value)
    conn.execute(sa.update(code).where(chosen).values(**new))


def load_coverage(conn: Connection) -> pd.DataFrame:
    """Return kind, village, status, as_of, source: how complete each kind is in each village.

    Where a (kind, village) has no row nobody has said that it was looked at: unknown, not zero.
    """
    columns = ["kind", "village", "status", "as_of", "source"]
    query = sa.select(*(coverage.c[name] for name in columns)).order_by("kind", "village")
    return pd.DataFrame(conn.execute(query).all(), columns=columns)


def save_coverage(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Put rows of coverage in the place of earlier ones for the same kind and village."""
    if rows:
        same = sa.and_(
            coverage.c.kind == sa.bindparam("of_kind"),
            coverage.c.village == sa.bindparam("of_village"),
        )
        keys = [{"of_kind": row["kind"], "of_village": row["village"]} for row in rows]
        conn.execute(sa.delete(coverage).where(same), keys)
        conn.execute(sa.insert(coverage), [{**row, "revision": stamp.revision} for row in rows])
