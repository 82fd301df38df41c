"""Who is asking, and which audiences they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Audience = Literal["everyone", "in_charge"]
"""``everyone`` sees public kinds; ``in_charge`` sees restricted ones as well."""

Purpose = Literal["demonstration", "office"]
"""What a database is for; chosen once, when it is made."""

AUDIENCE_OF_SECRECY: dict[str, Audience] = {"public": "everyone", "restricted": "in_charge"}
"""Who sees the places of a kind, by the secrecy in its passport."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks a service for something.

    Attributes
    ----------
    name
        Written beside every change.
    audiences
        Which rows of ``site_shown`` they may see; there is no other way to a place.
    """

    name: str
    audiences: frozenset[Audience]


OPERATOR = Actor("命令行", frozenset({"everyone", "in_charge"}))
"""Whoever runs a command on the server itself."""

READER = Actor("网页访客", frozenset({"everyone", "in_charge"}))
"""Whoever opens the page. Until there are accounts, the office decides who reaches the page by
the address the server listens on (this machine alone, unless told otherwise), and all who do are
equal. Personal fields are shown to nobody."""
