"""By how much scores grow surer where a missing field or figure is asked for (METHOD 7.10)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Ints
from gis.domain.kinds import SiteKind
from gis.domain.risk import uncertainty
from gis.domain.risk.constants import INDEX, SPREAD, Constants, number
from gis.domain.risk.evaluate import Result
from gis.domain.risk.load import rows_of
from gis.domain.risk.model import Model
from gis.domain.risk.pairs import pair
from gis.domain.risk.sources import PARTS

PLACE, VILLAGE = "place", "village"
"""Whose the field is that would lessen an error."""

RESIDENTS = "residents_by_house"
"""Field of a village whose residents are not known house by house."""

COLUMNS = ("sort", "id", "fields", "part", "uid", "kind", "area", "ratio")
"""Columns of a frame of errors, one row for each area that an error reaches: the sort and id of
whose fields would lessen it (a site, or a village); how it is drawn; the row of the area; and its
standard deviation afterwards as a part of what it is now."""

ERRORS_AT_A_TIME = 4096
"""How many errors are held at a time, with all their draws."""


def gains(
    result: Result,
    draws: Floats,
    constants: Mapping[str, Constants],
    *,
    seed: int,
    kinds: Mapping[str, SiteKind],
    models: Sequence[Model],
    indicators: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return by how much the variance of R would fall in each area if a field were known.

    Parameters
    ----------
    result, constants, seed, kinds, models, indicators
        As for ``doubt.doubt``.
    draws
        R with the data drawn and the method as it stands, shape (A, D): ``Draws.data``.

    Returns
    -------
    Frame with one row per error and area: ``sort`` and ``id`` (a site, or an area); ``fields``,
    their names, and the ``kind`` that has them: a model's slug, a kind's, or an indicator's name;
    ``area`` (row in ``result.scores``); ``gain``, points squared, below 0 for an error that makes
    up for others.

    Notes
    -----
    First order. One standard deviation of an error's own part moves R by c = cov(z, R), and the
    error has its part in what its whole kind moves, G. Reduced to r of its standard deviation,
    the variance of R falls by c^2 (1 - r^2) + 2 G d - d^2, where d = c (1 - r) x (standard
    deviation of the shared part / of the own part). What chance alone gives c^2, var / D, is taken
    off, and 0 is the least.
    """
    effects = _Effects.of(result, draws, constants, seed, indicators)
    errors = pd.concat(
        [
            _of_sources(result, constants, models),
            _of_people(result, constants[INDEX], kinds),
            _of_indicators(result, indicators),
        ],
        ignore_index=True,
    )
    errors["gain"] = effects.gains(errors)
    residents = _of_residents(result, constants[INDEX], effects)
    found = pd.concat([errors, residents], ignore_index=True)
    return found[["sort", "id", "fields", "kind", "area", "gain"]]


@dataclass(frozen=True, slots=True)
class _Effects:
    """What errors of the data do to R.

    Attributes
    ----------
    common
        (part, kind) to the points by which one standard deviation of what errs with the kind moves
        R, shape (A,).
    left
        R without its mean and without that, shape (A, D); 0 where there is no score.
    freedom
        Draws less the numbers that were estimated from them.
    odds
        Standard deviation of the shared part of an error as a multiple of that of its own.
    seed
        What the draws were keyed by.
    """

    common: Mapping[tuple[str, str], Floats]
    left: Floats
    freedom: int
    odds: float
    seed: int

    @classmethod
    def of(
        cls,
        result: Result,
        draws: Floats,
        constants: Mapping[str, Constants],
        seed: int,
        indicators: pd.DataFrame | None,
    ) -> _Effects:
        """Take out of the draws what whole kinds explain, by least squares."""
        names = [
            *_names(uncertainty.INTENSITY, result.sources["model"]),
            *_names(uncertainty.RADIUS, result.sources["model"]),
            *_names(uncertainty.PEOPLE, result.receptors["kind"]),
            *_names(uncertainty.INDICATORS, () if indicators is None else indicators["name"]),
        ]
        which = np.arange(draws.shape[1])
        shared = [uncertainty.kind_errors([kind], which, seed, part)[0] for part, kind in names]
        known = np.where(np.isnan(draws), 0.0, draws)
        columns = np.stack([np.ones(len(which)), *shared], axis=1)
        slopes = np.linalg.lstsq(columns, known.T, rcond=None)[0]
        part = number(constants[SPREAD], "shared_variance")
        return cls(
            dict(zip(names, slopes[1:], strict=True)),
            known - (columns @ slopes).T,
            max(1, len(which) - columns.shape[1]),
            math.sqrt(part / (1.0 - part)) if part < 1.0 else 0.0,
            seed,
        )

    def own(self, errors: pd.DataFrame) -> Floats:
        """Return cov(z, R) of each row of a frame of errors, shape (n,); chance is in it."""
        found = np.zeros(len(errors))
        which = np.arange(self.left.shape[1])
        for part, rows in errors.groupby("part").indices.items():
            for block in np.array_split(rows, 1 + len(rows) // ERRORS_AT_A_TIME):
                uid = errors["uid"].to_numpy(dtype=np.int64)[block]
                area = errors["area"].to_numpy(dtype=np.int64)[block]
                z = uncertainty.own_errors(uid, which, self.seed, str(part))
                found[block] = np.einsum("pd,pd->p", z, self.left[area]) / self.freedom
        return found

    def chance(self, area: Ints) -> Floats:
        """Return the variance that chance alone gives cov(z, R) in these areas, shape (n,)."""
        variance: Floats = (self.left**2).sum(axis=1) / self.freedom / self.left.shape[1]
        return variance[area]

    def gains(self, errors: pd.DataFrame) -> Floats:
        """Return by how much the variance of R falls with each row, points squared, shape (n,)."""
        area = errors["area"].to_numpy(dtype=np.int64)
        ratio = errors["ratio"].to_numpy(dtype=np.float64)
        drawn = self.own(errors)
        moved = np.sign(drawn) * np.sqrt(np.maximum(drawn**2 - self.chance(area), 0.0))
        less = moved * self.odds * (1.0 - ratio)
        gain: Floats = moved**2 * (1.0 - ratio**2) + less * (2.0 * self.kind(errors) - less)
        return gain

    def kind(self, errors: pd.DataFrame) -> Floats:
        """Return by how much the whole kind of each row moves R in its area, shape (n,)."""
        keys = zip(errors["part"], errors["kind"], errors["area"], strict=True)
        return np.array([self.common[part, kind][area] for part, kind, area in keys])


def _names(part: str, kinds: Iterable[str]) -> list[tuple[str, str]]:
    return [(part, kind) for kind in sorted(set(kinds))]


def _of_sources(
    result: Result, constants: Mapping[str, Constants], models: Sequence[Model]
) -> pd.DataFrame:
    """Return the errors of sources with missing fields, in every area that they may reach."""
    sources, spread = result.sources, constants[SPREAD]
    gaps = sources["evidence"].map(lambda evidence: tuple(evidence["dq"]))
    known = {model.slug: number(constants[model.constants], "sigma_known") for model in models}
    pairs = pair(sources, result.receptors, uncertainty.farthest(spread))
    area = _area_rows(result)[pairs["receptor"].to_numpy(dtype=np.int64)]
    reached = pd.DataFrame({"source": pairs["source"], "area": area})
    missing = gaps.map(bool).to_numpy(dtype=bool)[pairs["source"].to_numpy(dtype=np.int64)]
    reached = reached[missing & (area >= 0)]
    reached = reached.drop_duplicates(ignore_index=True)
    behind = sources.iloc[reached["source"]].reset_index(drop=True)
    return _errors(
        sort=PLACE,
        id=behind["site"],
        fields=gaps.iloc[reached["source"]].reset_index(drop=True),
        part=uncertainty.INTENSITY,
        uid=behind["uid"],
        kind=behind["model"],
        area=reached["area"],
        ratio=_ratio(behind["model"].map(known), behind["sigma"]),
    )


def _of_people(result: Result, index: Constants, kinds: Mapping[str, SiteKind]) -> pd.DataFrame:
    """Return the errors of receptors of whom nobody knows how many they are."""
    area = _area_rows(result)
    chosen = result.receptors["dq"].to_numpy(dtype=bool) & (area >= 0)
    people = result.receptors[chosen].reset_index(drop=True)
    counts = {
        (slug, number): tuple(group.count)
        for slug, kind in kinds.items()
        for number, group in enumerate(kind.people)
    }
    of = zip(people["kind"], people["uid"] % PARTS, strict=True)
    return _errors(
        sort=PLACE,
        id=people["site"],
        fields=pd.Series([counts[group] for group in of], dtype=object),
        part=uncertainty.PEOPLE,
        uid=people["uid"],
        kind=people["kind"],
        area=area[chosen],
        ratio=_ratio(number(index, "sigma_counted"), people["sigma"]),
    )


def _of_indicators(result: Result, indicators: pd.DataFrame | None) -> pd.DataFrame:
    """Return the errors of indicators that are not known; once asked for they are."""
    if indicators is None:
        return _errors(**dict.fromkeys(COLUMNS, ()))
    rows = indicators[~indicators["known"].astype(bool) & (indicators["weight"] > 0)]
    rows = rows.reset_index(drop=True)
    areas = result.scores["area"].to_numpy(dtype=np.int64)
    return _errors(
        sort=VILLAGE,
        id=rows["area"],
        fields=rows["name"].map(lambda name: (name,)),
        part=uncertainty.INDICATORS,
        uid=uncertainty.indicator_uids(rows),
        kind=rows["name"],
        area=rows_of(rows["area"].to_numpy(dtype=np.int64), areas),
        ratio=0.0,
    )


def _of_residents(result: Result, index: Constants, effects: _Effects) -> pd.DataFrame:
    """Return what counting residents house by house would gain where they were spread.

    The houses of a village are asked for together. Their part of what the kind moves is that of
    their standard deviations in persons.
    """
    people = result.receptors.assign(area=_area_rows(result), part=uncertainty.PEOPLE)
    people = people[(people["area"] >= 0) & people["resident"].astype(bool)]
    people = people.reset_index(drop=True)
    heads = people["sigma"] * people["weight"]
    was_spread = people["spread"] > 0
    ratio = _ratio(number(index, "sigma_counted"), people["sigma"])
    own = effects.own(people) ** 2 - effects.chance(people["area"].to_numpy(dtype=np.int64))
    rows = people[["area", "kind", "part"]].assign(
        own=np.where(was_spread, own * (1.0 - ratio**2), 0.0),
        less=np.where(was_spread, heads * (1.0 - ratio), 0.0),
        heads=heads,
    )
    groups = rows.groupby(["area", "kind", "part"], as_index=False).sum()
    groups = groups[groups["less"] > 0].reset_index(drop=True)
    moved = effects.kind(groups)
    less = moved * (groups["less"] / groups["heads"])
    gain = groups["own"].clip(lower=0.0) + less * (2.0 * moved - less)
    found = _errors(
        sort=VILLAGE,
        id=result.scores["area"].to_numpy(dtype=np.int64)[groups["area"]],
        fields=groups["kind"].map(lambda _: (RESIDENTS,)),
        part=groups["part"],
        uid=0,
        kind=groups["kind"],
        area=groups["area"],
        ratio=0.0,
    )
    return found.assign(gain=gain.to_numpy(dtype=np.float64))


def _errors(**columns: Any) -> pd.DataFrame:
    """Make a frame of errors; its dtypes do not depend on whether it has rows."""
    n = max((len(c) for c in columns.values() if not isinstance(c, str | int | float)), default=0)
    frame = pd.DataFrame(columns, index=range(n), columns=list(COLUMNS))
    whole = dict.fromkeys(("id", "uid", "area"), np.int64)
    names = dict.fromkeys(("sort", "fields", "part", "kind"), object)
    return frame.astype({**whole, **names, "ratio": np.float64})


def _ratio(after: Any, before: pd.Series) -> Floats:
    """Divide standard deviations: at most 1, and 1 where there is none to lessen."""
    now = before.to_numpy(dtype=np.float64)
    then = np.broadcast_to(np.asarray(after, dtype=np.float64), now.shape)
    found: Floats = np.divide(then, now, out=np.ones(len(now)), where=now > 0)
    return np.minimum(found, 1.0)


def _area_rows(result: Result) -> Ints:
    """Return the row of the area of each receptor, -1 outside."""
    areas = result.scores["area"].to_numpy(dtype=np.int64)
    return rows_of(result.receptors["area"].to_numpy(dtype=np.int64), areas)
