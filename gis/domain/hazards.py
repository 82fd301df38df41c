"""The hazard case (隐患): what it says, its states, and when it is overdue. Not a risk."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.kinds import Field, Title

STATES = (
    "待核实",
    "已登记",
    "已下达整改",
    "整改中",
    "延期待批",
    "待验收",
    "已复核",
    "已销号",
    "归档",
    "不成立",
)
"""S0 to S7 and SX of METHOD 10.2, in the order of a case's life."""

OPEN_STATES = frozenset(STATES[1:7])
"""Registered and not yet closed: a tip still to be checked (待核实) is not a hazard yet."""

CLOSED = STATES[7]
"""The state of a case that was closed (S6)."""

DUE_STATES = frozenset(STATES[2:7])
"""States in which a missed deadline counts as overdue (METHOD 10.2: S2 to S5)."""

CHANNELS = ("企业自查", "督导检查", "群众举报")
"""Where a case came from (plan action 二(二))."""

GENERAL, MAJOR = LEVELS = ("一般", "重大")

SELF_REPORTED = CHANNELS[0]


def is_open(hazards: pd.DataFrame) -> pd.Series:
    """Tell which cases are open; one boolean per row, same index."""
    return hazards["state"].isin(OPEN_STATES)


def overdue_days(hazards: pd.DataFrame, as_of: dt.date) -> pd.Series:
    """Count the days by which each open case has missed its deadline.

    Returns
    -------
    Whole days >= 0, same index; 0 where it is not overdue or has no deadline.
    """
    due = pd.to_datetime(hazards["due_on"], format="%Y-%m-%d")
    days = (pd.Timestamp(as_of) - due).dt.days
    late = hazards["state"].isin(DUE_STATES) & (days > 0)
    return pd.Series(np.where(late, days.fillna(0), 0).astype("int64"), index=hazards.index)


def placed(hazards: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a case without a position of its own that of its site.

    Parameters
    ----------
    hazards
        Hazards frame.
    places
        Columns id and geometry, in the same CRS.

    Returns
    -------
    The cases with a column ``located_by``: ``own``, ``site``, or None where neither is known
    and the geometry stays missing.
    """
    inner = pd.Series(shapely.point_on_surface(places.geometry.to_numpy()), index=places["id"])
    own = hazards.geometry.to_numpy()
    at_site = hazards["site"].map(inner).to_numpy(dtype=object, copy=True)
    bare, nowhere = shapely.is_missing(own), pd.isna(at_site)
    at_site[nowhere] = None
    located_by = np.select([~bare, ~nowhere], ["own", "site"], "").astype(object)
    located_by[bare & nowhere] = None
    filled = gpd.GeoSeries(np.where(bare, at_site, own), index=hazards.index, crs=hazards.crs)
    return hazards.set_geometry(filled).assign(located_by=located_by)


def seen(hazards: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return cases without the places, and positions at them, that somebody may not see.

    Parameters
    ----------
    hazards
        Hazards frame.
    places
        The places that they may see; column id.
    """
    hidden = hazards["site"].notna() & ~hazards["site"].isin(places["id"])
    bare = hazards.geometry.to_numpy().copy()
    bare[hidden.to_numpy()] = None
    located = hazards.set_geometry(gpd.GeoSeries(bare, index=hazards.index, crs=hazards.crs))
    return located.assign(site=hazards["site"].mask(hidden))


def _text(
    name: str, zh: str, en: str, *, needed: bool = False, values: tuple[str, ...] = ()
) -> Field:
    return Field(name, "text", Title(zh, en), unknown=not needed, values=values)


def _date(name: str, zh: str, en: str, *, needed: bool = False) -> Field:
    return Field(name, "date", Title(zh, en), unknown=not needed)


FIELDS = (
    _text("title", "隐患描述", "Title", needed=True),
    _text("site_kind", "场所类别", "Kind of the site"),
    _text("site_code", "场所编号", "Code of the site"),
    _text("industry", "行业", "Industry"),
    _text("channel", "来源渠道", "Channel", needed=True, values=CHANNELS),
    _text("inspection_id", "检查编号", "Inspection"),
    _text("level", "隐患等级", "Level", needed=True, values=LEVELS),
    _text("judge_std", "判定标准", "Standard"),
    _text("clause", "条款", "Clause"),
    _text("state", "状态", "State", needed=True, values=STATES),
    _date("found_on", "发现日期", "Found on", needed=True),
    _date("due_on", "整改期限", "Due on"),
    _date("closed_on", "销号日期", "Closed on"),
)
"""The columns of a hazard file beside those of every place (METHOD 10.4, the first of them)."""
