"""How far scores may be off: the same evaluation many times over, each with other numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from gis.domain.arrays import Floats, Ints, Objects
from gis.domain.keyed import normal, numbered, uniform
from gis.domain.risk import index as indexing
from gis.domain.risk import load as loading
from gis.domain.risk.constants import EXPOSURE, INDEX, SPREAD, Constants, number, numbers, table
from gis.domain.risk.evaluate import Result
from gis.domain.risk.pairs import pair

WEIGHTS, EXPONENTS, ANCHORS = "weights", "exponents", "anchors"
INTENSITY, RADIUS, PEOPLE, INDICATORS = "intensity", "radius", "people", "indicators"
PARTS = (WEIGHTS, EXPONENTS, INTENSITY, RADIUS, PEOPLE, ANCHORS, INDICATORS)
"""What can be drawn: how sectors and dimensions weigh, where scores are full, how hard and how far
sources hit, how many people there are, and indicators that nobody knows."""

DATA_PARTS = (INTENSITY, RADIUS, PEOPLE, INDICATORS)
"""Those that are not certain because of what the register holds; the others are the method's."""

MEMORY_BYTES = 128 * 2**20
"""About how much the draws that are computed at a time may take; more is not faster. A draw is
computed whole: of many pairs one alone may take more."""

ARRAYS = 8
"""Arrays of one number a pair and draw that an evaluation has at a time."""


@dataclass(frozen=True, slots=True)
class Draws:
    """R of every area, 0..100, shape (A, D), NaN where the area has no score.

    Attributes
    ----------
    scores
        With everything drawn: what is shown of a score's doubt.
    data
        The same draws with the method as it stands: the doubt that comes of the data.
    """

    scores: Floats
    data: Floats


def draw(
    result: Result,
    constants: Mapping[str, Constants],
    *,
    seed: int,
    draws: int | None = None,
    indicators: pd.DataFrame | None = None,
) -> Draws:
    """Draw R with everything that can be drawn, and with the data alone; see ``monte_carlo``."""
    town = _Town.of(result, constants, seed, DATA_PARTS, indicators)
    scores, data = town.run(draws, [PARTS, DATA_PARTS], MEMORY_BYTES)
    return Draws(scores, data)


def monte_carlo(
    result: Result,
    constants: Mapping[str, Constants],
    *,
    seed: int,
    draws: int | None = None,
    vary: Collection[str] = PARTS,
    indicators: pd.DataFrame | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Floats:
    """Draw the index R of every area.

    Parameters
    ----------
    result
        An evaluation, with the V and C of its ``scores``.
    constants
        Method name to its values: ``index``, ``uncertainty``, and ``exposure`` with indicators.
    seed
        Any whole number.
    draws
        How many; None: as the constants say.
    vary
        Which of ``PARTS`` are drawn; the others stand as they are.
    indicators
        As ``indicators.indicators`` gives it: those that are not known are drawn. None: V and C
        are facts.
    memory_bytes
        About how much memory may be used; the result does not depend on it.

    Returns
    -------
    R, 0..100, shape (A, D), in the order of ``result.scores``; NaN where the area has no score.

    Notes
    -----
    METHOD 7.10. Every number is keyed by the seed, by whose it is and by the draw: row order,
    other places and a part of the town change nothing, and a what-if shares its draws with the
    present. What errs with its whole kind (``shared_variance``) is keyed by the kind: the model of
    a source, the kind of a receptor, the name of an indicator.
    """
    town = _Town.of(result, constants, seed, vary, indicators)
    return town.run(draws, [vary], memory_bytes)[0]


def farthest(spread: Constants) -> float:
    """Return the factor on a reach that no draw goes beyond: one table of pairs serves all."""
    return math.exp(number(spread, "radius_sigma") * number(spread, "radius_cut"))


def errors(uid: Ints, kind: Objects, draws: Ints, seed: int, part: str, share: float) -> Floats:
    """Draw standard normal errors of which a share is that of the whole kind.

    Parameters
    ----------
    uid, kind
        Whose, shape (n,).
    draws
        Which draws, shape (D,).
    seed, part
        What they are keyed by besides.
    share
        Part of the variance that a kind has in common, 0..1.

    Returns
    -------
    Shape (n, D).
    """
    names, row = np.unique(kind.astype(str), return_inverse=True)
    common = math.sqrt(share) * kind_errors(names.tolist(), draws, seed, part)
    found: Floats = own_errors(uid, draws, seed, part)
    found *= math.sqrt(1.0 - share)
    found += common[row]
    return found


def own_errors(uid: Ints, draws: Ints, seed: int, part: str) -> Floats:
    """Return what errs by itself, standard normal, shape (n, D)."""
    return normal(uid, draws, seed, part)


def kind_errors(kinds: Collection[str], draws: Ints, seed: int, part: str) -> Floats:
    """Return what errs with the whole kind, standard normal, one row a kind, shape (n, D)."""
    return normal(numbered(kinds), draws, seed, f"{part} of a kind")


def indicator_uids(indicators: pd.DataFrame) -> Ints:
    """Return what the errors of the rows of an indicators frame are keyed by, shape (n,)."""
    rows = zip(indicators["area"], indicators["name"], strict=True)
    return numbered(f"{area} {name}" for area, name in rows)


@dataclass(frozen=True, slots=True)
class _Town:
    """What is drawn from: an evaluation, and pairs that reach as far as the farthest draw."""

    result: Result
    constants: Mapping[str, Constants]
    seed: int
    vary: frozenset[str]
    indicators: pd.DataFrame | None
    pairs: pd.DataFrame

    @classmethod
    def of(
        cls,
        result: Result,
        constants: Mapping[str, Constants],
        seed: int,
        vary: Collection[str],
        indicators: pd.DataFrame | None,
    ) -> _Town:
        margin = farthest(constants[SPREAD]) if RADIUS in vary else 1.0
        pairs = pair(result.sources, result.receptors, margin)
        return cls(result, constants, seed, frozenset(vary), indicators, pairs)

    def run(
        self, count: int | None, varies: Sequence[Collection[str]], memory_bytes: int
    ) -> list[Floats]:
        """Return R for each of several choices of what varies in the method, (A, D) each."""
        draws = np.arange(int(number(self.constants[SPREAD], "draws")) if count is None else count)
        rows = len(self.pairs) + len(self.result.sources) + len(self.result.receptors)
        step = max(1, memory_bytes // (8 * ARRAYS * max(1, rows)))
        parts = [self._some(draws[at : at + step], varies) for at in range(0, len(draws), step)]
        return [np.concatenate(part, axis=1) for part in zip(*parts, strict=True)]

    def _some(self, draws: Ints, varies: Sequence[Collection[str]]) -> list[Floats]:
        load, exposed = self._loads(draws)
        v, c = self._dimension("V", draws), self._dimension("C", draws)
        return [self._index(load, exposed, v, c, draws, vary) for vary in varies]

    def _loads(self, draws: Ints) -> tuple[Floats, Floats]:
        """Return L (NaN where a sector is not known) and E, shape (S, A, D or 1)."""
        sources, receptors = self.result.sources, self.result.receptors
        hits = np.zeros((0, 1))
        if len(self.pairs):
            intensity, r2_m = self._intensity(draws), self._r2_m(draws)
            hits = loading.hit(sources, self.pairs, intensity=intensity, r2_m=r2_m)
        load, exposed = loading.load(
            hits if hits.ndim == 2 else hits[:, None], sources, receptors, self.pairs,
            areas=self.result.scores["area"].to_numpy(dtype=np.int64),
            sectors=indexing.sectors(self.constants[INDEX]), weight=self._weight(draws),
        )  # fmt: skip
        known = self.result.sectors["known"].to_numpy(dtype=bool).reshape(load.shape[:2])
        return np.where(known[..., None], load, np.nan), exposed

    def _index(
        self, load: Floats, exposed: Floats, v: Floats, c: Floats, draws: Ints,
        vary: Collection[str],
    ) -> Floats:  # fmt: skip
        """Return R, shape (A, D)."""
        lref, rho = self._anchors(draws) if ANCHORS in vary else (None, None)
        risk, *_ = indexing.index(
            load, exposed, v, c, constants=self.constants[INDEX], lref=lref, rho=rho,
            weight=self._shares(WEIGHTS, "sector_weights", draws) if WEIGHTS in vary else None,
            exponents=self._shares(EXPONENTS, "exponents", draws) if EXPONENTS in vary else None,
        )  # fmt: skip
        return np.broadcast_to(risk, (load.shape[1], len(draws)))

    def _intensity(self, draws: Ints) -> Floats | None:
        if INTENSITY not in self.vary:
            return None
        sources = self.result.sources
        factor = self._errors(sources, "model", draws, INTENSITY)
        factor *= sources["sigma"].to_numpy()[:, None]
        np.exp(factor, out=factor)
        factor *= sources["intensity"].to_numpy()[:, None]
        return np.minimum(factor, 1.0, out=factor)

    def _r2_m(self, draws: Ints) -> Floats | None:
        if RADIUS not in self.vary:
            return None
        sources, spread = self.result.sources, self.constants[SPREAD]
        cut = number(spread, "radius_cut")
        factor = self._errors(sources, "model", draws, RADIUS)
        np.clip(factor, -cut, cut, out=factor)
        factor *= number(spread, "radius_sigma")
        np.exp(factor, out=factor)
        factor *= sources["r2_m"].to_numpy()[:, None]
        return factor

    def _weight(self, draws: Ints) -> Floats | None:
        if PEOPLE not in self.vary:
            return None
        receptors = self.result.receptors
        factor = self._errors(receptors, "kind", draws, PEOPLE)
        factor *= receptors["sigma"].to_numpy()[:, None]
        np.exp(factor, out=factor)
        factor *= receptors["weight"].to_numpy()[:, None]
        return factor

    def _errors(self, frame: pd.DataFrame, kind: str, draws: Ints, part: str) -> Floats:
        uid = frame["uid"].to_numpy(dtype=np.int64)
        share = number(self.constants[SPREAD], "shared_variance")
        return errors(uid, frame[kind].to_numpy(dtype=object), draws, self.seed, part, share)

    def _shares(self, part: str, name: str, draws: Ints) -> Floats | None:
        """Draw weights that add up to 1, (n, D), around a table of the index; None: not drawn."""
        concentration = number(self.constants[SPREAD], f"{part}_concentration")
        if concentration <= 0:
            return None
        mean = table(self.constants[INDEX], name)
        shape = concentration * np.array(list(mean.values())) / sum(mean.values())
        drawn = uniform(numbered(mean), draws, self.seed, part)
        gamma = np.zeros(drawn.shape)
        some = shape > 0
        gamma[some] = special.gammaincinv(shape[some, None], drawn[some])
        shares: Floats = gamma / gamma.sum(axis=0)
        return shares

    def _anchors(self, draws: Ints) -> tuple[Floats, Floats]:
        """Draw Lref and rho, (S, D) each: one factor a draw, for all sectors."""
        lref, rho = (
            base[:, None] * self._factor(name, draws)
            for base, name in zip(
                indexing.anchors(self.constants[INDEX]), ("lref", "rho"), strict=True
            )
        )
        return lref, rho

    def _factor(self, name: str, draws: Ints) -> Floats:
        low, high = numbers(self.constants[SPREAD], f"{name}_factor")
        factor: Floats = (
            low + (high - low) * uniform(numbered([name]), draws, self.seed, ANCHORS)[0]
        )
        return factor

    def _dimension(self, name: str, draws: Ints) -> Floats:
        """Return V or C, shape (A,), or (A, D) where indicators are drawn."""
        standing: Floats = self.result.scores[name].to_numpy(dtype=np.float64)
        if INDICATORS not in self.vary or self.indicators is None:
            return standing
        rows = self.indicators
        rows = rows[(rows["dimension"] == name) & (rows["weight"] > 0)]
        areas = self.result.scores["area"].to_numpy(dtype=np.int64)
        area = loading.rows_of(rows["area"].to_numpy(dtype=np.int64), areas)
        weight = rows["weight"].to_numpy()
        whole = loading.area_sums(weight, area, len(areas))
        summed = loading.area_sums(weight[:, None] * self._drawn(rows, draws), area, len(areas))
        mean = summed / np.where(whole > 0, whole, np.nan)[:, None]
        return np.maximum(mean, number(self.constants[EXPOSURE], "least_dimension"))

    def _drawn(self, rows: pd.DataFrame, draws: Ints) -> Floats:
        """Draw the scores of indicators, 0 to 10; those that are known stay."""
        spread = self.constants[SPREAD]
        sigma = np.where(rows["known"], 0.0, number(spread, "indicator_sigma"))
        error = errors(
            indicator_uids(rows), rows["name"].to_numpy(dtype=object), draws, self.seed,
            INDICATORS, number(spread, "shared_variance"),
        )  # fmt: skip
        unknown = number(self.constants[EXPOSURE], "unknown_score")
        standing = np.where(rows["known"], rows["score"], np.fmax(unknown, rows["least"]))
        score = standing[:, None] + sigma[:, None] * error
        return np.clip(score, 0.0, 10.0)
