"""Geometries as WKB: made of GeoJSON's form, and checked for what no geometry can be."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

KINDS = {
    "Point": 1,
    "LineString": 2,
    "Polygon": 3,
    "MultiPoint": 4,
    "MultiLineString": 5,
    "MultiPolygon": 6,
    "GeometryCollection": 7,
}
DEEPEST = 32
Z_CODE = 1000


class UnreadableShapeError(ValueError):
    """A geometry that says what cannot be."""


def encode(geometry: Any) -> bytes:
    """Return a geometry, in GeoJSON's form, as ISO WKB: XYZ where any position has a third number.

    Raises
    ------
    UnreadableShapeError
        If it is no geometry, or one that cannot be: a ring that does not close.
    """
    try:
        shape = _encode(geometry, 0)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, struct.error) as error:
        raise UnreadableShapeError(str(error)) from error
    check(shape)
    return shape


def _encode(geometry: Any, depth: int) -> bytes:
    if depth > DEEPEST:
        raise UnreadableShapeError("too deep")
    kind = KINDS[geometry["type"]]
    if kind == KINDS["GeometryCollection"]:
        parts = [_encode(part, depth + 1) for part in geometry["geometries"]]
        high = any(_code(part) >= Z_CODE for part in parts)
        return _head(kind, high) + _many(parts)
    coordinates = geometry["coordinates"]
    positions = [coordinates] if kind == KINDS["Point"] else coordinates
    for _ in range(_LEVELS[kind]):
        positions = list(chain.from_iterable(positions))
    high = any(len(position) > len("xy") for position in positions)
    if kind <= KINDS["Polygon"]:
        return _simple(kind, coordinates, high)
    parts = [_simple(kind - 3, part, high) for part in coordinates]
    return _head(kind, high) + _many(parts)


_LEVELS = {1: 0, 2: 0, 3: 1, 4: 0, 5: 1, 6: 2}
"""Kind to how many lists stand between its coordinates and its positions."""


def _code(shape: bytes) -> int:
    return int.from_bytes(shape[1:5], "little")


def _head(kind: int, high: bool) -> bytes:
    return struct.pack("<BI", 1, kind + Z_CODE * high)


def _many(parts: Sequence[bytes]) -> bytes:
    return struct.pack("<I", len(parts)) + b"".join(parts)


def _simple(kind: int, coordinates: Any, high: bool) -> bytes:
    if kind == KINDS["Point"]:
        if not coordinates:
            return _head(kind, False) + struct.pack("<2d", math.nan, math.nan)  # an empty one
        return _head(kind, high) + _positions([coordinates], high)
    if kind == KINDS["LineString"]:
        return _head(kind, high) + _line(coordinates, high)
    return _head(kind, high) + _many([_line(ring, high) for ring in coordinates])


def _line(positions: Any, high: bool) -> bytes:
    return struct.pack("<I", len(positions)) + _positions(positions, high)


def _positions(positions: Any, high: bool) -> bytes:
    size = 2 + high
    if any(len(position) != size for position in positions):
        # A third number that is missing is not known; a fourth has no meaning in GeoJSON.
        positions = [
            [*position[:size], *[math.nan] * (size - len(position))] for position in positions
        ]
        if any(math.isnan(number) for position in positions for number in position[:2]):
            raise UnreadableShapeError("a position without two numbers")
    return struct.pack(f"<{size * len(positions)}d", *chain.from_iterable(positions))


def check(shape: bytes) -> None:
    """Refuse WKB that is cut off, or holds a curve, a line of one point or a ring that is open.

    Raises
    ------
    UnreadableShapeError
        If it is so.
    """
    try:
        end = _walk(shape, 0, 0)
    except (struct.error, IndexError) as error:
        raise UnreadableShapeError("cut off") from error
    if end != len(shape):
        raise UnreadableShapeError("bytes behind its end")


def _walk(shape: bytes, at: int, depth: int) -> int:
    """Return where the geometry that begins here ends."""
    if depth > DEEPEST:
        raise UnreadableShapeError("too deep")
    order = "<" if shape[at] == 1 else ">"
    (code,) = struct.unpack_from(order + "I", shape, at + 1)
    kind, size = _kind(code)
    at += 5 + 4 * bool(code & WITH_SRID)
    if kind == KINDS["Point"]:
        return _within(shape, at + 8 * size)
    (count,) = struct.unpack_from(order + "I", shape, at)
    at += 4
    if kind == KINDS["LineString"]:
        if count == 1:
            raise UnreadableShapeError("a line of one point")
        return _within(shape, at + 8 * size * count)
    if kind not in KINDS.values():
        raise UnreadableShapeError("a curve or a solid")
    for _ in range(count):
        at = _ring(shape, at, order, size) if kind == POLYGON else _walk(shape, at, depth + 1)
    return at


POLYGON = KINDS["Polygon"]
WITH_Z, WITH_M, WITH_SRID = 0x80000000, 0x40000000, 0x20000000


def _kind(code: int) -> tuple[int, int]:
    """Return the kind and the numbers of a position, from either way to write them."""
    dimensions, kind = divmod(code & 0xFFFF, Z_CODE)
    size = 2 + bool(code & WITH_Z) + bool(code & WITH_M) + (0, 1, 1, 2)[dimensions]
    return kind, size


def _ring(shape: bytes, at: int, order: str, size: int) -> int:
    (count,) = struct.unpack_from(order + "I", shape, at)
    at += 4
    end = _within(shape, at + 8 * size * count)
    if count:
        first = struct.unpack_from(order + "2d", shape, at)
        last = struct.unpack_from(order + "2d", shape, end - 8 * size)
        if count < LEAST_OF_RING or first != last:
            raise UnreadableShapeError("a ring that is open")
    return end


LEAST_OF_RING = 4


def _within(shape: bytes, end: int) -> int:
    if end > len(shape):
        raise UnreadableShapeError("cut off")
    return end
