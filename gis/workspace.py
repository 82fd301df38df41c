"""The only composition root: settings from the environment, an open database, the passports."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import Engine

from gis.domain.kinds import Level, RecordKind, SiteKind
from gis.errors import ConfigError, NotFoundError
from gis.files.passports import load_kinds, load_levels, load_records
from gis.storage import dialect

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
"""Passports, constants and the demonstration's files: part of the software."""


LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation chooses.

    Attributes
    ----------
    database_url
        ``sqlite:///file`` or ``postgresql+psycopg://...``.
    data_dir
        What this installation writes: the embedded database, keys, heads of the audit log.
    heads
        File of the heads of the audit log; None: in ``data_dir``. On another machine's share it
        is out of reach of whoever gets at this one.
    host
        Address that the server listens on.
    public_url
        Address under which browsers reach it, where that is not this machine's own.
    tls_cert, tls_key
        Files with which the server itself speaks HTTPS.
    proxies
        Addresses of proxies whose word about the caller is believed.
    """

    database_url: str
    data_dir: Path
    heads: Path | None = None
    host: str = LOOPBACK
    public_url: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: frozenset[str] = frozenset()

    @classmethod
    def from_env(cls) -> Settings:
        """Read the variables RISKMAP_*; the README has the table.

        Raises
        ------
        ConfigError
            If what they say cannot be.
        """
        data_dir = Path(os.environ.get("RISKMAP_DATA_DIR") or ROOT / "var").resolve()
        url = os.environ.get("RISKMAP_DATABASE_URL") or f"sqlite:///{data_dir / 'riskmap.sqlite'}"
        return cls(
            url,
            data_dir,
            heads=_path(os.environ.get("RISKMAP_AUDIT_HEADS")),
            host=os.environ.get("RISKMAP_HOST") or LOOPBACK,
            public_url=_public_url(os.environ.get("RISKMAP_PUBLIC_URL")),
            tls_cert=_path(os.environ.get("RISKMAP_TLS_CERT")),
            tls_key=_path(os.environ.get("RISKMAP_TLS_KEY")),
            proxies=_addresses(os.environ.get("RISKMAP_PROXY")),
        )

    @property
    def key_dir(self) -> Path:
        """Folder of the secrets of this installation."""
        return self.data_dir / "keys"

    @property
    def uploads_dir(self) -> Path:
        """Folder of the files that people upload."""
        return self.data_dir / "uploads"

    @property
    def heads_file(self) -> Path:
        """File of the heads of the audit log."""
        return self.heads or self.data_dir / "audit_heads.jsonl"

    @property
    def speaks_https(self) -> bool:
        """Tell whether browsers reach the server by HTTPS alone."""
        return self.tls_cert is not None or (self.public_url or "").startswith("https://")

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine itself reaches the server's address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _path(text: str | None) -> Path | None:
    return Path(text).resolve() if text else None


def _public_url(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"RISKMAP_PUBLIC_URL 应如 https://map.example.cn，现在是 {text}")
    return f"{parts.scheme}://{parts.netloc}"


def _addresses(text: str | None) -> frozenset[str]:
    """Read addresses separated by commas."""
    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    try:
        return frozenset(str(ipaddress.ip_address(name)) for name in names)
    except ValueError as error:
        raise ConfigError(f"RISKMAP_PROXY 要写代理的 IP 地址，用逗号分开：{error}") from error


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open database and the passports: what every service works with."""

    engine: Engine
    kinds: Mapping[str, SiteKind]
    levels: Mapping[str, Level]
    records: Mapping[str, RecordKind]
    settings: Settings = field(repr=False)

    def kind(self, slug: str) -> SiteKind:
        """Return a kind; NotFoundError lists the known ones."""
        if slug not in self.kinds:
            raise NotFoundError(f"没有类别 {slug}；可以用：{', '.join(self.kinds)}")
        return self.kinds[slug]

    def record(self, slug: str) -> RecordKind:
        """Return a sort of record; NotFoundError lists the known ones."""
        if slug not in self.records:
            raise NotFoundError(f"没有记录 {slug}；可以用：{', '.join(self.records)}")
        return self.records[slug]

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


def site_kinds() -> dict[str, SiteKind]:
    """Return the passports of the kinds, without a database."""
    return load_kinds(DATA / "sites")


def record_kinds() -> dict[str, RecordKind]:
    """Return the passports of the records of places, without a database."""
    return load_records(DATA / "records", site_kinds())


def open_workspace(settings: Settings) -> Workspace:
    """Open the database that the settings name, and read the passports."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"数据文件夹不能建立，请检查 RISKMAP_DATA_DIR：{error}") from error
    kinds, levels = site_kinds(), load_levels(DATA / "boundaries")
    if twice := set(kinds) & set(levels):
        raise ConfigError(f"类别和层级不能同名：{'、'.join(sorted(twice))}")
    return Workspace(
        engine=dialect.open_engine(settings.database_url),
        kinds=kinds,
        levels=levels,
        records=record_kinds(),
        settings=settings,
    )
