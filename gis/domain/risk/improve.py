"""What closing the open cases of a place would do to an area: points, floor and class (7.12 b)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Ints
from gis.domain.risk import index as indexing
from gis.domain.risk import load as loading
from gis.domain.risk import register
from gis.domain.risk.assess import Assessment
from gis.domain.risk.constants import Constants

COLUMNS = ("area", "site", "points", "class_then", "floor_then", "cases")
"""Columns of ``improvements``."""

NOWHERE = 0
"""In place of a site: the cases of an area that belong to no place."""


def improvements(
    found: Assessment, hazards_m: gpd.GeoDataFrame | None, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Say how each area would stand if the open cases of one place were closed.

    Parameters
    ----------
    found
        An assessment.
    hazards_m
        Hazards frame that it was made of; None: there is no register.
    as_of
        Its day.
    constants
        The values of ``index.toml``.

    Returns
    -------
    One row per area with a score and place whose cases lift a source there or put a floor under
    its class: ``site``, None for the cases that belong to no place, taken together; ``points`` of
    R that go, >= 0; ``class_then``, the class shown then, and ``floor_then``, its floor (0: none);
    ``cases``, their codes in order. The largest fall first within an area: the lowest class, then
    the most points. Areas are in code order.

    Notes
    -----
    METHOD 7.12 (b): the index and the floors both. One place at a time; the points do not add up.
    People, coping and everything else stay as they are.
    """
    scores = found.result.scores.reset_index(drop=True)
    fallen = _fallen(found, indexing.sectors(constants))
    cases = _cases(hazards_m, as_of, scores)
    raised = found.flags[found.flags["rule"].isin(register.RULES)]
    flagged = raised.assign(site=raised["site"].fillna(NOWHERE).astype("int64"))
    units = pd.concat([fallen[["area", "site"]], flagged[["area", "site"]]]).drop_duplicates()
    row = loading.rows_of(units["area"].to_numpy(np.int64), scores["area"].to_numpy(np.int64))
    units = units.assign(row=row)[scores["R"].notna().to_numpy()[row]].reset_index(drop=True)
    left = _left(found, units, fallen, constants)
    whole = scores["R"].to_numpy(dtype=np.float64)[units["row"]]
    floor = _floors(found.flags, units)
    own = indexing.index_class(left, constants).astype(np.int64)
    frame = units.assign(
        points=np.maximum(0.0, whole - left),
        class_then=np.maximum(own, floor),
        floor_then=floor,
        cases=_told(units, cases),
    )
    order = ["row", "class_then", "points", "site"]
    frame = frame.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    site = frame["site"].astype(object).where(frame["site"] != NOWHERE, None)
    return frame.assign(site=site)[list(COLUMNS)]


def _fallen(found: Assessment, sectors: tuple[str, ...]) -> pd.DataFrame:
    """Return by how much L falls with the cases of a place (area, site, sector row, load).

    All sources of the place are let down together: what is left of the noisy-or is that of all.
    """
    result = found.result
    sources, pairs, receptors = result.sources, result.pairs, result.receptors
    hits = loading.hit(sources, pairs)
    eased = loading.hit(sources.assign(uplift=1.0), pairs)
    groups = loading.group(sources, pairs, sectors)
    whole = groups.total(-np.log1p(-hits))
    less = np.log1p(-eased) - np.log1p(-hits)
    rows = np.flatnonzero(less != 0)
    site = sources["site"].to_numpy(dtype=np.int64)[pairs["source"].to_numpy(dtype=np.int64)]
    frame = pd.DataFrame({"group": groups.of_pair()[rows], "site": site[rows], "less": less[rows]})
    summed = frame.groupby(["group", "site"], as_index=False)["less"].sum()
    at = summed["group"].to_numpy(dtype=np.int64)
    receptor = groups.receptor[at]
    weight = receptors["weight"].to_numpy()[receptor]
    summed = summed.assign(
        area=receptors["area"].to_numpy(dtype=np.int64)[receptor],
        sector=groups.sector[at],
        load=weight * np.exp(-whole[at]) * np.expm1(summed["less"].to_numpy()),
    )
    inside = summed[summed["area"] >= 0]
    loads: pd.DataFrame = inside.groupby(["area", "site", "sector"], as_index=False)["load"].sum()
    return loads


def _left(
    found: Assessment, units: pd.DataFrame, fallen: pd.DataFrame, constants: Constants
) -> Floats:
    """Return R of each unit's area without its cases, shape (U,)."""
    scores = found.result.scores
    load, exposed = (
        found.result.sectors[name].to_numpy(dtype=np.float64).reshape(-1, len(scores))
        for name in ("L", "E")
    )
    row = units["row"].to_numpy(dtype=np.int64)
    rest = load[:, row].copy()
    keys = pd.MultiIndex.from_frame(units[["area", "site"]])
    unit = keys.get_indexer(pd.MultiIndex.from_frame(fallen[["area", "site"]]))
    told = unit >= 0
    sector = fallen["sector"].to_numpy(dtype=np.int64)
    np.subtract.at(rest, (sector[told], unit[told]), fallen["load"].to_numpy()[told])
    v, c = (scores[name].to_numpy(dtype=np.float64)[row] for name in ("V", "C"))
    left: Floats = indexing.index(
        np.maximum(rest, 0.0), exposed[:, row], v, c, constants=constants
    )[0]
    return left


def _floors(flags: pd.DataFrame, units: pd.DataFrame) -> Ints:
    """Return the highest floor of each unit's area that its cases did not put there."""
    every = flags.assign(
        of_case=flags["rule"].isin(register.RULES),
        flagged=flags["site"].fillna(NOWHERE).astype("int64"),
    )
    both = units.reset_index(names="unit").merge(every, on="area", suffixes=("", "_flag"))
    others = both[~(both["of_case"] & (both["flagged"] == both["site"]))]
    floors: Ints = (
        others.groupby("unit")["floor"].max().reindex(units.index, fill_value=0).to_numpy(np.int64)
    )
    return floors


def _cases(hazards_m: gpd.GeoDataFrame | None, as_of: dt.date, scores: pd.DataFrame) -> pd.Series:
    """Return the codes of the cases that count, by (area, site): of a site 0 is the area."""
    if hazards_m is None:
        return pd.Series([], index=pd.MultiIndex.from_arrays([[], []]), dtype=object)
    counted = hazards_m[register.counted(hazards_m, as_of)].sort_values("code")
    area = counted["village"].map(scores.set_index("code")["area"])
    site = counted["site"].fillna(NOWHERE).astype("int64")
    known = pd.DataFrame(
        {"area": area.where(site == NOWHERE, 0), "site": site, "code": counted["code"]}
    ).dropna()
    return known.astype({"area": "int64"}).groupby(["area", "site"])["code"].agg(list)


def _told(units: pd.DataFrame, cases: pd.Series) -> pd.Series:
    keys = zip(units["area"].where(units["site"] == NOWHERE, 0), units["site"], strict=True)
    known = cases.to_dict()
    return pd.Series([known.get(key, []) for key in keys], index=units.index, dtype=object)
