"""Values as files hold them become typed ones, with a reason for every one that cannot."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gis.domain import credit_code
from gis.domain.arrays import Objects
from gis.domain.days import LEGAL_ZONE, clock_problem, clock_written
from gis.domain.kinds import Field

Reasons = list[list[str]]
"""What is wrong with each row, one sentence a fault."""


Codes = Mapping[str, Mapping[str, str]]
"""Code table to what files may say in it, codes and their titles, to the code."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule beyond the type: how a text is written, and what is wrong with one (None: nothing)."""

    written: Callable[[str], str]
    problem: Callable[[str], str | None]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "uscc": Rule(credit_code.normalised, credit_code.problem),
        "clock": Rule(clock_written, clock_problem),
    }
)
"""By the name that passports use. No rule is asked of synthetic rows: what they invent must not
be anybody's."""


def convert(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    fields: Sequence[Field],
    codes: Codes,
) -> tuple[dict[str, Any], Reasons]:
    """Convert every column by its field's type.

    Parameters
    ----------
    frame
        As the file has it; blank texts are missing values.
    columns
        Field to column of the frame; a field without one is missing everywhere.
    codes
        Code table to what may be said in it, codes and their titles, to the code.

    Returns
    -------
    Field to its values (object arrays, None where missing or wrong), and what is wrong with each
    row. Personal values are not repeated in a reason.
    """
    reasons: Reasons = [[] for _ in range(len(frame))]
    taken: dict[str, Any] = {}
    for field in fields:
        given = frame[columns[field.name]] if field.name in columns else None
        taken[field.name] = _convert_one(clean(given, len(frame)), field, codes, reasons)
    invented = np.array([v is True for v in taken.get("synthetic", [False] * len(frame))])
    for field in fields:
        if field.rule:
            rule = RULES[field.rule]
            taken[field.name] = _obey(taken[field.name], field, rule, invented, reasons)
    return taken, reasons


def _convert_one(values: Objects, field: Field, codes: Codes, reasons: Reasons) -> Objects:
    converted = np.full(len(values), None, dtype=object)
    present = np.array([v is not None for v in values], dtype=bool)
    converted[present] = READERS[field.type](values[present])
    broken = present & np.array([v is None for v in converted], dtype=bool)
    _note(reasons, broken, field, values, "不是" + TYPE_NAMES[field.type])
    _note(reasons, present & ~broken & _outside(converted, field), field, values, _range(field))
    if field.codes or field.values:
        allowed = codes.get(field.codes, {}) if field.codes else {v: v for v in field.values}
        stray = np.array([v is not None and v not in allowed for v in converted], dtype=bool)
        listed = "、".join(sayable(allowed)) or "代码表是空的"
        blank = "或留空" if field.unknown else ""
        why = f"不在允许值之内，请改为其中之一{blank}（{listed}）"
        _note(reasons, stray, field, values, why)
        converted = np.array([allowed.get(v) for v in converted], dtype=object)
    if not field.unknown:
        _note(reasons, ~present, field, values, "必须填写")
    return converted


def sayable(allowed: Mapping[str, str]) -> list[str]:
    """Return one way to say each code: its first, which is its Chinese title."""
    said: dict[str, str] = {}
    for text, code in allowed.items():
        said.setdefault(code, text)
    return list(said.values())


def _obey(
    values: Objects, field: Field, rule: Rule, invented: np.ndarray, reasons: Reasons
) -> Objects:
    """Write texts as their rule has them, and say which break it."""
    written = values.copy()
    for row in np.flatnonzero([v is not None for v in values] & ~invented):
        written[row] = rule.written(values[row])
        if problem := rule.problem(written[row]):
            shown = "" if field.personal else f"「{values[row][:40]}」"
            reasons[row].append(f"{field.title.zh}{shown}{problem}")
    return written


def clean(column: pd.Series | None, length: int) -> Objects:
    """Return the values of a column as objects, with None for whatever is blank."""
    if column is None:
        return np.full(length, None, dtype=object)
    values = column.astype(object).to_numpy(dtype=object, copy=True)
    blank = column.isna().to_numpy()
    texts = np.array([isinstance(v, str) for v in values], dtype=bool)
    values[texts] = [v.strip() for v in values[texts]]
    blank = blank | np.array([isinstance(v, str) and v == "" for v in values], dtype=bool)
    values[blank] = None
    return values


def _note(reasons: Reasons, where: np.ndarray, field: Field, values: Objects, what: str) -> None:
    for row in np.flatnonzero(where):
        secret = field.personal or values[row] is None
        shown = "" if secret else f"「{str(values[row])[:40]}」"
        reasons[row].append(f"{field.title.zh}{shown}{what}")


def _outside(values: Objects, field: Field) -> np.ndarray:
    if field.minimum is None and field.maximum is None:
        return np.zeros(len(values), dtype=bool)
    numbers = np.array([np.nan if v is None else float(v) for v in values])
    low = -np.inf if field.minimum is None else field.minimum
    high = np.inf if field.maximum is None else field.maximum
    return np.asarray((numbers < low) | (numbers > high))


def _range(field: Field) -> str:
    low = "" if field.minimum is None else f"最小 {field.minimum:g}"
    high = "" if field.maximum is None else f"最大 {field.maximum:g}"
    return f"超出范围（{'，'.join(filter(None, (low, high)))}{field.unit or ''}）"


def _texts(values: Objects) -> list[str | None]:
    """Return texts; None for one with control characters, which PostGIS and spreadsheets refuse."""
    texts = [text(v) for v in values]
    return [None if CONTROL.search(found) else found for found in texts]


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def text(value: Any) -> str:
    """Write a value as text; a whole number that a file holds as 3.0 is 3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _numbers(values: Objects) -> list[float | None]:
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=float)
    return [float(v) if np.isfinite(v) else None for v in numbers]


def _integers(values: Objects) -> list[int | None]:
    return [int(v) if v is not None and v.is_integer() else None for v in _numbers(values)]


def _booleans(values: Objects) -> list[bool | None]:
    return [BOOLEANS.get(str(v).strip().lower()) for v in values]


BOOLEANS = {
    **dict.fromkeys(("true", "1", "1.0", "是", "有", "yes"), True),
    **dict.fromkeys(("false", "0", "0.0", "否", "无", "no"), False),
}


def _dates(values: Objects) -> list[str | None]:
    return [_date(text(v)) for v in values]


def _date(written: str) -> str | None:
    """Read a day, with or without a time after it; an instant with an offset is that of here."""
    found = DAY.fullmatch(written.strip())
    if found is None:
        return None
    year, month, day, time, offset = found.groups()
    try:
        if offset:
            moment = dt.datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{time}{offset}")
            return moment.astimezone(LEGAL_ZONE).date().isoformat()
        return dt.date(int(year), int(month), int(day)).isoformat()
    except (ValueError, OverflowError):  # the year 0 of another zone
        return None


DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?"
)


READERS: Mapping[str, Callable[[Objects], Sequence[Any]]] = {
    "text": _texts,
    "number": _numbers,
    "integer": _integers,
    "boolean": _booleans,
    "date": _dates,
}
TYPE_NAMES = {
    "text": "文字",
    "number": "数字",
    "integer": "整数",
    "boolean": "是或否",
    "date": "日期（如 2026-05-01）",
}
