"""Which chemical of GB 18218-2018 a record means: critical quantity, class, beta (METHOD 1.3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

RECORDS = "chemical"
"""Sort of record that is read."""

FAMILIES = ("toxic_gas", "flammable_gas", "flammable_liquid", "explosive")
"""Families of classes, as the constants ``<family>_classes`` list them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of Table 1: its name, symbols of classes, and what else records call it."""

    name: str
    classes: tuple[str, ...]
    terms: tuple[str, ...]
    q_t: float


def identified(records: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Tell what the standard says of each chemical on record.

    Parameters
    ----------
    records
        Chemical records: ``site`` (of the unit) and the fields of ``data/records/chemical.toml``.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame in the order of the records: ``site``; ``name``, that of Table 1, else as recorded;
    ``quantity_t``, the design maximum, ``vessel_t``, the largest vessel, tonnes, NaN unknown;
    ``critical_t``, Q, and ``beta``, NaN where neither name nor class is known; one boolean a
    family of ``FAMILIES``.

    Notes
    -----
    By name or CAS number in Table 1; of several entries of one name the one of the smallest Q.
    Where they name two entries it counts as the worse of both, and ``differs``: Q the smaller,
    beta the larger, the families of both. What it does not list, mixtures among them, counts by its
    class (Table 2). beta: Table 3 for the toxic gases that it lists, else the largest of the
    classes (Table 4).
    """
    listed = entries(constants)
    by_term = {term: entry.name for entry in listed for term in entry.terms}
    by_name = _tidy(records["chemical"]).map(by_term)
    by_cas = _cas(records["cas"]).map(by_term)
    differs = (by_name.notna() & by_cas.notna() & (by_name != by_cas)).to_numpy(dtype=bool)
    recorded = read.texts(records["hazard_class"])
    by_class, _ = read.graded(recorded, given.table(constants, "class_q_t"), np.nan)
    one = _entry(by_name.fillna(by_cas), recorded, listed, constants)
    other = _entry(by_cas.fillna(by_name), recorded, listed, constants)
    named = one["entry"].where(one["beta"].fillna(0.0) >= other["beta"].fillna(0.0), other["entry"])
    unlisted = named.isna().to_numpy(dtype=bool)
    columns = {
        "site": records["site"].to_numpy(dtype=np.int64),
        "name": np.where(unlisted, read.texts(records["chemical"]), read.texts(named)),
        "differs": differs,
        "quantity_t": records["design_t"].to_numpy(dtype=np.float64),
        "vessel_t": records["largest_vessel_t"].to_numpy(dtype=np.float64),
        "critical_t": np.where(unlisted, by_class, np.fmin(one["critical_t"], other["critical_t"])),
        "beta": np.fmax(one["beta"], other["beta"]),
        **{family: (one[family] | other[family]).to_numpy(dtype=bool) for family in FAMILIES},
    }
    return pd.DataFrame(columns)


def on_record(records: Mapping[str, pd.DataFrame], constants: Constants) -> pd.DataFrame:
    """Return the chemicals of all units as ``identified`` gives them; no rows where none are.

    ``records`` are those of a scene: sort of record to frame.
    """
    if RECORDS in records:
        return identified(records[RECORDS], constants)
    nothing = pd.DataFrame(columns=list(FIELDS), dtype=object)
    return identified(nothing.astype(FIELDS), constants)


FIELDS = {
    "site": np.int64,
    "chemical": object,
    "cas": object,
    "hazard_class": object,
    "design_t": np.float64,
    "largest_vessel_t": np.float64,
}
"""Columns of the records that are read."""


def entries(constants: Constants) -> list[Listed]:
    """Return the entries of Table 1, the smallest Q last, so that it wins where terms are shared.

    Of the words of a key of ``listed_q_t`` the first is the name, the second the symbols of
    classes, the others the CAS number and other names ("-": none).
    """
    found = []
    for key, q_t in given.table(constants, "listed_q_t").items():
        name, classes, *others = key.split()
        terms = tuple(_plain(word) for word in (name, *others) if word != "-")
        found.append(Listed(name, tuple(classes.split(",")), terms, q_t))
    return sorted(found, key=lambda entry: -entry.q_t)


def _classes(named: pd.Series, recorded: Objects, listed: Iterable[Listed]) -> Objects:
    """Return the symbols of each record's classes: of its entry and as recorded."""
    of_entry: Mapping[str, tuple[str, ...]] = {entry.name: entry.classes for entry in listed}
    found = np.empty(len(named), dtype=object)
    found[:] = [
        {*of_entry.get(name, ()), *([symbol] if symbol else [])}
        for name, symbol in zip(named, recorded, strict=True)
    ]
    return found


def _beta(named: pd.Series, classes: Objects, constants: Constants) -> Floats:
    by_class = given.table(constants, "class_beta")
    largest = np.array([max((by_class[c] for c in found), default=np.nan) for found in classes])
    by_name, unnamed = read.graded(named, given.table(constants, "toxic_gas_beta"), np.nan)
    beta: Floats = np.where(unnamed, largest, by_name)
    return beta


def _any_of(named: pd.Series, classes: Objects, family: str, constants: Constants) -> Bools:
    """Tell which chemicals are of a family; all of Table 3 are toxic gases."""
    symbols = set(given.texts(constants, f"{family}_classes"))
    found = np.array([bool(symbols & of) for of in classes], dtype=bool)
    if family == FAMILIES[0]:
        found |= named.isin(given.table(constants, "toxic_gas_beta")).to_numpy(dtype=bool)
    return found


def _entry(
    named: pd.Series, recorded: Objects, listed: Sequence[Listed], constants: Constants
) -> pd.DataFrame:
    """Return what an entry of Table 1 says of each record: its Q, beta and families."""
    classes = _classes(named, recorded, listed)
    critical_t, _ = read.graded(named, {e.name: e.q_t for e in listed}, np.nan)
    families = {family: _any_of(named, classes, family, constants) for family in FAMILIES}
    columns = {"critical_t": critical_t, "beta": _beta(named, classes, constants), **families}
    return pd.DataFrame(columns, index=named.index).assign(entry=named)


def _cas(values: pd.Series) -> pd.Series:
    """Reduce CAS numbers to their digits and plain hyphens, however they are written."""
    digits = _tidy(values).where(values.notna(), "").astype(str).str.replace(r"\D", "", regex=True)
    parts = digits.str.extract(r"^(\d{2,7})(\d{2})(\d)$")
    return (parts[0] + "-" + parts[1] + "-" + parts[2]).astype(object)


def _tidy(values: pd.Series) -> pd.Series:
    """Write texts as the terms of the entries are written."""
    return values.astype(object).map(_plain, na_action="ignore")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).upper().split())
