"""What a job in the background can be: what does it, and what is left when it stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.rights import Actor
from gis.workspace import Workspace

Job = Mapping[Any, Any]
"""A row of the table ``job``."""


@dataclass(frozen=True, slots=True)
class Task:
    """One sort of job.

    Attributes
    ----------
    do
        Does it, as whoever asked for it.
    is_written
        Tells whether it came to its end, whatever became of its process.
    stopped
        Puts back what waits for a job that did not come to its end, with the reason.
    should_stop
        Tells whether somebody asked to stop it.
    target
        What the audit log says was cancelled.
    """

    do: Callable[[Workspace, Actor, Job], None]
    is_written: Callable[[Connection, Job], bool]
    stopped: Callable[[Connection, Job, str], None]
    should_stop: Callable[[Workspace, Job], bool]
    target: str
