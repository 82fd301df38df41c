"""An area's card on paper: class and why, a map, what it comes from, what is not known."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection

from gis.domain.card_map import draw_map
from gis.domain.crs import STORED, to_metres
from gis.domain.days import LEGAL_ZONE
from gis.domain.document import Document
from gis.domain.kinds import Level, SiteKind, Title
from gis.domain.rights import Actor
from gis.domain.risk.constants import INDEX
from gis.errors import NotFoundError
from gis.files.typeset import typeset
from gis.services import coarse
from gis.services.access import reading
from gis.services.describe import Register, describe_open
from gis.services.explain_area import explain_area
from gis.services.export_layer import log_export
from gis.services.say_area import lift
from gis.storage import areas, runs, sites
from gis.workspace import Workspace

Language = Literal["zh", "en"]
Answer = Mapping[str, Any]

TOP = 7
"""Sources that the card lists; the rest are one line."""
FLAGS = 5
"""Lines of flags on the card; the rest are counted."""
MAP_MM = (92.0, 86.0)


@dataclass(frozen=True, slots=True)
class Palette:
    """How the classes 1 to 5 are called and coloured, and what no class is called."""

    titles: Sequence[Title]
    colours: Sequence[str]
    no_data: Title


def print_card(
    ws: Workspace,
    actor: Actor,
    level: str,
    code: str,
    *,
    lang: Language,
    palette: Palette,
    run: int | None = None,
) -> Document:
    """Print the card of an area (METHOD 7.12), and log that it left.

    It says what ``explain_area`` says to this reader and no more: the map shows only places
    that they may see, and numbers are whole where they do not see every row.

    Parameters
    ----------
    lang
        Language of its words. Names, reasons and sentences about quality are Chinese.
    palette
        Of the classes.
    run
        Number of the computation; None: the newest.

    Returns
    -------
    A PDF of one page, more only where texts are very long. The same register, computation and
    reader give the same bytes.

    Raises
    ------
    NotFoundError
        If there is no such level, area or run, or the level has no scores.
    """
    passport = ws.level(level)
    if not passport.scored:
        raise NotFoundError(f"{passport.title.zh}不评级，没有卡片：请打印它的页面")
    answer = explain_area(ws, actor, level, code, run=run)
    with reading(ws, actor) as conn:
        about = describe_open(conn, ws)
        around = to_metres(areas.load(conn, passport), passport.metric_crs).set_index("code")
        shapes = _shapes(conn, actor, passport, _sites(answer))
        ran = runs.load_one(conn, answer["run"]["id"]) if answer["run"] else None
    limits = ran["parameters"][INDEX]["class_limits"] if ran else []
    numbers = {site: number for number, site in enumerate(shapes, start=1)}
    card = {
        "lang": lang,
        "level": _say(passport.title, lang),
        "maker": actor.name,
        "classes": _classes(palette, limits, lang),
        "no_data": _say(palette.no_data, lang),
        **_texts(about, lang),
        **_answer(answer),
        "sentence": answer["sentence"][lang],
        "views": _views(answer.get("views"), lang),
        "sectors": _sectors(answer, lang),
        "parts": _sources(answer, numbers, ws.kinds, lang),
        "flags": _flags(answer["flags"], numbers),
        "improvements": [_improvement(row, answer["class"]) for row in answer["improvements"]],
        "unknown": _unknown(answer, ws.kinds, lang),
        "map": _map(around, code, list(shapes.values())),
    }
    pdf = typeset("card", card, at=_made(answer, about))
    log_export(ws, actor, "card", level=level, code=code, run=ran and ran["id"], format="pdf")
    return Document("application/pdf", hashlib.sha256(pdf).hexdigest(), iter([pdf]))


def _say(title: Title, lang: Language) -> str:
    return title.en if lang == "en" else title.zh


def _either(entry: Answer, lang: Language) -> str:
    return str(entry["title_en"] if lang == "en" else entry["title"])


def _made(answer: Answer, about: Register) -> dt.datetime:
    """Return when the file says it was made: when what it shows was."""
    if answer["run"]:
        return dt.datetime.fromisoformat(answer["run"]["at"])
    return dt.datetime.combine(about.as_of, dt.time(), dt.UTC)


def _texts(about: Register, lang: Language) -> dict[str, Any]:
    """Return what must stand on every page."""
    notices = [_say(notice, lang) for notice in about.notices]
    synthetic = about.purpose == "demonstration"
    return {
        "notices": notices,
        "mark": notices[0] if synthetic else None,
        "code_version": about.version,
    }


def _answer(answer: Answer) -> dict[str, Any]:
    """Return what is printed as it is said, with scores in whole points."""
    dimensions = {name: answer[name] for name in ("vulnerability", "coping")}
    return {
        **{name: answer.get(name) for name in SAID},
        "score": _whole(answer["score"]),
        "uncertainty": _interval(answer.get("uncertainty")),
        "made": _day_and_time(answer["run"]),
        "parameters": answer["parameters"]["version"],
        "dimensions": {name: _dimension(found) for name, found in dimensions.items()},
    }


SAID = (
    *("code", "name", "class", "index_class", "floor", "as_of", "run", "population"),
    "data_quality",
)
"""Keys of an explanation that the card prints as they are."""


def _day_and_time(run: Answer | None) -> str | None:
    if run is None:
        return None
    return f"{dt.datetime.fromisoformat(run['at']).astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M}"


def _interval(found: Answer | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {**found, **{name: _whole(found[name]) for name in ("low", "high")}}


def _dimension(found: Answer) -> dict[str, Any]:
    return {"known": found["known"], **_tenths(found["score"])}


def _whole(score: float | None) -> int | None:
    """Cut a score to whole points, which is all that it is worth (METHOD 7.10)."""
    cut = coarse.whole(score)
    return None if cut is None else int(cut)


def _tenths(score: float | None) -> dict[str, Any]:
    """Return a score 0 to 10 as it is written, and as a part of 1."""
    if score is None:
        return {"score": None, "length": 0.0}
    return {"score": f"{score:.1f}", "length": score / 10}


def _views(found: Answer | None, lang: Language) -> list[str]:
    """Write the load of an area in absolute terms, and by square kilometre and head."""
    if found is None:
        return []
    written = [
        f"{_say(title, lang)} {found[name]:,.{decimals}f}"
        for name, (title, decimals) in VIEWS.items()
        if found.get(name) is not None
    ]
    return [*written, _say(SMALL, lang)] if found.get("small") else written


VIEWS = {
    "area_km2": (Title("面积（平方公里）", "area (km²)"), 1),
    "load": (Title("风险负荷（等效人）", "load (equivalent persons)"), 0),
    "per_km2": (Title("每平方千米", "per km²"), 1),
    "per_1000": (Title("每千人", "per 1,000 residents"), 1),
}
SMALL = Title("基数小，不宜据以比较", "small numbers: not to be compared")


def _classes(palette: Palette, limits: Sequence[float], lang: Language) -> list[dict[str, Any]]:
    edges = [0.0, *limits, 100.0] if limits else [None] * 6
    return [
        {"title": _say(title, lang), "colour": colour, "from": low, "to": high}
        for title, colour, low, high in zip(
            palette.titles, palette.colours, edges, edges[1:], strict=False
        )
    ]


def _sectors(answer: Answer, lang: Language) -> list[dict[str, Any]]:
    """Return the sectors with their scores, and the points of the whole score if all have some."""
    shares = [sector["share"] for sector in answer["sectors"]]
    points: Sequence[str | None] = [None] * len(shares)
    if answer["exact"] and answer["score"] is not None and None not in shares:
        points = _add_up(shares, answer["score"], 10)
    return [
        {
            "title": _either(sector, lang),
            "class": sector["class"],
            "points": own,
            **_tenths(sector["score"]),
        }
        for sector, own in zip(answer["sectors"], points, strict=True)
    ]


def _sources(
    answer: Answer, numbers: Mapping[int, int], kinds: Mapping[str, SiteKind], lang: Language
) -> dict[str, Any] | None:
    """Return the largest sources and what is left, with points that add up to the score."""
    if answer["score"] is None or not answer["contributions"]:
        return None
    listed = [entry for entry in answer["contributions"] if entry["site"]]
    hidden = [entry for entry in answer["contributions"] if not entry["site"]]
    top, rest = listed[:TOP], listed[TOP:]
    groups = [*([entry] for entry in top), rest, hidden]
    shares = [sum(entry["share"] for entry in group) for group in groups]
    points = _add_up(shares, answer["score"], 10 if answer["exact"] else 1)
    whole = sum(shares) or 1.0
    written = [
        {"points": own, "length": share / whole} for own, share in zip(points, shares, strict=True)
    ]
    return {
        "top": [
            {
                **own,
                **_source(entry, numbers, kinds, lang),
                "factors": _factors(entry, answer["models"], lang),
            }
            for own, entry in zip(written, top, strict=False)
        ],
        "rest": {**written[-2], "count": len(rest)} if rest else None,
        "hidden": {**written[-1], "title": _either(hidden[0], lang)} if hidden else None,
        "exact": answer["exact"],
    }


def _add_up(shares: Sequence[float], score: float, per_point: int) -> list[str]:
    """Write shares in tenths, or whole points, that add up to the score cut to the same."""
    cut = coarse.whole_shares([per_point * share for share in shares], per_point * score)
    return [f"{own / per_point:.{1 if per_point > 1 else 0}f}" for own in cut]


def _source(
    entry: Answer, numbers: Mapping[int, int], kinds: Mapping[str, SiteKind], lang: Language
) -> dict[str, Any]:
    site, evidence = entry["site"], entry["evidence"]
    titles = {field.name: field.title for field in kinds[site["kind"]].fields}
    missing = [titles[name] for name in evidence.get("dq", ()) if name in titles]
    return {
        "number": numbers.get(site["id"]),
        "name": site["name"],
        "model": _either(entry, lang),
        "kind": _either(site, lang),
        "distance_m": entry["distance_m"],
        "itself": kinds[site["kind"]].assets_per_ha is not None,
        "without": _points(entry.get("without")),
        "closing": _points(entry.get("closing")),
        "cases": _cases(entry),
        "missing": [_say(title, lang) for title in missing],
    }


def _factors(entry: Answer, models: Mapping[str, Any], lang: Language) -> list[dict[str, Any]]:
    """Return the two steps of a source's score that its points mostly come from."""
    steps = models[entry["model"]]["steps"]
    known = [row for row in entry["factors"] if row["step"] in steps]
    known.sort(key=lambda row: -row["points"])
    return [
        {"title": _either(steps[row["step"]], lang), "points": f"{row['points']:.1f}"}
        for row in known[:2]
        if row["points"] >= coarse.LEAST_POINTS
    ]


def _points(found: float | None) -> str | None:
    return None if found is None or found < coarse.LEAST_POINTS else f"{found:.1f}"


def _cases(entry: Answer) -> dict[str, Any] | None:
    lifted = lift(entry)
    return lifted and dict(zip(("count", "before", "after"), lifted, strict=True))


def _flags(flags: Sequence[Answer], numbers: Mapping[int, int]) -> dict[str, Any]:
    """Return the flags by what they say, those that raise the class first."""
    groups: dict[tuple[int, str], list[Answer]] = {}
    for flag in flags:
        groups.setdefault((-flag["floor"], flag["text"]), []).append(flag)
    lines = [
        {
            "floor": -floor,
            "text": text,
            "count": len(group),
            "places": [
                {"name": flag["site"]["name"], "number": numbers.get(flag["site"]["id"])}
                for flag in group[:NAMED]
                if flag["site"]
            ],
        }
        for (floor, text), group in sorted(groups.items(), key=lambda item: item[0][0])
    ]
    return {
        "lines": lines[:FLAGS],
        "left": sum(line["count"] for line in lines[FLAGS:]),
        "count": len(flags),
    }


NAMED = 2
"""Places that one line of flags names."""


def _improvement(row: Answer, now: int) -> dict[str, Any]:
    """Return what closing the cases of one place would do."""
    return {
        "name": row["site"]["name"] if row["site"] else None,
        "count": len(row["cases"]),
        "points": _points(row["points"]),
        "then": row["class_then"] if row["class_then"] < now else None,
    }


def _unknown(answer: Answer, kinds: Mapping[str, SiteKind], lang: Language) -> dict[str, Any]:
    """Return what nobody reported, only in part, and which indicators are defaults."""
    coverage = answer["data_quality"]["coverage"]
    of = {
        status: [
            _say(kinds[row["kind"]].title, lang) for row in coverage if row["status"] == status
        ]
        for status in ("none", "partial")
    }
    indicators = [*answer["vulnerability"]["indicators"], *answer["coping"]["indicators"]]
    return {**of, "indicators": [_either(row, lang) for row in indicators if not row["known"]]}


def _sites(answer: Answer) -> list[int]:
    """Return the ids of the places that the card numbers: the largest sources, then flags."""
    listed = [entry["site"]["id"] for entry in answer["contributions"] if entry["site"]][:TOP]
    raising = [flag for flag in answer["flags"] if flag["floor"] and flag["site"]]
    raising.sort(key=lambda flag: -flag["floor"])
    return list(dict.fromkeys([*listed, *(flag["site"]["id"] for flag in raising[:FLAGS])]))


def _shapes(
    conn: Connection, actor: Actor, level: Level, ids: Iterable[int]
) -> dict[int, shapely.Geometry]:
    """Return the places that have a position and that the actor may see, metric, in order."""
    ids = list(ids)
    stands = {asked: row["id"] for asked, row in sites.names(conn, ids, actor).items()}
    found = sites.load_many(conn, set(stands.values()))
    placed = [id_ for id_ in ids if id_ in stands and found[stands[id_]]["geom"] is not None]
    wkb = [found[stands[id_]]["geom"] for id_ in placed]
    frame = gpd.GeoDataFrame(geometry=shapely.from_wkb(wkb), index=placed, crs=STORED)
    return dict(to_metres(frame, level.metric_crs).geometry.items())


def _map(
    areas_m: gpd.GeoDataFrame, code: str, places: Sequence[shapely.Geometry]
) -> dict[str, Any]:
    width_mm, height_mm = MAP_MM
    others = areas_m.drop(index=code)
    return draw_map(
        areas_m.geometry[code],
        zip(others["name"], others.geometry, strict=True),
        places,
        width_mm=width_mm,
        height_mm=height_mm,
    )
