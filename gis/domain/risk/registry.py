"""Find the risk models by looking into their folder; it knows nothing else about them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from gis.domain.risk import models as folder
from gis.domain.risk.model import Model
from gis.errors import NotFoundError


@cache
def models() -> tuple[Model, ...]:
    """Return every model, sorted by slug. Adding a model is adding a file."""
    names = [module.name for module in pkgutil.iter_modules(folder.__path__)]
    found = [importlib.import_module(f"{folder.__name__}.{name}").MODEL for name in names]
    return tuple(sorted(found, key=lambda model: model.slug))


def model(slug: str) -> Model:
    """Return the model of that slug.

    Raises
    ------
    NotFoundError
        If there is none; the message lists the known ones.
    """
    known = {entry.slug: entry for entry in models()}
    if slug not in known:
        raise NotFoundError(f"没有风险模型 {slug}；可以用：{', '.join(known)}")
    return known[slug]


def reads(entries: Iterable[Model]) -> dict[str, tuple[str, ...]]:
    """Return the kinds that each sector's models read, by sector code."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        found.setdefault(entry.sector, set()).update(entry.kinds)
    return {sector: tuple(sorted(kinds)) for sector, kinds in sorted(found.items())}
