"""Fills pages with what the code declares, so that it is not written twice."""

from __future__ import annotations

from typing import Any

from napari_emseg.core import config
from napari_emseg.core.setting import Config

_SHOWN = (
    config.PredictConfig,
    config.MaskConfig,
    config.TrainConfig,
    config.NetworkConfig,
    config.AugmentConfig,
)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace ``{{ settings }}`` by a table for every config; called by mkdocs."""
    return markdown.replace("{{ settings }}", "\n\n".join(map(_table, _SHOWN)))


def _table(shown: type[Config]) -> str:
    rows = [
        f"| `--{each.name.replace('_', '-')}` | {each.default} | {each.range_text} | {each.help} |"
        for each in shown.settings()
    ]
    return "\n".join([
        f"## {shown.__name__.removesuffix('Config')}", "", (shown.__doc__ or "").splitlines()[0],
        "", "| option | default | range | what it does |", "|---|---|---|---|", *rows,
    ])  # fmt: skip
