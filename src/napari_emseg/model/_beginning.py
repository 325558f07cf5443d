"""The model that a training begins with: a new one, one of a package, or that of an earlier run."""

from __future__ import annotations

from typing import Any

import keras

from napari_emseg.core.config import NetworkConfig, TrainConfig
from napari_emseg.core.split import Split
from napari_emseg.core.targets import Target
from napari_emseg.errors import LabelsError, ModelError, SettingError
from napari_emseg.model.losses import KnownPixelAccuracy, training_loss
from napari_emseg.model.run_folder import RunFolder
from napari_emseg.model.runtime import LOAD_ERRORS


def require_cells(target: Target, split: Split) -> None:
    """V_rand over slices without a cell means nothing, so they cannot choose the best epoch.

    Raises
    ------
    LabelsError
        If no cell is painted in the validation slices.
    """
    if not target.classes[list(split.validation)].any():
        raise LabelsError(
            f"validation slices: no cell is painted in {', '.join(map(str, split.validation))}; "
            "paint some there, or name other validation slices"
        )


def compile_for_training(model: keras.Model, config: TrainConfig) -> keras.Model:
    """Give ``model`` its optimizer, loss and metric."""
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=training_loss(config),
        weighted_metrics=[KnownPixelAccuracy(name="accuracy")],
    )
    return model


def load_last(folder: RunFolder) -> keras.Model:
    """The model after the last epoch of a run, with the state of its optimizer.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    known = {"KnownPixelAccuracy": KnownPixelAccuracy}
    try:
        return keras.models.load_model(folder.last, custom_objects=known)
    except LOAD_ERRORS as error:
        raise ModelError(
            f"resume: {folder.last} cannot be loaded ({error}); start a new run in another folder"
        ) from error


def network_of(folder: RunFolder) -> NetworkConfig:
    """Shape of the network of an earlier run.

    Raises
    ------
    ModelError
        If its config cannot be read.
    """
    try:
        return NetworkConfig.from_dict(folder.read_config()["recipe"]["network"])
    except (LookupError, TypeError, SettingError) as error:
        raise ModelError(
            f"resume: {folder.config} cannot be used ({type(error).__name__}: {error}); start a "
            "new run in another folder"
        ) from error


def require_same_split(folder: RunFolder, now: dict[str, Any]) -> None:
    """A slice that an earlier run trained on must not validate now.

    Raises
    ------
    LabelsError
        If the slices of the config ``now`` are not those of the run in ``folder``.
    """
    before = folder.read_config()
    for part in ("train_slices", "validation_slices"):
        if before.get(part) != now[part]:
            raise LabelsError(
                f"resume: {folder.path} has {part.replace('_', ' ')} {before.get(part)}, received "
                f"{now[part]}; name the same slices, or start a new run from its model"
            )
