"""Alembic's door: runs the steps on the connection that ``gis.storage.schema`` hands over."""

from __future__ import annotations

from alembic import context
from geoalchemy2 import alembic_helpers

from gis.storage import schema, tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    include_object=schema.is_ours,
    render_item=alembic_helpers.render_item,
)
context.run_migrations()
