"""What training patches look like, before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.patches import Batch, make_batch
from napari_emseg.core.train.source import PatchSource
from napari_emseg.core.train.steps import steps_per_epoch


def preview_patches(
    sources: Sequence[PatchSource], recipe: Recipe, *, first: int, count: int
) -> Batch:
    """The patches of the training with this recipe, beginning with those of step ``first``.

    They are made by the trainer's own function, from the same random draws.

    Parameters
    ----------
    sources : sequence of PatchSource
        Where they come from.
    recipe : Recipe
        Augmentation, patch and batch size, seed.
    first : int
        Step of the training, from 0.
    count : int
        How many patches.
    """
    steps = steps_per_epoch((each.shape for each in sources for _ in each.slices), recipe)
    batches = [
        make_batch(sources, recipe, epoch=1 + k // steps, step=k % steps)
        for k in range(first, first + math.ceil(count / recipe.train.batch_size))
    ]
    image, classes, weights = (np.concatenate(part)[:count] for part in zip(*batches, strict=True))
    return image, classes, weights
