"""The coordinate systems of the house, and the one place that turns degrees into metres."""

from __future__ import annotations

import geopandas as gpd

STORED = "EPSG:4490"
"""CGCS2000 longitude/latitude: everything stored (METHOD 9.1)."""

METRIC = "EPSG:4549"
"""CGCS2000 / 3-degree Gauss-Kruger CM 120E: everything measured in the town (METHOD 9.1)."""

STORED_SRID = 4490


def to_metres(frame: gpd.GeoDataFrame, metric_crs: str = METRIC) -> gpd.GeoDataFrame:
    """Return the frame in the metric CRS, longitude/latitude order in.

    Edges are straight in longitude/latitude (RFC 7946), so they are segmentised to at most
    about 500 m before projection. Empty frames stay empty.
    """
    if frame.crs is None:
        raise ValueError("the frame has no coordinate system")
    dense = frame.set_geometry(frame.geometry.segmentize(EDGE_DEG)) if len(frame) else frame
    return dense.to_crs(metric_crs)


EDGE_DEG = 0.0045
"""Longest edge in degrees before projection: 500 m along a meridian."""
