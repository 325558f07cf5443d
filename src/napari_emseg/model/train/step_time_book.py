"""How fast this machine trains, as far as it was measured; kept without loading keras."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.steps import steps_per_epoch
from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.disk.json_file import read_json, read_or_set_aside, write_json
from napari_emseg.io.folders import cache_folder

VALIDATION_SHARE = 0.15
"""Part of the time that validation may take."""

_DECIDES = ("patch_size", "batch_size", "loss", "mixed_precision")
"""Settings of the training on which the time of a step depends."""

_log = logging.getLogger(__name__)


def known_step_time(recipe: Recipe, device: str) -> float | None:
    """Seconds of a step with such settings; None where nobody has measured it here."""
    seconds = read_json(_book()).get(_key(recipe, device))
    return None if seconds is None else float(seconds)


def keep_step_time(recipe: Recipe, device: str, seconds: float) -> None:
    """Remember the seconds of a step; where that cannot be written, they are measured again."""
    try:
        write_json(_book(), {**read_or_set_aside(_book()), _key(recipe, device): seconds})
    except (ReadError, WriteError) as error:
        _log.warning("%s", error)


def expected_seconds(
    recipe: Recipe, seconds_per_step: float, shapes: Iterable[tuple[int, int]]
) -> float:
    """How long a training takes at such a pace, validation included.

    Parameters
    ----------
    recipe : Recipe
        Its epochs count; where it has minutes, these are the answer.
    seconds_per_step : float
        As measured.
    shapes : iterable of (int, int)
        Rows and columns of each slice that trains.
    """
    if recipe.train.minutes:
        return 60 * recipe.train.minutes
    steps = recipe.train.epochs * steps_per_epoch(shapes, recipe)
    return steps * seconds_per_step / (1 - VALIDATION_SHARE)


def _book() -> Path:
    return cache_folder() / "pace.json"


def _key(recipe: Recipe, device: str) -> str:
    train, network = recipe.train.to_dict(), recipe.network.to_dict()
    del network["class_names"]
    decides = {**network, **{name: train[name] for name in _DECIDES}}
    return json.dumps([device, decides], sort_keys=True)
