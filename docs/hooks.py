"""Fills pages with what the code declares, so that it is not written twice."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.export import ExportConfig, SurfaceConfig
from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.setting import Config
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.config.volume_scores import VolumeScoresConfig

_SHOWN = (
    PredictConfig, MaskConfig, CellsConfig, TrainConfig, NetworkConfig, AugmentConfig, TermsConfig,
    VolumeScoresConfig, MeasureConfig, ExportConfig, SurfaceConfig, BlocksConfig,
    ForeignConfig,
)  # fmt: skip

_BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
_MEASURED = ("recipes", "left_out", "adapt", "peers")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the places that pages leave; called by mkdocs.

    ``{{ settings }}`` is a table for every config, ``{{ recipes }}`` and its like one of all that
    a benchmark has written into the ``.csv`` of that name.
    """
    markdown = markdown.replace("{{ settings }}", "\n\n".join(map(_settings_table, _SHOWN)))
    for name in _MEASURED:
        markdown = markdown.replace(f"{{{{ {name} }}}}", _measured_table(name))
    return markdown


def _measured_table(name: str) -> str:
    with (_BENCHMARKS / f"{name}.csv").open() as file:
        runs = list(csv.DictReader(file))
    head = list(runs[0])
    lines = [head, ["---"] * len(head), *(run.values() for run in runs)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _settings_table(shown: type[Config]) -> str:
    rows = [
        f"| `--{each.name.replace('_', '-')}` | {each.default} | {each.range_text} | {each.help} |"
        for each in shown.settings()
    ]
    return "\n".join([
        f"## {shown.__name__.removesuffix('Config')}", "", (shown.__doc__ or "").splitlines()[0],
        "", "| option | default | range | what it does |", "|---|---|---|---|", *rows,
    ])  # fmt: skip
