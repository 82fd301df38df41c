"""Which module reads which kind of file."""

from __future__ import annotations

READERS = {
    ".geojson": "geojson",
    ".json": "geojson",
    ".geojsonl": "geojson",
    ".geojsons": "geojson",
    ".ndjson": "geojson",
    ".gpkg": "geopackage",
    ".kml": "kml",
    ".shp": "shapefiles",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
    ".xlsx": "sheets",
    ".xls": "sheets",
    ".ods": "sheets",
}
ARCHIVES = (".zip", ".kmz")
SUFFIXES = (*READERS, *ARCHIVES)
"""What may be sent."""

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""The files of a shapefile that are read."""


def own_name(suffix: str) -> str:
    """Return the name that a file has while it is read, whatever it was called before.

    The table of a shapefile is not called as the rest: GDAL is not to find it.
    """
    return f"{'table' if suffix == '.dbf' else 'data'}{suffix}"
