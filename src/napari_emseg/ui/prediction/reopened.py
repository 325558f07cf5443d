"""Predictions whose layers were opened from files: what a person moves works on them again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels

from napari_emseg.errors import EmsegError
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.model.packages.package import read_package
from napari_emseg.session.prediction.shown import ShownPrediction
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.viewer.class_colors import class_names_of
from napari_emseg.ui.viewer.layers import is_ours, stack_shape
from napari_emseg.ui.viewer.predictions import belongs_to
from napari_emseg.ui.viewer.window import unwrapped
from napari_emseg.ui.viewer.workspace import workspace_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_EVERY = 8
"""Of so many rows and columns one is looked at, to see whether a slice is predicted."""

_DTYPES = {"mask": np.uint8, "cells": np.uint32, "classes": np.uint8}
_CELL = 2
"""What cell is painted with in classes."""


def take_up_saved(viewer: ViewerModel) -> None:
    """Have the workspace of a viewer know the predictions of which it has but the layers.

    Parameters
    ----------
    viewer : ViewerModel
        Or the proxy of it that a plugin is given.
    """
    workspace = workspace_of(viewer)
    for layer in list(viewer.layers):
        about = metadata_of(layer)
        if (
            isinstance(layer, Image)
            and about is not None
            and about.is_prediction
            and about.kind == "probability"
            and not workspace.knows(about.made)
            and _is_stack(layer)
        ):
            workspace.add(_reopened(viewer, unwrapped(layer), about))


def _reopened(viewer: ViewerModel, shown: Image, about: LayerMetadata) -> ShownPrediction:
    image = LayerImage(viewer, _image_of(viewer, shown))
    probability = shown.data if shown.ndim == 3 else np.asarray(shown.data)[np.newaxis]
    arrays, layers = {"probability": probability}, {"probability": shown}
    for kind, dtype in _DTYPES.items():
        layer = _result_of(viewer, about, kind, probability.shape)
        if layer is not None:
            arrays[kind] = layer.data if layer.ndim == 3 else layer.data[np.newaxis]
            layers[kind] = layer
        elif kind != "classes":  # a map of them cannot be made without them
            arrays[kind] = np.zeros(probability.shape, dtype)
    names = class_names_of(layers.get("classes"))
    growing = {
        kind: image.beside(
            kind,
            array,
            model=about.model,
            made=about.made,
            layer=layers.get(kind),
            class_names=names if kind == "classes" else (),
        )
        for kind, array in arrays.items()
    }
    found = ShownPrediction(
        image, about.model, _threshold_of(about.model), about.made, arrays, growing, QtExecutor(),
        job_runner().scratch,
        there=tuple(kind for kind in _DTYPES if kind in layers), class_names=names,
        within=_within_cells(arrays["classes"]) if names else None,
    )  # fmt: skip
    found.whole |= set(about.predicted or ())
    rest = set(range(len(probability))) - found.whole
    found.done |= found.whole | {z for z in rest if probability[z, ::_EVERY, ::_EVERY].any()}
    return found


def _within_cells(classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Which class a pixel has within cells, as far as a map tells: what was membrane is cell."""
    return np.where(classes == 0, 0, np.maximum(classes, _CELL)).astype(np.uint8)


def _image_of(viewer: ViewerModel, shown: Image) -> Image:
    """The image that was predicted; the probability itself where that is not open."""
    images = [
        each
        for each in viewer.layers
        if isinstance(each, Image) and not is_ours(each) and _is_stack(each)
    ]
    about = metadata_of(shown)
    named = [each for each in images if about is not None and each.name == about.source]
    return next((each for each in (*named, *images) if belongs_to(shown, each)), shown)


def _result_of(viewer: ViewerModel, about: LayerMetadata, kind: str, shape: tuple[int, ...]) -> Any:
    """The layer with a result of the same prediction, where it can be written to."""
    for layer in viewer.layers:
        known = metadata_of(layer)
        if known is None or (known.made, known.kind) != (about.made, kind):
            continue
        if _is_writable(layer, kind) and layer.data.shape[-2:] == shape[-2:]:
            return unwrapped(layer)
    return None


def _is_writable(layer: Layer, kind: str) -> bool:
    data = layer.data
    return (
        isinstance(layer, Labels)
        and isinstance(data, np.ndarray)
        and data.flags.writeable
        and data.dtype == _DTYPES[kind]
    )


def _threshold_of(model: str) -> float:
    """The model's own; one half where the model is not on this machine."""
    try:
        return float(read_package(Path(model)).info.threshold)
    except (EmsegError, OSError):
        return 0.5


def _is_stack(layer: Image) -> bool:
    try:
        return bool(stack_shape(layer))
    except EmsegError:
        return False
