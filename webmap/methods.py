"""The method's pages (docs/methods/*.md) as HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from gis.errors import NotFoundError

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "methods"
FIRST = "index"


def slugs() -> list[str]:
    """Return the names of the pages there are."""
    return sorted(file.stem for file in FOLDER.glob("*.md"))


def titles() -> dict[str, str]:
    """Return name and heading of each page; the one about the index first."""
    found = {}
    for slug in sorted(slugs(), key=lambda slug: (slug != FIRST, slug)):
        first_line = (FOLDER / f"{slug}.md").read_text(encoding="utf-8").partition("\n")[0]
        found[slug] = first_line.lstrip("# ").replace("`", "").strip() or slug
    return found


def page(slug: str) -> Markup:
    """Return a page as HTML.

    Raises
    ------
    NotFoundError
        If there is none; the message lists the known ones.
    """
    if slug not in slugs():
        raise NotFoundError(f"没有方法说明 {slug}；可以用：{', '.join(slugs())}")
    return _render(FOLDER / f"{slug}.md")


@cache
def _render(file: Path) -> Markup:
    # HTML inside the Markdown is shown and not run: the page's policy would stop it anyway.
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(file.read_text(encoding="utf-8"))
    for token in tokens:
        for child in token.children or ():
            href = str(child.attrGet("href") or "")
            if child.type == "link_open" and href.endswith(".md") and "/" not in href:
                child.attrSet("href", href.removesuffix(".md"))
    return Markup(reader.renderer.render(tokens, reader.options, {}))
