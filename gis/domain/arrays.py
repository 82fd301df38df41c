"""Names for the arrays that pass between functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
"""Geometries, texts, dictionaries: whatever is not a number."""

Geometries = Any
"""An array, GeoSeries or sequence of shapely geometries in one metric CRS."""
