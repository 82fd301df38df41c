"""The map as Folium makes it, without outside hosts, data or words: a shell for ``map.js``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import folium
from branca.element import Figure, MacroElement
from folium.template import Template

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

NOWHERE_YET = (31.75, 119.35)
"""Latitude and longitude that an empty database opens on."""
MIN_ZOOM, MAX_ZOOM, FIRST_ZOOM = 7, 19, 11
HANDLE = "riskmap"
"""Name under which the page's script finds the map: ``window.riskmap.map``."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Three pieces of HTML to be put where they belong; they hold no data and no words.

    Attributes
    ----------
    head
        Links to Leaflet, and the map's own styles.
    body
        The element that the map is drawn in.
    script
        JavaScript without tags.
    """

    head: str
    body: str
    script: str


def shell(extent: Box | None, *, leaflet_js: str, leaflet_css: str, nonce: str) -> Shell:
    """Make the map of a page.

    Parameters
    ----------
    extent
        What it opens on, degrees; None where there is nothing yet.
    leaflet_js, leaflet_css
        Addresses of Leaflet on this server.
    nonce
        Mark of this answer's inline scripts and styles; letters, digits, ``-`` and ``_``.
    """
    made = folium.Map(
        location=NOWHERE_YET,
        zoom_start=FIRST_ZOOM,
        min_zoom=MIN_ZOOM,
        max_zoom=MAX_ZOOM,
        tiles=None,
        zoom_control=False,
        control_scale=False,
        attribution_control=False,
        prefer_canvas=True,
        zoom_snap=0.25,
        # Office machines are slow, and some readers want no motion: the new view is there at once.
        zoom_animation=False,
        marker_zoom_animation=False,
        fade_animation=False,
    )
    # Folium links ten files on four outside hosts; without internet the page would stay blank.
    made.default_js = [("leaflet", leaflet_js)]
    made.default_css = [("leaflet_css", leaflet_css)]
    if extent is not None:
        west, south, east, north = extent
        made.fit_bounds([[south, west], [north, east]], padding=(16, 16))
    made.add_child(_ScaleInMetres())  # type: ignore[no-untyped-call]
    made.add_child(_HandOver())  # type: ignore[no-untyped-call]
    figure = cast(Figure, made.get_root())
    figure.render()
    return Shell(_head(figure, nonce), figure.html.render(), figure.script.render())


class _ScaleInMetres(MacroElement):
    """Folium's own scale also counts in feet and miles."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "L.control.scale({imperial: false, maxWidth: 160, position: 'bottomright'})"
        ".addTo({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )


class _HandOver(MacroElement):
    """Tells the page's script which variable holds the map."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        f"window.{HANDLE} = "
        "{map: {{ this._parent.get_name() }}};"
        "{% endmacro %}"
    )


PAGE_OF_ITS_OWN = re.compile(
    r"""<meta\ http-equiv.*?/>        # said by our own page
    | <meta\ name="viewport".*?/>     # forbids zooming the page, which weak eyes need
    | <style>\s*html,\ body.*?</style>
    | <style>\s*\#map\ .*?</style>     # ours has a frame around the map
    """,
    re.DOTALL | re.VERBOSE,
)
"""What Folium writes for a page that is nothing but a map."""


def _head(figure: Figure, nonce: str) -> str:
    text = PAGE_OF_ITS_OWN.sub("", figure.header.render())
    return re.sub(r"<(script|style|link)\b", rf'<\1 nonce="{nonce}"', text)
