"""A template and data to a PDF: text stays text, fonts are embedded, no network is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import manimgx_fonts
import manimgx_fonts_cjk
import orjson
import typst

from gis.errors import ConfigError

TEMPLATES = Path(__file__).resolve().parent / "typst"
FONTS = [Path(package.__path__[0]) for package in (manimgx_fonts_cjk, manimgx_fonts)]
"""Noto Sans CJK, and Noto for other scripts and emoji: those of the machine are not asked."""


def typeset(template: str, data: Mapping[str, Any], *, at: dt.datetime) -> bytes:
    """Set a page: a template of ``TEMPLATES`` filled with data.

    The template reads the data as JSON, so nothing in them is ever read as markup. The same
    template, data and time give the same bytes.

    Parameters
    ----------
    template
        Name of the template, without ``.typ``.
    data
        What JSON can hold.
    at
        With its zone: written into the file as the time when it was made.

    Returns
    -------
    A PDF with all its fonts embedded.

    Raises
    ------
    ConfigError
        If a font is missing.
    typst.TypstError
        If the template is wrong, which is a bug; where, stands in its notes.
    """
    compiler = typst.Compiler(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=list(FONTS),
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(data).decode()},
    )
    try:
        pdf, warnings = compiler.compile_with_warnings(format="pdf", timestamp=int(at.timestamp()))
    except typst.TypstError as error:
        error.add_note(error.diagnostic)
        raise
    if missing := [said.message for said in warnings if "unknown font family" in said.message]:
        raise ConfigError(f"排版所需的字体没有装好，请重新运行 scripts/install：{missing[0]}")
    assert isinstance(pdf, bytes)  # a PDF is one file, whatever its pages
    return pdf
