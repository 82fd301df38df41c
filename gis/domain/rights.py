"""Who is asking, what they are in charge of, and which rows they may therefore see.

A place is seen by row: the secrecy of its kind x its home village x its industry. Everybody with
an account sees public places; others are seen by whoever is *in charge* of them, that is, has the
clearance for their secrecy and a scope that covers their village and industry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from gis.domain.kinds import Secrecy, Title

SECRECY: tuple[Secrecy, ...] = ("public", "internal", "restricted")
"""From open to closed; a clearance is one of them and includes those before it."""

CASES: Secrecy = "internal"
"""Secrecy of a hazard case; one at a restricted place is restricted."""

Purpose = Literal["demonstration", "office"]
"""What a database is for; chosen once, when it is made."""

Audience = Literal["everyone", "internal", "restricted", "not_internal", "not_restricted"]
"""For whom a row of ``site_shown`` is: everybody; those in charge of a place of that secrecy; or
all but those, who get a generalised place instead. Of these rows everybody sees at most one."""


def audience(secrecy: Secrecy, *, generalised: bool = False) -> Audience:
    """Return for whom the true row of a place is, or its generalised one."""
    if secrecy == "public":
        return "everyone"
    if secrecy == "internal":
        return "not_internal" if generalised else "internal"
    return "not_restricted" if generalised else "restricted"


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do, in the scope they have.

    Attributes
    ----------
    clearance
        The most closed secrecy of places they can be in charge of; None: they may read nothing.
    personal
        Whether they see owners and telephones of the places they are in charge of.
    changes
        Whether they may change places and cases they are in charge of.
    governs
        Whether they may change what the whole town shares: boundaries, tables, computations.
    administers
        Whether they may manage accounts and read the audit log.
    """

    clearance: Secrecy | None = None
    personal: bool = False
    changes: bool = False
    governs: bool = False
    administers: bool = False


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    TOWN_OFFICE = "town_office"
    DEPARTMENT = "department"
    VILLAGE = "village"
    DISTRICT_READER = "district_reader"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """A role: its name, its powers, and what must be said of its scope.

    ``scope`` names what an account of the role is given: ``villages`` or ``industries``, at
    least one; the ``whole`` town; or ``nothing``, which leaves public places.
    """

    title: Title
    powers: Powers
    scope: Literal["whole", "villages", "industries", "nothing"]


ROLES: Mapping[Role, RoleInfo] = MappingProxyType(
    {
        Role.ADMINISTRATOR: RoleInfo(
            Title("管理员", "Administrator"),
            Powers("restricted", personal=True, changes=True, governs=True, administers=True),
            "whole",
        ),
        Role.TOWN_OFFICE: RoleInfo(
            Title("镇级用户", "Town office"),
            Powers("restricted", personal=True, changes=True, governs=True),
            "whole",
        ),
        Role.DEPARTMENT: RoleInfo(
            Title("行业部门", "Department"),
            Powers("restricted", personal=True, changes=True),
            "industries",
        ),
        Role.VILLAGE: RoleInfo(
            Title("村级用户", "Village"),
            Powers("internal", personal=True, changes=True),
            "villages",
        ),
        Role.DISTRICT_READER: RoleInfo(
            Title("区级查阅", "District reader"), Powers("restricted"), "whole"
        ),
        Role.VISITOR: RoleInfo(Title("访客", "Visitor"), Powers("public"), "nothing"),
    }
)
"""The one table of rights; ``docs/methods/rights.md`` says it in words."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks a service for something.

    Attributes
    ----------
    name
        Written beside every change, and in the audit log.
    powers
        What they may do.
    villages, industries
        Codes and names of what they are in charge of; None: all.
    account
        Id of their account; None for a command and for anonymous readers.
    address
        Where they ask from; None for a command.
    """

    name: str
    powers: Powers
    villages: frozenset[str] | None = None
    industries: frozenset[str] | None = None
    account: int | None = None
    address: str | None = None

    @property
    def may_read(self) -> bool:
        """Tell whether they may read anything at all."""
        return self.powers.clearance is not None

    @property
    def cleared(self) -> tuple[Secrecy, ...]:
        """Return the secrecies they can be in charge of, public first."""
        clearance = self.powers.clearance
        return () if clearance is None else SECRECY[: SECRECY.index(clearance) + 1]

    @property
    def reads_everything(self) -> bool:
        """Tell whether every row is theirs to see: what is counted over all is then no secret."""
        return self.cleared == SECRECY and self.villages is None and self.industries is None

    def covers(self, village: str | None, industry: str | None) -> bool:
        """Tell whether their scope holds a village (None: outside all) and an industry."""
        there = self.villages is None or village in self.villages
        return there and (self.industries is None or industry in self.industries)

    def in_charge(self, secrecy: str, village: str | None, industry: str | None) -> bool:
        """Tell whether they are in charge of a row."""
        return secrecy in self.cleared and self.covers(village, industry)

    def may_read_kind(self, secrecy: str, industry: str) -> bool:
        """Tell whether they could see the true place of any row of a kind."""
        if secrecy == "public":
            return self.may_read
        somewhere = self.villages is None or bool(self.villages)
        trade = self.industries is None or industry in self.industries
        return secrecy in self.cleared and somewhere and trade

    def reading_only(self, name: str) -> Actor:
        """Return who sees the same rows and may do nothing with them, under another name.

        They have no account of their own to change either.
        """
        return replace(self, name=name, powers=Powers(self.powers.clearance), account=None)

    @property
    def tag(self) -> str:
        """Return a short text that is the same for all who see the same rows."""
        seen = (
            self.powers.clearance,
            sorted(self.villages) if self.villages is not None else None,
            sorted(self.industries) if self.industries is not None else None,
        )
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]


def actor_of(
    role: Role,
    name: str,
    *,
    villages: frozenset[str] = frozenset(),
    industries: frozenset[str] = frozenset(),
    account: int | None = None,
    address: str | None = None,
) -> Actor:
    """Return the actor that an account of a role is."""
    info = ROLES[role]
    nothing: frozenset[str] = frozenset()
    limits: dict[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
        "whole": (None, None),
        "villages": (villages, None),
        "industries": (None, industries),
        "nothing": (nothing, nothing),
    }
    of_villages, of_industries = limits[info.scope]
    return Actor(name, info.powers, of_villages, of_industries, account, address)


OPERATOR = Actor(
    "命令行",
    Powers("restricted", personal=True, changes=True, governs=True, administers=True),
)
"""Whoever runs a command on the server itself: the machine's own accounts decide who can."""

GUEST = Actor("匿名访客", Powers("restricted", personal=True))
"""An anonymous reader of a database that grants them everything, as a demonstration does; all of
it is synthetic. They change nothing."""

NOBODY = Actor("未登录", Powers(), frozenset(), frozenset())
"""An anonymous reader of an office database, and an account that must change its password first."""
