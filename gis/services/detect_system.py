"""In which coordinate system the positions of a file really are, told by the villages they name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gis.domain import datum, values, villages
from gis.domain.arrays import Floats, Ints
from gis.domain.crs import STORED
from gis.domain.datum import Candidate, Detection, Reason
from gis.domain.plans import VILLAGE
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files import read
from gis.files.sandbox import Chunk
from gis.services import access
from gis.services.sort_sites import CHUNK_ROWS, Asked
from gis.storage import areas
from gis.workspace import Workspace

MOST_JUDGED = 50_000
"""Rows looked at: more tell no more."""


def detect_system(ws: Workspace, actor: Actor, asked: Asked) -> Detection:
    """Tell which system fits the positions of a file, taken as the file says them.

    A file that names its own projected system is judged in the degrees that follow from it.
    """
    with access.reading(ws, actor) as conn:
        ground = areas.load(conn, ws.home_level)
    x, y, named = _sample(asked, ground["code"].tolist(), ground["name"].tolist())
    own = asked.reading.source.crs
    if own and datum.is_projected(own):
        x, y = datum.to_stored(own, x, y)
    return datum.detect(x, y, named, ground.geometry.to_numpy())


def refuse_doubtful_system(ws: Workspace, actor: Actor, asked: Asked) -> None:
    """Refuse a file whose positions fit another system than the one that it is read in.

    Raises
    ------
    InvalidDataError
        With the counts, and how to decide.
    """
    found = detect_system(ws, actor, asked)
    if found.proposed is not None and is_doubtful(found, asked):
        raise InvalidDataError(
            f"坐标可能不是 {asked.reading.system}：{said_of(found)}。"
            f"请用 --crs {found.proposed.system} 换算，或用 --crs {asked.reading.system} 按原样导入"
        )


def is_doubtful(found: Detection, asked: Asked) -> bool:
    """Tell whether what was detected is another system than the one that a file is read in."""
    best = found.proposed
    if best is None or found.reason not in TOLD:
        return False
    as_read = asked.reading.system
    if datum.is_projected(as_read) and not datum.is_projected(best.system):
        return best.system != STORED
    return (best.system, best.swapped) != (as_read, asked.reading.swapped)


TOLD: frozenset[Reason] = frozenset({"as_given", "shifted", "swapped", "projected"})
"""Reasons that speak for a system; the others leave it as it is read."""


def said_of(found: Detection) -> str:
    """Say how many rows fall into the village that they name, by candidate."""
    return "；".join(_said(candidate, found) for candidate in found.candidates)


def _said(candidate: Candidate, found: Detection) -> str:
    title = datum.SYSTEMS[candidate.system].title.zh if candidate.system in datum.SYSTEMS else ""
    order = "（坐标先后对调）" if candidate.swapped else ""
    there = f"{found.judged} 行中 {candidate.in_named} 行落在所填的村"
    return f"按 {title or candidate.system}{order}，{there}"


def _sample(asked: Asked, codes: list[str], names: list[str]) -> tuple[Floats, Floats, Ints]:
    """Read the positions of the first rows, and the village that each names."""
    parts, count = [], 0
    for chunk in asked.reading.source.chunks(CHUNK_ROWS):
        x, y = read.positions(chunk, asked.reading)
        parts.append((x, y, _named(chunk, asked, codes, names)))
        count += len(chunk.rows)
        if count >= MOST_JUDGED:
            break
    if not parts:
        return np.empty(0), np.empty(0), np.empty(0, dtype=np.int64)
    x, y, named = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x, y, named


def _named(chunk: Chunk, asked: Asked, codes: list[str], names: list[str]) -> Ints:
    column = asked.reading.columns.get(VILLAGE.name)
    if column is None:
        return np.full(len(chunk.rows), -1, dtype=np.int64)
    texts = values.clean(pd.Series(chunk.columns[column], dtype=object), len(chunk.rows))
    written = [None if text is None else values.text(text) for text in texts]
    return villages.recognise(written, codes, names)
