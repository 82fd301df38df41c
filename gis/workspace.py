"""The only composition root: settings from the environment, an open database, the passports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import Engine

from gis.domain.kinds import Level, SiteKind
from gis.errors import ConfigError, NotFoundError
from gis.files.passports import load_kinds, load_levels
from gis.storage import dialect

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
"""Passports, constants and the demonstration's files: part of the software."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation chooses.

    Attributes
    ----------
    database_url
        ``sqlite:///file`` or ``postgresql+psycopg://...``.
    data_dir
        What this installation writes: the embedded database.
    """

    database_url: str
    data_dir: Path

    @classmethod
    def from_env(cls) -> Settings:
        """Read RISKMAP_DATABASE_URL and RISKMAP_DATA_DIR; the README has the table."""
        data_dir = Path(os.environ.get("RISKMAP_DATA_DIR") or ROOT / "var").resolve()
        url = os.environ.get("RISKMAP_DATABASE_URL") or f"sqlite:///{data_dir / 'riskmap.sqlite'}"
        return cls(url, data_dir)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open database and the passports: what every service works with."""

    engine: Engine
    kinds: Mapping[str, SiteKind]
    levels: Mapping[str, Level]
    settings: Settings = field(repr=False)

    def kind(self, slug: str) -> SiteKind:
        """Return a kind; NotFoundError lists the known ones."""
        if slug not in self.kinds:
            raise NotFoundError(f"没有类别 {slug}；可以用：{', '.join(self.kinds)}")
        return self.kinds[slug]

    def level(self, slug: str) -> Level:
        """Return a level; NotFoundError lists the known ones."""
        if slug not in self.levels:
            raise NotFoundError(f"没有层级 {slug}；可以用：{', '.join(self.levels)}")
        return self.levels[slug]

    @property
    def home_level(self) -> Level:
        """The level that a place belongs to and whose risk is computed: the village."""
        scored = [level for level in self.levels.values() if level.scored]
        if len(scored) != 1:
            raise ConfigError("data/boundaries 里必须恰有一个层级写 scored = true")
        return scored[0]


def open_workspace(settings: Settings) -> Workspace:
    """Open the database that the settings name, and read the passports."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"数据文件夹不能建立，请检查 RISKMAP_DATA_DIR：{error}") from error
    kinds, levels = load_kinds(DATA / "sites"), load_levels(DATA / "boundaries")
    if twice := set(kinds) & set(levels):
        raise ConfigError(f"类别和层级不能同名：{'、'.join(sorted(twice))}")
    return Workspace(
        engine=dialect.open_engine(settings.database_url),
        kinds=kinds,
        levels=levels,
        settings=settings,
    )
