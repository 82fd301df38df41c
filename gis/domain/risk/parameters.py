"""What an office sets otherwise than the method: constants by name, checked and marked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from gis.domain.risk import ahp
from gis.domain.risk.constants import Constant, Constants, Method, Value, numbers
from gis.errors import InvalidDataError

Values = Mapping[str, Mapping[str, Any]]
"""Method to constant to value, plain as JSON holds it."""

SET_HERE = "本单位设定"
"""Standard of a constant that an office set; its clause says what it was."""


def changed(methods: Mapping[str, Method], values: Values) -> dict[str, Method]:
    """Return the methods with an office's values in place of their own.

    A constant that was set carries the tag M whatever it had, and says what its source says: a
    number of a standard that somebody changed is no longer that standard's.

    Raises
    ------
    InvalidDataError
        As ``check``.
    """
    check(methods, values)
    return {
        slug: Method(slug, MappingProxyType(_with(method.constants, values.get(slug, {}))))
        for slug, method in methods.items()
    }


def check(methods: Mapping[str, Method], values: Values) -> None:
    """Refuse values that cannot take the place of the constants they are for.

    A value must have the shape of the constant's own: a number for a number, as many numbers in a
    list, the same names in a table; be finite; be of its sign, if all of its own are of one; rise
    where its own rise; and have a sum above 0 where it is a table of weights. Judgements in pairs
    must be consistent (``ahp.problem``).

    Raises
    ------
    InvalidDataError
        With one sentence a fault.
    """
    faults = []
    for slug, given in values.items():
        if slug not in methods:
            faults.append(f"没有方法 {slug}；现有：{'、'.join(methods)}")
            continue
        for name, value in given.items():
            own = methods[slug].constants.get(name)
            fault = "没有这个常数" if own is None else _fault_of(own, value)
            if not fault and name in FURTHER:
                fault = FURTHER[name](value, methods[slug].values)
            if fault:
                faults.append(f"{slug} 的 {name}：{fault}")
    if faults:
        raise InvalidDataError("；".join(faults))


def differing(methods: Mapping[str, Method], values: Values) -> dict[str, dict[str, Any]]:
    """Return those of the values that differ from what the methods come with."""
    kept = {
        slug: {
            name: value
            for name, value in given.items()
            if _plain(methods[slug].constants[name].value) != _plain(frozen(value))
        }
        for slug, given in values.items()
    }
    return {slug: given for slug, given in kept.items() if given}


def frozen(value: Any) -> Value:
    """Return a plain value as constants hold it: lists as tuples, numbers as floats."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: float(entry) for name, entry in value.items()})
    if isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value):
        return tuple(str(entry) for entry in value)
    if isinstance(value, list | tuple):
        return tuple(float(entry) for entry in value)
    return value if isinstance(value, str) else float(value)


def _with(own: Mapping[str, Constant], values: Mapping[str, Any]) -> dict[str, Constant]:
    return {name: _set(entry, values[name]) if name in values else entry
            for name, entry in own.items()}  # fmt: skip


def _set(own: Constant, value: Any) -> Constant:
    return replace(
        own,
        value=frozen(value),
        tag="M",
        standard=SET_HERE,
        clause=f"原为 {_said(own.value)}（{own.tag}，{own.standard} {own.clause}）",
    )


def _said(value: Value) -> str:
    plain = _plain(value)
    if isinstance(plain, dict):
        return "，".join(f"{name} {entry:g}" for name, entry in plain.items())
    if isinstance(plain, list):
        return "、".join(f"{entry:g}" if isinstance(entry, float) else entry for entry in plain)
    return f"{plain:g}" if isinstance(plain, float) else str(plain)


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _fault(own: Value, value: Any) -> str | None:
    """Say what is wrong with a value in place of ``own``; None: nothing."""
    if isinstance(own, Mapping):
        if not isinstance(value, Mapping) or set(value) != set(own):
            return f"应为一张表，恰有 {'、'.join(own)}"
        return _fault_of_numbers(tuple(own.values()), tuple(value.values()), table=True)
    if isinstance(own, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(own):
            return f"应为 {len(own)} 个值的数列"
        if own and isinstance(own[0], str):
            return None if all(isinstance(entry, str) and entry for entry in value) else "应为文字"
        return _fault_of_numbers(tuple(float(entry) for entry in own), tuple(value), table=False)
    if isinstance(own, str):
        return None if isinstance(value, str) and value.strip() else "应为文字，不能空着"
    return _fault_of_numbers((own,), (value,), table=False)


def _odd_width(value: float, constants: Constants) -> str | None:
    """Say that hexagons would be too many to reckon with, or too coarse to mean anything."""
    least, most = numbers(constants, "cell_width_limits_m")
    return None if value == 0 or least <= value <= most else f"应为 0，或 {least:g} 至 {most:g}"


def _broken(value: float, _constants: Constants) -> str | None:
    return None if value == int(value) else "应为整数"


FURTHER: Mapping[str, Callable[[Any, Constants], str | None]] = MappingProxyType(
    {ahp.JUDGEMENTS: ahp.problem, "cell_width_m": _odd_width, "period_months": _broken}
)
"""Constant to what else is asked of its values: takes them and the method's own constants."""


TOLD: Mapping[str, Callable[[Constants], str]] = MappingProxyType({ahp.JUDGEMENTS: ahp.told})
"""Constant to what its value comes to, in words: takes the method's constants."""


def _fault_of(own: Constant, value: Any) -> str | None:
    return _fault(own.value, value) or _beyond(own, value)


def _beyond(own: Constant, value: Any) -> str | None:
    """Say that a number, a list or a table has one beyond the constant's limits."""
    given = [*value.values()] if isinstance(value, Mapping) else value
    given = given if isinstance(given, list | tuple) else [given]
    if own.least is not None and min(given) < own.least:
        return f"不能小于 {own.least:g}"
    if own.most is not None and max(given) > own.most:
        return f"不能大于 {own.most:g}"
    return None


def _fault_of_numbers(own: Sequence[float], given: Sequence[Any], *, table: bool) -> str | None:
    if not all(_is_number(entry) for entry in given):
        return "应为有限的数值"
    if min(own) >= 0 > min(given):
        return "不能小于 0"
    if min(own) < 0 and max(own) <= 0 < max(given):
        return "不能大于 0"
    if table and sum(own) > 0 >= sum(given):
        return "合计应大于 0"
    if not table and len(own) > 1 and _rises(own) and not _rises(given):
        return "应当由小到大，不能相等"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _rises(values: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(values))
