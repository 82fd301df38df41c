"""Rates of few events: exact limits, rates drawn towards the mean, and who stands out (METHOD 8.5).

Events are counts, and what they are counted over (places, inspections) is a number >= 0. A rate
over nothing is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from gis.domain.arrays import Floats, Ints, Objects

HIGH, LOW = "高于", "低于"
"""On which side of the funnel a rate lies."""


def poisson_limits(events: Ints | Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the exact limits of a Poisson mean of which so many events were counted.

    Parameters
    ----------
    events
        Counts, >= 0, any shape.
    confidence
        Such as 0.95; half of what is left lies on either side.

    Returns
    -------
    Lower and upper limit, in events; the lower of 0 is 0.

    Notes
    -----
    METHOD 8.5. Garwood 1936: the means of which the count, or more (or less), has the probability
    left on that side; half the chi-square with 2 O and 2 O + 2 degrees of freedom.
    """
    counted = np.asarray(events, dtype=np.float64)
    tail = (1.0 - confidence) / 2.0
    low = np.where(counted > 0, stats.chi2.ppf(tail, 2.0 * np.maximum(counted, 1.0)) / 2.0, 0.0)
    high: Floats = stats.chi2.ppf(1.0 - tail, 2.0 * counted + 2.0) / 2.0
    return low, high


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Rates drawn towards their mean.

    Attributes
    ----------
    mean
        Of all, events over what they were counted over; NaN where that is nothing.
    variance
        Of the true rates, beyond what chance explains; 0 where it explains all.
    rates
        Shape (A,).
    """

    mean: float
    variance: float
    rates: Floats


def shrink(events: Floats, over: Floats) -> Shrunk:
    """Draw rates towards the mean, the more the less each stands on (empirical Bayes).

    Parameters
    ----------
    events, over
        Counts and what they are counted over, shape (A,), >= 0.

    Notes
    -----
    METHOD 8.5, Marshall 1991 (global): m = sum O / sum N; A = max(0, sum N (O/N - m)2 / sum N -
    m / mean N); theta = m + A / (A + m/N) (O/N - m). Where nothing was counted over, the mean is
    the best guess.
    """
    whole = float(over.sum())
    if whole == 0:
        return Shrunk(np.nan, 0.0, np.full(len(over), np.nan))
    mean = float(events.sum()) / whole
    raw = np.divide(events, over, out=np.full(len(over), mean), where=over > 0)
    spread = float((over * (raw - mean) ** 2).sum()) / whole
    variance = max(0.0, spread - mean * np.count_nonzero(over) / whole)
    noise = np.divide(mean, over, out=np.full(len(over), np.inf), where=over > 0)
    total = variance + noise
    weight = np.divide(variance, total, out=np.zeros(len(over)), where=total > 0)
    return Shrunk(mean, float(variance), mean + weight * (raw - mean))


def funnel_limits(mean: float, over: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return between which limits a rate over so much lies by chance, were it the mean.

    Parameters
    ----------
    mean
        The rate of all, >= 0.
    over
        What rates are counted over, shape (A,), > 0.
    confidence
        Such as 0.95 or 0.998.

    Returns
    -------
    Lower and upper limit of the rate, shape (A,).

    Notes
    -----
    METHOD 8.5. Exact Poisson limits, interpolated between the counts so that the funnel is
    smooth: Spiegelhalter 2005 (Statistics in Medicine 24), appendix A.1.1.
    """
    tail = (1.0 - confidence) / 2.0
    expected = mean * over
    return _quantile(tail, expected) / over, _quantile(1.0 - tail, expected) / over


def stands_out(events: Floats, over: Floats, confidence: float) -> Objects:
    """Tell which rates lie outside the funnel: ``HIGH``, ``LOW``, or None; shape (A,).

    None also where nothing was counted over.
    """
    found = np.full(len(over), None, dtype=object)
    known = np.flatnonzero(over > 0)
    if not len(known):
        return found
    mean = float(events.sum()) / float(over.sum())
    low, high = funnel_limits(mean, over[known], confidence)
    rate = events[known] / over[known]
    found[known[rate > high]] = HIGH
    found[known[rate < low]] = LOW
    return found


def _quantile(share: float, expected: Floats) -> Floats:
    """Return the interpolated count that is not exceeded with a probability; never below 0."""
    least = stats.poisson.ppf(share, expected)
    reached, before = (stats.poisson.cdf(count, expected) for count in (least, least - 1.0))
    step = reached - before
    part = np.divide(reached - share, step, out=np.zeros_like(step), where=step > 0)
    found: Floats = np.maximum(least - part, 0.0)
    return found
