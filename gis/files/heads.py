"""The heads of the audit log, kept outside the database: signed lines, only ever added."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

from gis.domain.audit import Head
from gis.errors import ConfigError


def read_heads(path: Path) -> list[Head]:
    """Return the heads of a file in its order; none where there is no file.

    Raises
    ------
    ConfigError
        If a line is none: the file was cut or changed.
    """
    if not path.exists():
        return []
    try:
        return [_head(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"链头文件 {path} 读不出来，被截断或改过：{error!r}") from error


def keep_head(
    path: Path, now: dt.datetime, every: dt.timedelta, make: Callable[[Head | None], Head | None]
) -> bool:
    """Add a head, unless the last is young enough; ``make`` gets the last, and may say no.

    Of two processes only one adds a line. A head that lies in the future, from a clock that was
    wrong, is none.

    Returns
    -------
    Whether a line was added.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            lines = file.read().splitlines()
            last = _head(lines[-1]) if lines else None
            if last is not None and now - every < last.at <= now:
                return False
            head = make(last)
            if head is None:
                return False
            file.write(_line(head))
            file.flush()
            os.fsync(file.fileno())
            return True
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"链头文件 {path} 不能追加，请检查 RISKMAP_DATA_DIR 和 RISKMAP_AUDIT_HEADS：{error!r}"
        ) from error


def _line(head: Head) -> str:
    said = {
        "number": head.number,
        "at": head.at.isoformat(timespec="microseconds"),
        "id": head.id,
        "digest": head.digest,
        "signature": head.signature,
    }
    return json.dumps(said) + "\n"


def _head(line: str) -> Head:
    said = json.loads(line)
    at = dt.datetime.fromisoformat(said["at"])
    return Head(said["number"], at, said["id"], said["digest"], said["signature"])
