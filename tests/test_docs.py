"""The documentation leads somewhere, and quotes what is on the screen."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules

import pytest

import napari_emseg as em
from napari_emseg.core import config as configs
from napari_emseg.core.config.setting import Config

REPO = Path(__file__).parents[1]
DOCS = REPO / "docs"
PAGES = sorted([
    *DOCS.rglob("*.md"), *REPO.glob("*.md"), *REPO.glob("src/napari_emseg/models/*/README.md"),
])  # fmt: skip
TUTORIALS = sorted([*DOCS.glob("tutorials/[!i]*.md"), *DOCS.glob("fr/[!il]*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
NAPARIS = {"File", "Open Sample", "Plugins", "Layers", "Visualize", "Open File(s)", "Open Folder"}
"""Menus that are not ours."""


def prose(page: Path) -> str:
    """A page without its code."""
    return CODE.sub("`code`", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> set[str]:
    """What a link may have behind its #, as GitHub and the site make it of headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_a_link_leads_to_a_file_and_a_heading(page):
    for link in LINK.findall(prose(page)):
        if link.startswith(("http", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        made_from_code = target.name in ("model_cards.md", "settings.md")
        assert not anchor or made_from_code or anchor in anchors(target), link


def test_every_picture_is_shown():
    shown = chain.from_iterable(LINK.findall(page.read_text(encoding="utf-8")) for page in PAGES)
    names = {Path(link).name for link in shown}
    assert {each.name for each in (DOCS / "images").iterdir()} <= names


def test_every_public_name_is_described():
    described = set(re.findall(r":: napari_emseg\.(\w+)$", (DOCS / "api.md").read_text(), re.M))
    assert described == set(em.__all__) - {"__version__"}


@cache
def texts() -> set[str]:
    """All texts of the code, and the titles of fields that are made of settings."""
    sources = REPO.joinpath("src", "napari_emseg").rglob("*.py")
    found = {
        node.value.removesuffix(" (")  # of a button that names its key
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for module in iter_modules(configs.__path__):
        import_module(f"{configs.__name__}.{module.name}")
    titles = {each.title for config in Config.__subclasses__() for each in config.settings()}
    manifest = (REPO / "src" / "napari_emseg" / "napari.yaml").read_text(encoding="utf-8")
    return found | titles | set(re.findall(r"(?:title|display_name): (.+)", manifest))


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_tutorial_quotes_labels_as_they_are(page):
    """Bold is a label; a path through menus has > between its parts; a key stands in brackets."""
    text = prose(page)
    paths = re.findall(r"\*([^*]+ > [^*]+)\*", text)
    menus = {part for path in paths for part in " ".join(path.split()).split(" > ")}
    labels = {re.sub(r" \([A-Z]\)$", "", each) for each in re.findall(r"\*\*([^*]+)\*\*", text)}
    assert len(labels) > 5
    assert (labels | menus) - NAPARIS <= texts()


def test_a_page_names_keys_that_there_are():
    keys = re.compile(r"\bAlt-(?:Shift-)?[A-Z]\b")
    there_are = set(keys.findall((DOCS / "keys.md").read_text(encoding="utf-8")))
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    assert set(chain.from_iterable(keys.findall(prose(page)) for page in pages)) == there_are


def test_the_french_tutorials_have_the_labels_of_the_english_ones():
    pairs = {"exemple_fourni": "bundled_sample", "votre_pile": "own_stack"}
    assert {each.stem for each in TUTORIALS} == {*pairs, *pairs.values()}
    for french, english in pairs.items():
        quoted = [
            re.findall(r"\*\*([^*]+)\*\*", prose(page))
            for page in (DOCS / f"fr/{french}.md", DOCS / f"tutorials/{english}.md")
        ]
        assert quoted[0] == quoted[1]
