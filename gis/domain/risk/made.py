"""What passports and models make of a snapshot, before people and sources meet.

And how it is made again where a snapshot differs little from one that is known: only what reads
that, and of a model only the places that it reaches. It gives what making all of it would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Ints, Objects
from gis.domain.risk import flags as flagging
from gis.domain.risk import forest_cover, part, register
from gis.domain.risk import indicators as indicating
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants
from gis.domain.risk.difference import CASES, Difference
from gis.domain.risk.engines import ROAD, STATION, Engines, engines, engines_again
from gis.domain.risk.homes import Homes, homes, homes_again
from gis.domain.risk.model import PEOPLE, Model, Scene
from gis.domain.risk.receptors import crowds, receptors, receptors_again
from gis.domain.risk.sources import join

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

Values = Mapping[str, Constants]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says of its places.

    Attributes
    ----------
    sources
        Sources frame, without what the hazard register adds.
    facts
        Facts where they hold, as ``flags.settled`` gives them.
    reach
        How far its places look; None: at everything.
    """

    sources: gpd.GeoDataFrame
    facts: pd.DataFrame
    reach: part.Reaches | None


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of a snapshot.

    Attributes
    ----------
    snapshot
        The snapshot.
    homes
        The home areas of its places.
    people
        Receptors frame.
    engines
        When fire engines are at the receptors.
    watched, covered
        What devices see of the forest, as ``forest_cover`` gives them.
    cases
        The facts of the hazard register, as ``flags.settled`` gives them.
    answers
        Slug of the model to what it says.
    indicators
        As ``indicators.read`` gives them.
    """

    snapshot: Snapshot
    homes: Homes
    people: gpd.GeoDataFrame
    engines: Engines
    watched: pd.DataFrame
    covered: pd.DataFrame
    cases: pd.DataFrame
    answers: Mapping[str, Answers]
    indicators: pd.DataFrame


def make(snapshot: Snapshot, constants: Values, models: Sequence[Model]) -> Made:
    """Let passports and models make receptors, sources, facts and indicators.

    Parameters
    ----------
    snapshot
        What is known.
    constants
        Method name to its values.
    models
        Which models.
    """
    sites_m, areas_m, exposure = snapshot.sites_m, snapshot.areas_m, constants[EXPOSURE]
    home = homes(sites_m, areas_m)
    people = receptors(sites_m, snapshot.kinds, areas_m, constants[INDEX], home=home)
    arrivals = engines(snapshot, people, exposure)
    scene = snapshot.scene(people, constants)
    said = {m.slug: _ask(m, scene, constants[m.constants], areas_m) for m in models}
    watched = forest_cover.watched(snapshot, scene, constants)
    covered = forest_cover.covered(watched, areas_m)
    survey = indicating.survey(snapshot, people, exposure, home, arrivals, covered)
    found, cases = indicating.read(survey), _cases(snapshot, constants[INDEX])
    return Made(snapshot, home, people, arrivals, watched, covered, cases, said, found)


def make_again(
    before: Made,
    snapshot: Snapshot,
    difference: Difference,
    constants: Values,
    models: Sequence[Model],
) -> Made:
    """Make of a snapshot what ``make`` would.

    Parameters
    ----------
    before
        What was made of another one.
    snapshot, difference
        This one, and in what it differs from that.
    constants, models
        The same as then.
    """
    sites_m, areas_m, exposure = snapshot.sites_m, snapshot.areas_m, constants[EXPOSURE]
    home = homes_again(before.homes, before.snapshot.sites_m, sites_m, areas_m, difference)
    changed, people, arrivals = {*difference.kinds}, before.people, before.engines
    watched, covered, cases = before.watched, before.covered, before.cases
    if _has_cases(snapshot, difference):
        changed.add(CASES)
    if held := _holding(snapshot, difference):
        changed.add(PEOPLE)
        people = receptors_again(
            people, sites_m, snapshot.kinds, areas_m, constants[INDEX], home=home, changed=held
        )
    if changed & {PEOPLE, ROAD, STATION}:
        arrivals = engines_again(arrivals, snapshot, people, exposure, difference)
    scene = snapshot.scene(people, constants)
    if changed & forest_cover.READS:
        watched = forest_cover.watched(snapshot, scene, constants, before=watched, changed=changed)
        covered = forest_cover.covered(watched, areas_m)
    if CASES in changed:
        cases = _cases(snapshot, constants[INDEX])
    again = _Again(before, snapshot, scene, difference, constants)
    said = {m.slug: again.ask(m, constants[m.constants]) for m in models if m.reads & changed}
    survey = indicating.survey(snapshot, people, exposure, home, arrivals, covered)
    return Made(
        snapshot, home, people, arrivals, watched, covered, cases,
        {**before.answers, **said},
        indicating.read(survey, before=before.indicators, changed=changed),
    )  # fmt: skip


def _holding(snapshot: Snapshot, difference: Difference) -> frozenset[str]:
    """Return the kinds that differ whose places hold people or are assets."""
    return frozenset(
        slug
        for slug in difference.kinds & snapshot.kinds.keys()
        if snapshot.kinds[slug].people or snapshot.kinds[slug].assets_per_ha is not None
    )


def _has_cases(snapshot: Snapshot, difference: Difference) -> bool:
    """Tell whether any place that differs has cases, which lie where it does."""
    cases = snapshot.hazards_m
    return cases is not None and bool(difference.of(cases, "site").any())


def _cases(snapshot: Snapshot, values: Constants) -> pd.DataFrame:
    """Return the facts of the hazard register; ``values`` are those of ``index.toml``."""
    if snapshot.hazards_m is None:
        return flagging.settled(flagging.join([]), snapshot.areas_m)
    found = register.facts(snapshot.hazards_m, snapshot.sites_m, snapshot.as_of, values)
    return flagging.settled(found, snapshot.areas_m)


def _ask(model: Model, scene: Scene, constants: Constants, areas_m: gpd.GeoDataFrame) -> Answers:
    """Ask a model of everything in a scene."""
    sources, facts = _said(model, scene, constants, areas_m)
    reach = None if model.reach is None else model.reach(scene, constants)
    return Answers(sources, facts, reach)


def _said(
    model: Model, scene: Scene, constants: Constants, areas_m: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return sources and facts of a scene."""
    stated = flagging.settled(model.flags(scene, constants), areas_m)
    return model.sources(scene, constants), stated


class _Again:
    """Asks models again, of the places that a difference reaches."""

    def __init__(
        self,
        before: Made,
        snapshot: Snapshot,
        scene: Scene,
        difference: Difference,
        constants: Values,
    ) -> None:
        self._before, self._areas_m, self._kinds = before, snapshot.areas_m, snapshot.kinds
        self._was = before.snapshot.scene(before.people, constants)
        self._is = scene
        self._places: Ints = np.array(sorted(difference.places), dtype=np.int64)
        self._crowds: Objects = crowds(before.people, scene.people, difference)

    def ask(self, model: Model, constants: Constants) -> Answers:
        """Return what the model says now."""
        said = self._before.answers[model.slug]
        if model.reach is None or said.reach is None:
            return _ask(model, self._is, constants, self._areas_m)
        reach = model.reach(self._is, constants)
        moments = (self._was, said.reach), (self._is, reach)
        places = part.asked(model, moments, self._kinds, self._places, self._crowds)
        sources, facts = _without(said.sources, "site", places), _without(said.facts, "by", places)
        if part.any_there(self._is, reach, places):
            scene = part.part(model, self._is, reach, self._kinds, places)
            new = _said(model, scene, constants, self._areas_m)
            sources = join([sources, _only(new[0], "site", places)])
            facts = pd.concat([facts, _only(new[1], "by", places)], ignore_index=True)
        return Answers(sources, facts, reach)


Frame = TypeVar("Frame", bound=pd.DataFrame)


def _only(frame: Frame, column: str, places: Ints) -> Frame:
    return frame[frame[column].isin(places)]


def _without(frame: Frame, column: str, places: Ints) -> Frame:
    return frame[~frame[column].isin(places)]
