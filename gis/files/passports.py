"""Read the passports of kinds and levels: TOML files whose name is the slug."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gis.domain.kinds import (
    OCCASIONS,
    Field,
    Generalised,
    Identity,
    Level,
    People,
    RecordKind,
    SiteKind,
    Symbol,
    Title,
    Watch,
)
from gis.domain.rights import SECRECY
from gis.domain.values import RULES
from gis.errors import ConfigError

Passport = TypeVar("Passport", SiteKind, Level, RecordKind)

RESERVED = frozenset(
    [
        "id",
        "kind",
        "code",
        "name",
        "village",
        "geometry",
        "geom",
        "accuracy_m",
        "verified_on",
        "source",
        "synthetic",
        "row",
        "distance_m",
        "bearing_deg",
        "generalised",
    ]
)
"""Columns that every place has; a passport's field may not take their names."""


def load_kinds(folder: Path) -> dict[str, SiteKind]:
    """Read every kind's passport in a folder.

    Returns
    -------
    Slug to kind, sorted by slug.

    Raises
    ------
    ConfigError
        If a passport is not valid; the message names the file and what is wrong.
    """
    kinds = _load(folder, _kind)
    for kind in kinds.values():
        for field in kind.fields:
            if field.refers is not None and field.refers not in kinds:
                raise ConfigError(f"护照文件 {kind.slug}.toml 有误：没有类别 {field.refers}")
        for group in kind.people:
            if group.held_by is not None and group.held_by not in kinds:
                raise ConfigError(f"护照文件 {kind.slug}.toml 有误：没有类别 {group.held_by}")
    return kinds


def load_levels(folder: Path) -> dict[str, Level]:
    """Read every level's passport in a folder; as ``load_kinds``."""
    return _load(folder, _level)


def load_records(folder: Path, kinds: Mapping[str, SiteKind]) -> dict[str, RecordKind]:
    """Read every record's passport in a folder; as ``load_kinds``. They belong to ``kinds``."""
    records = _load(folder, _record)
    for record in records.values():
        if record.of not in kinds:
            raise ConfigError(f"护照文件 {record.slug}.toml 有误：没有类别 {record.of}")
    return records


def _load(folder: Path, build: Callable[[str, dict[str, Any]], Passport]) -> dict[str, Passport]:
    passports: dict[str, Passport] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            if not (path.stem.isidentifier() and path.stem.isascii() and path.stem.islower()):
                raise ValueError("文件名只能用小写字母、数字和下划线")
            passports[path.stem] = build(path.stem, tomllib.loads(path.read_text("utf-8")))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"护照文件 {path.name} 有误：{error!r}，请改正后重试") from error
    if not passports:
        raise ConfigError(f"{folder} 里没有护照文件（*.toml）")
    return passports


def _kind(slug: str, data: dict[str, Any]) -> SiteKind:
    known = {"title", "group", "geometry", "industry", "secrecy", "symbol"}
    optional = {"people", "assets_per_ha", "watch", "generalised", "identity"}
    optional |= {"verify_days", "registered"}
    _refuse_unknown(data, known | optional | {"fields"})
    kind = SiteKind(
        slug=slug,
        title=Title(**data["title"]),
        group=Title(**data["group"]),
        geometry=frozenset(_one_of(family, FAMILIES) for family in data["geometry"]),
        industry=data["industry"],
        secrecy=_one_of(data["secrecy"], SECRECY),
        symbol=_symbol(dict(data["symbol"])),
        fields=_fields(data),
        people=tuple(_people(group) for group in data.get("people", ())),
        assets_per_ha=data.get("assets_per_ha"),
        watch=Watch(**data["watch"]) if "watch" in data else None,
        generalised=_generalised(data["generalised"]) if "generalised" in data else None,
        identity=Identity(**data.get("identity", {})),
        verify_days=_days(data.get("verify_days", 365)),
        registered=_flag(data.get("registered", True)),
    )
    _check_names(kind)
    return kind


FAMILIES = ("point", "line", "polygon")
TYPES = ("text", "integer", "number", "boolean", "date")


def _people(data: Mapping[str, Any]) -> People:
    people = People(**data)
    for occasion, share in people.occasions.items():
        _one_of(occasion, OCCASIONS)
        if not 0 <= share <= 1:
            raise ValueError(f"people.occasions 的 {occasion} 应在 0 与 1 之间")
    return people


def _generalised(data: Mapping[str, Any]) -> Generalised:
    found = Generalised(float(data["cell_m"]), tuple(data.get("fields", ())))
    if not found.cell_m > 0:
        raise ValueError("generalised.cell_m 应大于 0")
    return found


def _days(value: Any) -> int:
    if not (isinstance(value, int) and value > 0):
        raise ValueError(f"verify_days 应为正整数，现在是 {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"registered 应为 true 或 false，现在是 {value!r}")
    return value


def _level(slug: str, data: dict[str, Any]) -> Level:
    _refuse_unknown(data, {"title", "metric_crs", "scored", "notice", "fields"})
    return Level(
        slug=slug,
        title=Title(**data["title"]),
        metric_crs=data["metric_crs"],
        scored=data["scored"],
        notice=Title(**data["notice"]),
        fields=_fields(data),
    )


def _record(slug: str, data: dict[str, Any]) -> RecordKind:
    _refuse_unknown(data, {"title", "of", "key", "fields"})
    record = RecordKind(
        slug=slug,
        title=Title(**data["title"]),
        of=data["of"],
        key=tuple(data["key"]),
        fields=_fields(data),
    )
    by_name = {field.name: field for field in record.fields}
    for name in record.key:
        if name not in by_name or by_name[name].unknown:
            raise ValueError(f"key 里的 {name} 要是必填字段（unknown = false）")
    if any(field.personal for field in record.fields):
        raise ValueError("记录不能含个人信息")
    return record


def _fields(data: Mapping[str, Any]) -> tuple[Field, ...]:
    fields = tuple(_field(dict(entry)) for entry in data.get("fields", ()))
    names = [field.name for field in fields]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"字段 {name} 写了两次")
        if name in RESERVED or not (name.isidentifier() and name.isascii() and name.islower()):
            raise ValueError(f"字段名 {name} 不可用")
    return fields


def _symbol(entry: dict[str, Any]) -> Symbol:
    if "dashed" in entry:
        entry["dashed"] = Title(**entry["dashed"])
    return Symbol(**entry)


def _field(entry: dict[str, Any]) -> Field:
    entry["title"] = Title(**entry["title"])
    entry["type"] = _one_of(entry["type"], TYPES)
    entry["values"] = tuple(entry.get("values", ()))
    entry["aliases"] = tuple(entry.get("aliases", ()))
    if entry.get("rule") is not None:
        _one_of(entry["rule"], tuple(RULES))
    return Field(**entry)


def _check_names(kind: SiteKind) -> None:
    """Check that what the passport says of its own fields is there."""
    for group in kind.people:
        for name in filter(None, (*group.count, group.times)):
            kind.field(name)
        if group.held_by is not None and not group.residents:
            raise ValueError("held_by 只用于住户（residents = true）")
        if group.occupancy_of and kind.field(group.occupancy_of).codes is None:
            raise ValueError(f"字段 {group.occupancy_of} 没有代码表，不能给出在场比例")
    if kind.assets_per_ha is not None and len(kind.people) > 1:
        raise ValueError("资产类别最多有一组人")
    if kind.watch:
        states = kind.field(kind.watch.field).values
        kind.field(kind.watch.since)
        for state in filter(None, (kind.watch.online, kind.watch.planned)):
            if state not in states:
                raise ValueError(f"运行状态 {state} 不在字段 {kind.watch.field} 的取值里")
    if kind.symbol.colour_by:
        kind.field(kind.symbol.colour_by)
    for own in filter(None, (kind.identity.premises, kind.identity.operator)):
        if kind.field(own).type != "text" or kind.field(own).personal:
            raise ValueError(f"字段 {own} 不能用来识别场所：要是文字，且不是个人信息")
    for field in kind.fields:
        for name, values in (field.applies or {}).items():
            of = kind.field(name)
            if of.codes is None and not set(values) <= set(of.values):
                raise ValueError(f"字段 {field.name} 的 applies 写了 {name} 没有的值")
    for name in kind.generalised.fields if kind.generalised else ():
        if kind.field(name).personal:
            raise ValueError(f"字段 {name} 是个人信息，不能给无权者看")
    if kind.generalised and kind.secrecy == "public":
        raise ValueError("公开的类别不需要概化")


def _one_of(value: Any, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} 不在 {', '.join(allowed)} 之中")
    return value


def _refuse_unknown(data: Mapping[str, Any], known: set[str]) -> None:
    unknown = set(data) - known
    if unknown:
        raise ValueError(f"不认识的条目：{', '.join(sorted(unknown))}")
