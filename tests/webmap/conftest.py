"""What the tests of the web floor share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

import webmap
from gis.workspace import Workspace
from tests.webmap import hostile
from webmap.context import EXTENSION


@pytest.fixture(scope="session")
def english(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return ``app`` with the English catalogue of now, whatever was compiled before."""
    folder = tmp_path_factory.mktemp("translations")
    source = Path(webmap.__file__).parent / "translations/en/LC_MESSAGES/messages.po"
    target = folder / "en/LC_MESSAGES/messages.mo"
    target.parent.mkdir(parents=True)
    with source.open("rb") as read, target.open("wb") as written:
        write_mo(written, read_po(read))
    settings = app.extensions["babel"]
    before, settings.translation_directories = settings.translation_directories, [str(folder)]
    yield app
    settings.translation_directories = before


@pytest.fixture
def hostile_app(workspace: Workspace, tmp_path: Path) -> Iterator[Flask]:
    """Return the application on an office full of names that try to break a page."""
    hostile.fill(workspace, tmp_path)
    application = webmap.create_app(workspace.settings)
    application.testing = True
    yield application
    application.extensions[EXTENSION].engine.dispose()


TAG = re.compile(r"<(script|style)\b([^>]*)>")


def tags(page: str) -> list[tuple[str, str]]:
    """Return name and attributes of every script and style element."""
    return TAG.findall(page)
