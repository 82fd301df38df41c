"""The constants of a method: each with unit, tag, standard and clause; models see the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gis.errors import ConfigError

Value = float | str | tuple[float, ...] | tuple[str, ...] | Mapping[str, float]
Constants = Mapping[str, Value]
"""Name to value: what every function of ``gis.domain.risk`` takes."""

INDEX, EXPOSURE, SPREAD = "index", "exposure", "uncertainty"
"""Names of the methods that hold the constants of what is not a model."""

Tag = Literal["V", "G", "M", "C"]
"""How well founded a constant is (METHOD 0.1): seen, general knowledge, our choice, computed."""


@dataclass(frozen=True, slots=True)
class Constant:
    """One number, text, list or table of a method, and where it comes from.

    Attributes
    ----------
    value
        The value; tables are read-only.
    unit
        Unit for people; empty where dimensionless.
    tag
        How well founded it is.
    standard, clause
        The standard or our method, and its clause, table or section.
    note
        What a reader must know besides; may be empty.
    least, most
        Limits of what an office may set in its place, both included; None: by its sign alone.
    """

    value: Value
    unit: str
    tag: Tag
    standard: str
    clause: str
    note: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """All constants of one method, by name; read from ``data/methods/<slug>.toml``."""

    slug: str
    constants: Mapping[str, Constant]

    @property
    def values(self) -> Constants:
        """Name to value, read-only: what the functions take."""
        return MappingProxyType({name: entry.value for name, entry in self.constants.items()})

    def as_json(self) -> dict[str, object]:
        """Return name to plain value, for a run to store."""
        return {name: _plain(entry.value) for name, entry in self.constants.items()}


def number(constants: Constants, name: str) -> float:
    """Return a number; ConfigError tells what is missing or of another type."""
    value = _find(constants, name)
    if not isinstance(value, float | int):
        raise ConfigError(f"方法常数 {name} 应为数值")
    return float(value)


def numbers(constants: Constants, name: str) -> tuple[float, ...]:
    """Return a list of numbers; ConfigError as for ``number``."""
    value = _find(constants, name)
    if not isinstance(value, tuple | list):
        raise ConfigError(f"方法常数 {name} 应为数列")
    return tuple(float(entry) for entry in value)


def table(constants: Constants, name: str) -> dict[str, float]:
    """Return a table of numbers, in its own order; ConfigError as for ``number``."""
    value = _find(constants, name)
    if not isinstance(value, Mapping):
        raise ConfigError(f"方法常数 {name} 应为表")
    return dict(value)


def text(constants: Constants, name: str) -> str:
    """Return a text; ConfigError as for ``number``."""
    value = _find(constants, name)
    if not isinstance(value, str):
        raise ConfigError(f"方法常数 {name} 应为文字")
    return value


def texts(constants: Constants, name: str) -> tuple[str, ...]:
    """Return a list of texts; ConfigError as for ``number``."""
    value = _find(constants, name)
    if not isinstance(value, tuple | list):
        raise ConfigError(f"方法常数 {name} 应为文字列")
    return tuple(str(entry) for entry in value)


def _find(constants: Constants, name: str) -> Value:
    if name not in constants:
        raise ConfigError(f"没有方法常数 {name}；现有：{', '.join(sorted(constants))}")
    return constants[name]


def _plain(value: Value) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
