"""What must hold before the server answers anybody, and the secret it signs cookies with."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from gis.errors import ConfigError
from gis.files import keys
from gis.services import access
from gis.storage import dialect, register, schema
from gis.workspace import Workspace

LOGGER = logging.getLogger(__name__)


def session_key(ws: Workspace) -> bytes:
    """Return the key that cookies are signed with; made once, readable by the owner alone."""
    return keys.session_key(ws.settings.key_dir)


def keep_heads(ws: Workspace, *, every: dt.timedelta = dt.timedelta(minutes=10)) -> NoReturn:
    """Look again and again whether the head of the audit log is to be written; never returns."""
    while True:
        time.sleep(every.total_seconds())
        try:
            access.keep_head(ws)
        except (ConfigError, SQLAlchemyError):
            LOGGER.exception("the head of the audit log was not written")


def refuse_open_address(ws: Workspace) -> None:
    """Refuse to serve an office database where passwords would cross the network readably.

    A database that has no purpose yet is refused later, when it has one.

    Raises
    ------
    ConfigError
        If the address is not this machine's own and nothing says that it is reached by HTTPS.
    """
    settings = ws.settings
    _refuse_open_database(ws)
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise ConfigError("RISKMAP_TLS_CERT 和 RISKMAP_TLS_KEY 要同时设置")
    if settings.is_local or settings.speaks_https or settings.proxies:
        return
    if _is_office(ws):
        raise ConfigError(
            f"正式库不能在 {settings.host} 上不加密地提供服务：请设置 RISKMAP_TLS_CERT 和 "
            "RISKMAP_TLS_KEY（本程序自己用 HTTPS），或 RISKMAP_PUBLIC_URL=https://…（前面有"
            "HTTPS 代理），或用 RISKMAP_PROXY 写明代理的地址；只在本机使用时不要设 RISKMAP_HOST"
        )


def _refuse_open_database(ws: Workspace) -> None:
    """Refuse a database of the office on another machine to which the way is not encrypted."""
    if dialect.is_reached_safely(ws.engine) or not _is_office(ws):
        return
    raise ConfigError(
        "正式库的数据库在另一台机器上，连接没有加密和核对：请在 RISKMAP_DATABASE_URL 后加 "
        "?sslmode=verify-full&sslrootcert=证书文件"
    )


def _is_office(ws: Workspace) -> bool:
    """Tell whether the database is an office's; one that is not ready is nothing yet."""
    with dialect.reading(ws.engine) as conn:
        found = register.found(conn) if schema.version(conn) == schema.newest() else None
    return found is not None and found.purpose == "office"
