"""Scripts, styles and fonts: all from this server, kept by the browser until they change."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, request, url_for

VENDOR = "vendor/node_modules"
LEAFLET = f"{VENDOR}/leaflet/dist"
FONT = f"{VENDOR}/@fontsource/noto-sans-sc"
A_YEAR, A_DAY = 365 * 24 * 3600, 24 * 3600


class _App(Flask):
    """Flask, with addresses of files that carry their version and may be kept for a year."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:  # noqa: ARG002
        return A_YEAR if "v" in request.args else A_DAY


def make_app(name: str) -> Flask:
    """Make a bare application that knows how to link its files."""
    app = _App(name)
    app.jinja_env.globals.update(asset=asset, LEAFLET=LEAFLET, FONT=FONT)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # A Chinese character takes half the bytes that its escape would; pages are UTF-8.
    app.jinja_env.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "separators": (",", ":"),
        "sort_keys": True,
    }
    return app


def asset(filename: str) -> str:
    """Return the address of a static file; it changes when the file does."""
    file = Path(__file__).parent / "static" / filename
    changed = int(file.stat().st_mtime) if file.exists() else 0
    return url_for("static", filename=filename, v=f"{changed:x}")
