"""Read the constants of the methods: one TOML file each, its name the slug."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gis.domain.risk.constants import Constant, Method, Value
from gis.errors import ConfigError

TAGS = ("V", "G", "M", "C")
NEEDED = {"value", "unit", "tag", "standard", "clause"}


def load_methods(folder: Path) -> dict[str, Method]:
    """Read every file of constants in a folder.

    Returns
    -------
    Slug to method, sorted by slug; all values frozen.

    Raises
    ------
    ConfigError
        If a constant is not valid; the message names the file and what is wrong.
    """
    methods = {path.stem: _method(path) for path in sorted(folder.glob("*.toml"))}
    if not methods:
        raise ConfigError(f"{folder} 里没有方法常数文件（*.toml）")
    return methods


def _method(path: Path) -> Method:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        constants = {name: _constant(name, entry) for name, entry in data.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"方法常数文件 {path.name} 有误：{error}，请改正后重试") from error
    return Method(path.stem, MappingProxyType(constants))


def _constant(name: str, entry: Mapping[str, Any]) -> Constant:
    missing = NEEDED - set(entry)
    unknown = set(entry) - NEEDED - {"note", "least", "most"}
    if missing or unknown:
        raise ValueError(f"{name} 缺少或多出：{', '.join(sorted(missing | unknown))}")
    if entry["tag"] not in TAGS:
        raise ValueError(f"{name} 的标签 {entry['tag']} 不在 {', '.join(TAGS)} 之中")
    return Constant(**{**entry, "value": _frozen(name, entry["value"])})


def _frozen(name: str, value: Any) -> Value:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return MappingProxyType({key: _number(name, entry) for key, entry in value.items()})
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return tuple(value)
    if isinstance(value, list):
        return tuple(_number(name, entry) for entry in value)
    return _number(name, value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} 的值 {value!r} 不是数值")
    return float(value)
