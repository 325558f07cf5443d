"""What a training sees, before it begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.api.arrays import as_stack
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.types import ArrayLike, Float32Array, LabelsMeaning, OnEvent, Stack


def training_patches(
    image: Stack | ArrayLike,
    labels: Stack | ArrayLike,
    *,
    count: int = 8,
    labels_mean: LabelsMeaning | None = None,
    on_event: OnEvent = lambda _: None,
    **settings: Any,
) -> tuple[Float32Array, npt.NDArray[np.uint8], Float32Array]:
    """The first patches that `train` would learn from with these settings, augmented.

    Parameters
    ----------
    image : Stack, or (Z, Y, X) or (Y, X) array
        Grey values.
    labels : Stack or array
        Integers of the image's shape; as `train` takes them.
    count : int
        How many patches.
    labels_mean : {"mask", "membranes", "scribbles", "instances"}, optional
        How to read the labels; guessed by default, and told to ``on_event``.
    on_event : callable
        Receives `Log`.
    **settings
        Of `TrainConfig`, `NetworkConfig` and `AugmentConfig`, by name.

    Returns
    -------
    tuple of arrays
        Images (N, Y, X, C) float32 of mean 0 and standard deviation 1, C input slices each;
        classes (N, Y, X) uint8, 0 membrane, 1 cell, 2.. further ones; weights (N, Y, X) float32,
        0 where nothing is known.

    Raises
    ------
    ShapeError, LabelsError, SettingError
        If the data or the settings will not do.

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, labels = em.phantom()
    >>> patches, classes, weights = em.training_patches(image, labels, count=2, patch_size=128)
    >>> patches.shape, classes.shape
    ((2, 128, 128, 1), (2, 128, 128))
    """
    from napari_emseg.core.train.patch_preview import preview_patches
    from napari_emseg.engine.train.labelled_stack import LabelledStack
    from napari_emseg.engine.train.sources import network_voxel_size, source_of

    require_known(settings, TrainConfig, NetworkConfig, AugmentConfig)
    recipe = Recipe(
        NetworkConfig().changed(settings), AugmentConfig().changed(settings),
        TrainConfig().changed(settings),
    )  # fmt: skip
    stack = LabelledStack(as_stack(image), as_stack(labels, kind="labels"), labels_mean)
    voxel_size_nm = network_voxel_size([stack.images], recipe, start_from=None, before=None)
    source = source_of(stack, recipe, voxel_size_nm, on_event)
    return preview_patches([source.patches], recipe, first=0, count=count)
