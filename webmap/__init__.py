"""The web floor: a Flask application around the services. This module is its table of contents."""

from __future__ import annotations

from flask import Flask

from gis.errors import ConfigError
from gis.services.serve import refuse_open_address
from gis.workspace import Settings, open_workspace
from webmap import (
    accounts,
    admin,
    api,
    assets,
    context,
    errors,
    fire_weather,
    forest_cover,
    formats,
    imports,
    pages,
    panels,
    parameters,
    places,
    prints,
    quality,
    records,
    runs,
    scenarios,
    security,
    sign_in,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application.

    Parameters
    ----------
    settings
        What the installation chose; read from the environment where None.

    Raises
    ------
    ConfigError
        If the settings cannot be used, or an office database would be served without HTTPS.
    """
    app = assets.make_app(__name__)
    ws = open_workspace(settings or Settings.from_env())
    try:
        refuse_open_address(ws)
    except ConfigError:
        ws.engine.dispose()
        raise
    context.init_app(app, ws)
    formats.init_app(app)
    security.init_app(app, ws)
    sign_in.init_app(app)
    security.protect_forms(app)
    errors.init_app(app)
    app.register_blueprint(pages.bp)
    app.register_blueprint(panels.bp)
    app.register_blueprint(api.bp)
    app.register_blueprint(imports.bp)
    app.register_blueprint(records.bp)
    app.register_blueprint(places.bp)
    app.register_blueprint(quality.bp)
    app.register_blueprint(fire_weather.bp)
    app.register_blueprint(forest_cover.bp)
    app.register_blueprint(prints.bp)
    app.register_blueprint(runs.bp)
    app.register_blueprint(scenarios.bp)
    app.register_blueprint(accounts.bp)
    app.register_blueprint(admin.bp)
    app.register_blueprint(parameters.bp)
    return app
