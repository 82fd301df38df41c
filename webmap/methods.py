"""The method's pages (docs/methods/: ``<slug>.md`` Chinese, ``<slug>.en.md`` English) as HTML."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from gis.errors import NotFoundError

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "methods"
FIRST = "index"
ENGLISH = ".en"


def slugs() -> list[str]:
    """Return the names of the pages there are, whatever their language."""
    return sorted(file.stem for file in FOLDER.glob("*.md") if not file.stem.endswith(ENGLISH))


def titles(*, english: bool) -> dict[str, str]:
    """Return name and heading of each page; the one about the index first."""
    return {
        slug: title(slug, english=english)
        for slug in sorted(slugs(), key=lambda slug: (slug != FIRST, slug))
    }


def title(slug: str, *, english: bool) -> str:
    """Return the heading of a page.

    Raises
    ------
    NotFoundError
        If there is no such page.
    """
    first_line = _file(slug, english=english).read_text(encoding="utf-8").partition("\n")[0]
    return first_line.lstrip("# ").replace("`", "").strip() or slug


def page(slug: str, *, english: bool) -> Markup:
    """Return a page as HTML.

    Raises
    ------
    NotFoundError
        If there is none; the message lists the known ones.
    """
    return _render(_file(slug, english=english))


def _file(slug: str, *, english: bool) -> Path:
    if slug not in slugs():
        raise NotFoundError(f"没有方法说明 {slug}；可以用：{', '.join(slugs())}")
    return FOLDER / f"{slug}{ENGLISH if english else ''}.md"


@cache
def _render(file: Path) -> Markup:
    # HTML inside the Markdown is shown and not run: the page's policy would stop it anyway.
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(file.read_text(encoding="utf-8"))
    for token in tokens:
        children = token.children or []
        for child in children:
            href = str(child.attrGet("href") or "")
            if child.type == "link_open" and href.endswith(".md") and "/" not in href:
                child.attrSet("href", href.removesuffix(".md").removesuffix(ENGLISH))
        _close_lines(children)
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _close_lines(children: list[Token]) -> None:
    """Take out the line ends inside Chinese text: a browser would show a space."""
    for before, end, after in zip(children, children[1:], children[2:], strict=False):
        if end.type == "softbreak":
            left, right = before.content[-1:], after.content[:1]
            if _wide(left) and (_wide(right) or unicodedata.category(left)[0] == "P"):
                end.type, end.tag = "text", ""


def _wide(character: str) -> bool:
    return bool(character) and unicodedata.east_asian_width(character) in "WF"
