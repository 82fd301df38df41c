"""Lines that meet end to end as one line, and pieces cut out of lines by their chainage."""

from __future__ import annotations

import numpy as np
import shapely

from gis.domain.arrays import Floats, Ints, Objects

GAP_M = 1.0
"""Between two lines laid end to end, so that no chainage belongs to both."""

ROUNDING_M = 1e-6


def chains(lines: Objects) -> tuple[Objects, Ints, Floats]:
    """Join lines that meet end to end, and find each of them again.

    Parameters
    ----------
    lines
        Simple or crossing LineStrings in one metric CRS, metres, shape (n,), none without length.
        The same line twice, in either direction, counts once.

    Returns
    -------
    joined, chain, from_m
        The chains; for each line which one it belongs to, and at which chainage it begins there
        (at the end nearer to the start of the chain), metres, shape (n,). A chain ends where
        nothing or more than one line goes on.
    """
    once = shapely.from_wkb(np.unique(shapely.to_wkb(shapely.normalize(lines))))
    joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings([once])))
    line, of = shapely.STRtree(joined).query(lines, predicate="covered_by")
    order = np.lexsort((shapely.length(joined)[of], line))
    chain = np.zeros(len(lines), dtype=np.int64)
    chain[line[order]] = of[order]
    length_m, whole_m = shapely.length(lines), shapely.length(joined)[chain]
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    begin = shapely.line_locate_point(joined[chain], middle) - length_m / 2.0
    alone = np.abs(whole_m - length_m) < ROUNDING_M
    from_m = np.where(alone, 0.0, np.clip(begin, 0.0, whole_m - length_m))
    return joined, chain, from_m


def cut(lines: Objects, line: Ints, from_m: Floats, to_m: Floats) -> Objects:
    """Cut pieces out of lines.

    Parameters
    ----------
    lines
        LineStrings, metres, shape (n,).
    line
        Of which line each piece is, shape (m,).
    from_m, to_m
        Chainage of its ends, metres, shape (m,); what lies beyond the line is cut off.

    Returns
    -------
    LineStrings with all vertices between the two ends, shape (m,).
    """
    if len(line) == 0:
        return np.empty(0, dtype=object)
    xy, of = shapely.get_coordinates(lines, return_index=True)
    stride = np.hypot(*np.diff(xy, axis=0).T)
    stride[np.diff(of) > 0] = GAP_M
    at = np.concatenate([[0.0], np.cumsum(stride)])
    numbers = np.arange(len(lines))
    start = at[np.searchsorted(of, numbers)][line]
    stop = at[np.searchsorted(of, numbers, side="right") - 1][line]
    a, b = (np.clip(start + end_m, start, stop) for end_m in (from_m, to_m))
    first, last = np.searchsorted(at, a, side="right"), np.searchsorted(at, b, side="left")
    inner = np.maximum(last - first, 0)
    vertex = np.repeat(first - np.cumsum(inner) + inner, inner) + np.arange(inner.sum())
    pieces = np.arange(len(line))
    piece = np.concatenate([pieces, pieces, np.repeat(pieces, inner)])
    chainage = np.concatenate([a, b, at[vertex]])
    order = np.lexsort((chainage, piece))
    x, y = (np.interp(chainage[order], at, xy[:, axis]) for axis in (0, 1))
    found: Objects = shapely.linestrings(x, y, indices=piece[order])
    return found
