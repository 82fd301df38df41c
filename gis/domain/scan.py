"""Kulldorff's scan: in which circle are more events than its places explain (METHOD 8.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from gis.domain import keyed
from gis.domain.arrays import Bools, Floats, Ints
from gis.errors import InvalidDataError

AT_ONCE = 20_000_000
"""Window values held in memory at once, 160 MB."""


def log_likelihood_ratio(inside: Floats, expected: Floats, total: float) -> Floats:
    """Return how much likelier the events are with a rate of its own inside; 0 where it is lower.

    Parameters
    ----------
    inside, expected
        Events inside, and how many of all there would be if every place were alike; they
        broadcast.
    total
        All events, > 0.

    Notes
    -----
    METHOD 8.5, Kulldorff 1997, Poisson: c ln(c/e) + (C - c) ln((C - c)/(C - e)) if c > e.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        here = inside * np.log(inside / expected)
        there = (total - inside) * np.log((total - inside) / (total - expected))
    found: Floats = np.where(inside > expected, here + np.where(inside < total, there, 0.0), 0.0)
    return found


@dataclass(frozen=True, slots=True)
class _Circles:
    """All circles around the places that are looked at.

    Attributes
    ----------
    order
        Rows of the places by distance from each centre, shape (N, K).
    radius_m, expected
        Of the circle that ends at each of them, shape (N, K); expected as a share of all.
    counts
        Whether it is a circle of its own: not too large, and all at that distance are inside.
    """

    order: Ints
    radius_m: Floats
    expected: Floats
    counts: Bools


def scan(
    xy_m: Floats,
    events: Ints,
    at_risk: Floats,
    *,
    most_share: float,
    most_m: float,
    replicates: int,
    seed: int,
) -> pd.DataFrame:
    """Find the circles that hold more events than what is at risk in them explains.

    Parameters
    ----------
    xy_m
        Places, metres, shape (N, 2): centres of cells, or sites.
    events, at_risk
        Events at each place, and what they are counted over (sites, inspections), shape (N,), >= 0.
    most_share, most_m
        The largest circle: share of what is at risk, and radius in metres.
    replicates
        How often the events are thrown anew over what is at risk; p cannot be smaller than
        1 / (replicates + 1).
    seed
        Any whole number.

    Returns
    -------
    Frame, the likeliest circle first and then those that share no place with one before: ``x_m``,
    ``y_m``, ``radius_m``, ``events``, ``expected``, ``at_risk``, ``places``, ``llr``, ``p``, and
    ``rows``, the places inside. Empty where nothing exceeds what is expected.

    Raises
    ------
    InvalidDataError
        If there are events where nothing is at risk.

    Notes
    -----
    METHOD 8.5: circles centred on places; p = (M + 1) / (R + 1), where M of R replicates have a
    maximum of at least that: a p for the whole map, so that nothing is tested twice. Those after
    the first are judged by the same maximum, which is strict. The places in another order give
    other random numbers; give them in the order of their codes.
    """
    if ((events > 0) & (at_risk <= 0)).any():
        raise InvalidDataError("有事件的地方没有分母（场所数或检查次数），不能作扫描统计")
    total = int(events.sum())
    circles = _circles(xy_m, at_risk, most_share, most_m) if at_risk.sum() > 0 else None
    if circles is None or total == 0:
        return _frame([])
    ratios = _ratios(circles, events[None, :], total)[0]
    maxima = _maxima(circles, at_risk, total, replicates, seed)
    return _frame(_apart(circles, ratios, maxima, xy_m, events, at_risk))


def _circles(xy_m: Floats, at_risk: Floats, most_share: float, most_m: float) -> _Circles:
    apart = cdist(xy_m, xy_m)
    order = np.argsort(apart, axis=1, kind="stable")
    radius_m = np.take_along_axis(apart, order, axis=1)
    share = np.cumsum(at_risk[order], axis=1) / at_risk.sum()
    ends = np.column_stack([np.diff(radius_m, axis=1) > 0, np.ones(len(xy_m), dtype=bool)])
    counts = ends & (share <= most_share) & (radius_m <= most_m) & (share > 0)
    widest = int(counts.any(axis=0).nonzero()[0].max(initial=0)) + 1
    return _Circles(order[:, :widest], radius_m[:, :widest], share[:, :widest], counts[:, :widest])


def _ratios(circles: _Circles, events: Ints, total: int) -> Floats:
    """Return the ratio of every circle for every set of events, shape (D, N, K); 0 for none."""
    inside = np.cumsum(events[:, circles.order], axis=2, dtype=np.float64)
    ratios = log_likelihood_ratio(inside, circles.expected * total, float(total))
    return np.where(circles.counts, ratios, 0.0)


def _maxima(circles: _Circles, at_risk: Floats, total: int, replicates: int, seed: int) -> Floats:
    """Return the largest ratio of each replicate, shape (R,)."""
    edges = np.cumsum(at_risk) / at_risk.sum()
    step = max(1, AT_ONCE // circles.order.size)
    found = np.zeros(replicates)
    for start in range(0, replicates, step):
        draws = np.arange(start, min(start + step, replicates))
        thrown = keyed.uniform(np.arange(total), draws, seed, "scan")
        places = np.searchsorted(edges, thrown, side="left").clip(max=len(edges) - 1)
        flat = places + len(edges) * np.arange(len(draws))
        events = np.bincount(flat.ravel(), minlength=len(edges) * len(draws))
        ratios = _ratios(circles, events.reshape(len(draws), -1), total)
        found[draws] = ratios.max(axis=(1, 2))
    return found


def _apart(
    circles: _Circles,
    ratios: Floats,
    maxima: Floats,
    xy_m: Floats,
    events: Ints,
    at_risk: Floats,
) -> list[dict[str, object]]:
    """Take the likeliest circle, and the next that shares no place with one taken before."""
    left = ratios.copy()
    rows = []
    while (best := left.max(initial=0.0)) > 0:
        centre, last = np.unravel_index(int(left.argmax()), left.shape)
        members = circles.order[centre, : last + 1]
        shares_one = np.cumsum(np.isin(circles.order, members), axis=1) > 0
        left[shares_one] = 0.0
        reached = int((maxima >= best).sum())
        rows.append(
            {
                "x_m": xy_m[centre, 0],
                "y_m": xy_m[centre, 1],
                "radius_m": circles.radius_m[centre, last],
                "events": int(events[members].sum()),
                "expected": circles.expected[centre, last] * events.sum(),
                "at_risk": float(at_risk[members].sum()),
                "places": len(members),
                "llr": best,
                "p": (reached + 1) / (len(maxima) + 1),
                "rows": np.sort(members),
            }
        )
    return rows


COLUMNS = (
    *("x_m", "y_m", "radius_m", "events", "expected", "at_risk", "places", "llr", "p", "rows"),
)


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))
