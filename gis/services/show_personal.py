"""The personal fields of one place, for those in charge of it; every look is written down."""

from __future__ import annotations

from typing import Any

from gis.domain import throttle
from gis.domain.rights import Actor
from gis.errors import ForbiddenError, NotFoundError
from gis.services import access, tries
from gis.services.clock import now
from gis.services.show_site import find_shown, may_unmask
from gis.storage import sites
from gis.workspace import Workspace

TOO_MANY = f"一小时内最多查看 {throttle.OF_LOOKS.tries} 处的个人信息：请 {{minutes}} 分钟后再看"


def show_personal(ws: Workspace, actor: Actor, site_id: int) -> list[dict[str, Any]]:
    """Return the personal fields of a place with their values, and log that they were seen.

    Returns
    -------
    ``name``, ``title``, ``title_en`` and ``value`` (None: nobody wrote one down) of each field.

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it as it is.
    ForbiddenError
        If they may see it and are not in charge of it.
    TooManyTriesError
        If they asked for more than one person needs: nobody is to copy the register by hand.
    """
    access.require_reader(actor)
    with access.writing(ws) as conn:
        # A guest of a demonstration has no account: each address is one.
        key = f"personal:{actor.account or actor.address or actor.name}"
        counter, _ = tries.take(conn, key, throttle.OF_LOOKS, now())
    tries.refuse_closed(counter, now(), TOO_MANY)
    with access.writing(ws) as conn:
        row, is_true, _ = find_shown(conn, actor, site_id)
        if not is_true:
            raise NotFoundError(f"没有编号为 {site_id} 的场所")
        if not may_unmask(actor, row):
            raise ForbiddenError("只有负责这个场所的人可以看个人信息")
        kind = ws.kind(row["kind"])
        values = sites.load_personal(conn, site_id)
        names = [field.name for field in kind.personal_fields]
        access.log(conn, actor, "personal", kind.slug, site=site_id, fields=names)
    return [
        {
            "name": field.name,
            "title": field.title.zh,
            "title_en": field.title.en,
            "value": values.get(field.name),
        }
        for field in kind.personal_fields
    ]
