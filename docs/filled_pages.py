"""Fills pages with what code declares and benchmarks measured, so that none is written twice."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

import napari_emseg
from napari_emseg.cli.commands import cli
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
_MODELS = Path(napari_emseg.__file__).parent / "models"
_MEASURED = ("recipes", "left_out", "adapt", "peers")
_WIDTH = 74
"""Columns of a printed help."""

_HEADING = re.compile(r"^(?=#)", re.MULTILINE)


def filled(markdown: str) -> str:
    """Fill the places that a page leaves.

    ``{{ settings }}`` is a table for every config, ``{{ command_line }}`` the help of every
    command, ``{{ model_cards }}`` the card of every model that ships, ``{{ recipes }}`` and its
    like a table of all that a benchmark has written into the ``.csv`` of that name.
    """
    for place, text in _texts().items():
        markdown = markdown.replace(f"{{{{ {place} }}}}", text)
    return markdown


@cache
def _texts() -> dict[str, str]:
    return {
        "settings": "\n\n".join(map(_settings_table, _SHOWN)),
        "command_line": "\n\n".join(_helps(cli, "napari-emseg", None)),
        "model_cards": "\n\n".join(map(_card, sorted(_MODELS.glob("*/README.md")))),
        **{name: _measured_table(name) for name in _MEASURED},
    }


def _measured_table(name: str) -> str:
    with (_BENCHMARKS / f"{name}.csv").open() as file:
        head, *runs = csv.reader(file)
    return _table(head, runs)


def _settings_table(shown: type[Config]) -> str:
    rows = [
        [f"`--{each.name.replace('_', '-')}`", str(each.default), each.range_text, each.help]
        for each in shown.settings()
    ]
    return "\n".join([
        f"## {shown.__name__.removesuffix('Config')}", "", (shown.__doc__ or "").splitlines()[0],
        "", _table(["option", "default", "range", "what it does"], rows),
    ])  # fmt: skip


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _helps(command: click.Command, name: str, above: click.Context | None) -> Iterator[str]:
    """The help of a command, as it is printed, and of those below it."""
    context = click.Context(
        command, above, info_name=name, terminal_width=_WIDTH, **command.context_settings
    )
    path = context.command_path
    yield f"{'#' * max(2, len(path.split()))} {path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _helps(command.commands[below], below, context)


def _card(path: Path) -> str:
    """A card, its headings one level below those of the page."""
    return _HEADING.sub("#", path.read_text(encoding="utf-8"))
