"""How Sphinx builds this documentation: ``make docs``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # autodoc imports what is described
sys.path.insert(0, str(Path(__file__).parent))
from filled_pages import filled

from napari_emseg import __version__

project = "napari-emseg"
author = "napari-emseg developers"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

smartquotes = False  # a label is quoted as it is
default_role = "py:obj"
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc says more: shapes, units, ranges
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "napari-emseg"
html_copy_source = False
html_sidebars = {"install": []}  # it has no pages beside it
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}

FRENCH = "fr/"
"""Folder of the pages in French."""


def fill(_: Sphinx, __: str, source: list[str]) -> None:
    """Write what the code declares into the places that a page leaves."""
    source[0] = filled(source[0])


def say_language(_: Sphinx, page: str, __: str, context: dict[str, Any], ___: object) -> None:
    """Tell browsers and screen readers which pages are French."""
    if page.startswith(FRENCH):
        context["language"] = "fr"


def setup(app: Sphinx) -> None:
    """Fill pages when they are read."""
    app.connect("source-read", fill)
    app.connect("html-page-context", say_language)
