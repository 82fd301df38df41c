"""What a reader may see of the places and cases behind a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import SiteKind
from gis.domain.rights import CASES, Actor
from gis.domain.risk.flags import closed_text
from gis.storage import hazards, sites
from gis.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Sight:
    """What the reader may see of what is behind a score.

    Attributes
    ----------
    places
        The places whose true row they may see, with their kinds, by id.
    cases
        Codes of the cases that they may see.
    case_places
        Ids of places all of whose cases they may see.
    told_as
        Id of a place that nobody but those in charge may learn of, to what is said of it instead.
    everything
        Whether every row is theirs to see: then what counts all of them is no secret either.
    """

    places: Mapping[int, tuple[RowMapping, SiteKind]]
    cases: frozenset[str]
    case_places: frozenset[int]
    told_as: Mapping[int, str]
    everything: bool

    def of(self, site_id: int | None) -> bool:
        """Tell whether a place, if it is one, may be named, and a distance to it told."""
        return site_id is None or site_id in self.places

    def of_flag(self, row: RowMapping) -> bool:
        """Tell whether a flag may be told with its place, and the case that raised it."""
        case = row["evidence"].get("hazard")
        return self.of(row["site"]) and (case is None or case in self.cases)


def look(
    conn: Connection,
    ws: Workspace,
    actor: Actor,
    loads: Sequence[RowMapping],
    raised: Sequence[RowMapping],
) -> Sight:
    """Return what an actor may see of what is behind a score.

    Parameters
    ----------
    loads, raised
        Contributions and flags of the score, as they are stored.
    """
    ids = {row["site"] for row in (*loads, *raised)} | {row["receptor"] for row in loads}
    ids |= {place["site"] for row in raised for place in row["evidence"].get("places", ())}
    found = sites.names(conn, ids - {None}, actor)
    keys = {row["evidence"]["hazard"] for row in raised if "hazard" in row["evidence"]}
    own = (
        id_
        for id_, row in found.items()
        if actor.industries is None and actor.in_charge(CASES, row["village"], row["industry"])
    )
    return Sight(
        places={id_: (row, ws.kinds[row["kind"]]) for id_, row in found.items()},
        cases=hazards.readable_keys(conn, actor, keys),
        case_places=frozenset(own),
        told_as=_told_as(sites.kinds_of(conn, ids - {None}), ws),
        everything=actor.reads_everything,
    )


def _told_as(kinds: Mapping[int, str], ws: Workspace) -> dict[int, str]:
    return {
        id_: closed_text(ws.kinds[kind])
        for id_, kind in kinds.items()
        if ws.kinds[kind].secrecy == "restricted"
    }
