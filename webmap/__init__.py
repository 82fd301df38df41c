"""The web floor: a Flask application around the services. This module is its table of contents."""

from __future__ import annotations

from flask import Flask

from gis.workspace import Settings, open_workspace
from webmap import api, assets, context, errors, formats, pages, panels, security


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application.

    Parameters
    ----------
    settings
        What the installation chose; read from the environment where None.

    Raises
    ------
    ConfigError
        If the settings cannot be used.
    """
    app = assets.make_app(__name__)
    context.init_app(app, open_workspace(settings or Settings.from_env()))
    formats.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    app.register_blueprint(pages.bp)
    app.register_blueprint(panels.bp)
    app.register_blueprint(api.bp)
    return app
