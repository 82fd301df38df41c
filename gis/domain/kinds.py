"""What sorts of places, areas and hazards there are: passports as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Literal

FieldType = Literal["text", "integer", "number", "boolean", "date"]
GeometryFamily = Literal["point", "line", "polygon"]
Secrecy = Literal["public", "internal", "restricted"]


@dataclass(frozen=True, slots=True)
class Title:
    """A name in Chinese and in English, to be shown."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Field:
    """One typed attribute of a kind.

    Attributes
    ----------
    name
        Column name: snake_case ASCII, with its unit as suffix (``_m``, ``_m2``) where it has one.
    type
        How the value is read, stored and checked.
    title
        Name for people.
    unit
        Unit for people, for example ``m``; None for a dimensionless value.
    minimum, maximum
        Allowed range, inclusive; None where open.
    values
        Allowed values in the plan's own words; empty where free.
    codes
        Name of the code table whose codes are allowed; None where there is none.
    unknown
        Whether a missing value is accepted. Unknown never means low: models use their
        conservative default and lower the data quality.
    personal
        Whether it tells about a person: stored apart, in no list, tile or export.
    indexed
        Whether the database keeps an index on it.
    rule
        Name of a further rule that values obey (``gis.domain.values.RULES``); None: none.
    aliases
        Other headings under which files have it.
    applies
        Fields of the same kind to those of their values, or codes, with which this one says
        anything; all must hold. The volume of a dust collector: where there is dust. None: always.
    refers
        Kind whose code it holds: this place belongs to that one. None: it refers to nothing.
    """

    name: str
    type: FieldType
    title: Title
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    codes: str | None = None
    unknown: bool = True
    personal: bool = False
    indexed: bool = False
    rule: str | None = None
    aliases: tuple[str, ...] = ()
    applies: Mapping[str, Sequence[str]] | None = None
    refers: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one place of a kind from another where a file has no code for it.

    Attributes
    ----------
    premises
        Field whose value is one place's own, such as a licence number; it becomes the code.
    operator
        Field whose value identifies who runs the place and not the place itself: the same value
        somewhere else is a second place of theirs.
    """

    premises: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class People:
    """One group of people at a place of this kind: how many, and how much they count (METHOD 6.1).

    Attributes
    ----------
    count
        Field name to factor: people = sum of field x factor. A factor is a number, or the name
        of a constant of ``index.toml``. Where a field is blank and does not apply to the place
        (``Field.applies``) it counts nobody.
    occupancy
        Mean share of the year they are there, 0..1.
    times
        Field by which the occupancy is multiplied (shifts); None where there is none.
    occupancy_of
        Field whose code table tells, in its column ``occupancy``, that of the place's own sort;
        None, or where it tells none: ``occupancy``.
    occasions
        Occasion (``OCCASIONS``) to the share of them who are there then, 0..1, instead of the
        occupancy and its ``times``: of the largest shift, however many shifts there are. An
        occasion that is not named is like the mean.
    sensitive
        Whether they count as highly sensitive targets (x 3.16).
    residents
        Whether they are residents: then a village's recorded total is spread over the places
        of all such groups, in proportion to footprint x storeys, as far as these do not hold it.
    unknown
        Constant of ``index.toml`` that stands for a field that is known of no place of the kind.
    alone
        Whether they are all the people of a place whose record tells how many; where it does not,
        they are not there, and nobody estimates them.
    held_by
        Kind whose places in use hold these people already where they lie within the footprint:
        the same walls on record twice. None: there is none.
    """

    count: Mapping[str, float | str]
    occupancy: float
    times: str | None = None
    occupancy_of: str | None = None
    sensitive: bool = False
    residents: bool = False
    occasions: Mapping[str, float] = made(default_factory=dict)
    unknown: str = "unknown_people"
    alone: bool = False
    held_by: str | None = None


OCCASIONS = ("day", "night", "holiday")
"""Moments for which people can be counted instead of the mean of the year (METHOD 6.1)."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """How places of the kind are drawn: colour as ``#rrggbb``, and a shape that tells it apart.

    ``colour_by`` names a field whose value (红橙黄蓝) sets the colour instead. ``dashed``: drawn
    dashed, since it does not hold all the time; the legend says when it does.
    """

    colour: str
    shape: Literal["circle", "square", "triangle", "diamond", "cross", "line", "area"]
    colour_by: str | None = None
    dashed: Title | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """How it shows that a device of the kind is working (fire cameras, later sensors).

    ``field`` holds the state, ``online`` is the value that means working, and ``since`` is
    the field with the date since when it is not. ``planned`` is the value that means that no
    device stands there yet; None: there is none such.
    """

    field: str
    online: str
    since: str
    planned: str | None = None


@dataclass(frozen=True, slots=True)
class Generalised:
    """What those see of a place who are not in charge of it.

    Attributes
    ----------
    cell_m
        The place is shown as the squares of a fixed grid, this wide, that it touches.
    fields
        The fields that are told; of the others, name and code included, nothing is.
    """

    cell_m: float
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteKind:
    """The passport of a sort of place; read from ``data/sites/<slug>.toml``.

    ``secrecy``: ``public`` places are seen by every account; ``internal`` and ``restricted``
    ones by those in charge (``rights``). Others see nothing of them, or what ``generalised`` says.
    ``people`` are the groups of people that a place holds, none where it holds nobody.
    ``assets_per_ha`` makes the place an asset receptor: equivalent persons per hectare
    (forest: 2, METHOD 7.5). ``verify_days``: a place that was not verified for longer is stale.
    ``registered``: False where an instrument tells of it and nobody registers or verifies it: then
    it is not judged as a record, nor suspected to be stored twice, nor brought by hand.
    """

    slug: str
    title: Title
    group: Title
    geometry: frozenset[GeometryFamily]
    industry: str
    secrecy: Secrecy
    symbol: Symbol
    fields: tuple[Field, ...]
    people: tuple[People, ...] = ()
    assets_per_ha: float | None = None
    watch: Watch | None = None
    generalised: Generalised | None = None
    identity: Identity = Identity()
    verify_days: int = 365
    registered: bool = True

    def field(self, name: str) -> Field:
        """Return the field of that name; KeyError lists the known ones."""
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise KeyError(f"{self.slug} has no field {name}; it has: {known}")

    @property
    def open_fields(self) -> tuple[Field, ...]:
        """The fields that tell about no person."""
        return tuple(field for field in self.fields if not field.personal)

    @property
    def personal_fields(self) -> tuple[Field, ...]:
        """The fields that tell about a person."""
        return tuple(field for field in self.fields if field.personal)


@dataclass(frozen=True, slots=True)
class RecordKind:
    """The passport of a sort of record: rows that belong to a place and lie nowhere themselves.

    Observations of a weather station, chemicals of a unit, risk items of an enterprise. Read from
    ``data/records/<slug>.toml``; who sees the place sees them.

    Attributes
    ----------
    of
        Kind of the place.
    key
        Names of the fields that tell one record of a place from another.
    fields
        All fields, the key's among them; none tells about a person.
    """

    slug: str
    title: Title
    of: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """The passport of a level of areas; read from ``data/boundaries/<slug>.toml``.

    ``metric_crs`` is the one projected system in which this level is measured; ``scored``
    tells whether risk is computed for its areas; ``notice`` must stand on every map of it.
    """

    slug: str
    title: Title
    metric_crs: str
    scored: bool
    notice: Title
    fields: tuple[Field, ...]
