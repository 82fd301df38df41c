"""The English catalogue: every text has its translation, and placeholders survive it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import webmap
from gis.workspace import ROOT

FLOOR = Path(webmap.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"gettext": None, "lazy_gettext": None, "_": None}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """Return every text that the code and the templates ask the catalogue for."""
    found = extract_from_dir(FLOOR, METHODS, OPTIONS, KEYWORDS)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    """Return the English catalogue."""
    with (FLOOR / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


def test_every_text_is_translated_and_nothing_else_is(texts: set[str], catalogue: Catalog) -> None:
    assert len(texts) > 100
    translated = {message.id for message in catalogue if message.id and message.string}
    assert {"missing": texts - translated, "left over": translated - texts} == {
        "missing": set(),
        "left over": set(),
    }


def test_a_translation_is_english_and_keeps_its_placeholders(catalogue: Catalog) -> None:
    placeholder = re.compile(r"%\(\w+\)s|\{\w+\}")
    for message in catalogue:
        if message.id:
            source, said = str(message.id), str(message.string)
            assert not CHINESE.search(said), said
            assert sorted(placeholder.findall(source)) == sorted(placeholder.findall(said)), source


def test_scripts_hold_no_chinese() -> None:
    for path in (FLOOR / "static/js").glob("*.js"):
        assert not CHINESE.search(path.read_text("utf-8")), path


def test_templates_hold_chinese_only_in_texts_for_the_catalogue() -> None:
    # The names of the languages, and punctuation after sentences that services write.
    allowed = {"中文", "。", "。？", "："}
    for path in FLOOR.glob("templates/**/*.html"):
        bare = re.sub(r"_\('[^']*'", "", path.read_text("utf-8"))
        found = set(re.findall(rf"{CHINESE.pattern}+", re.sub(r"\{#.*?#\}", "", bare)))
        found |= set(re.findall(r"(?<=>)[^<>{}]*[、，；]+", bare))
        assert {text.strip() for text in found} - allowed - {"、"} == set(), path.relative_to(ROOT)
