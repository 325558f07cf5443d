"""How many steps an epoch has."""

from __future__ import annotations

from collections.abc import Iterable

from napari_emseg.core.config.recipe import Recipe


def steps_per_epoch(shapes: Iterable[tuple[int, int]], recipe: Recipe) -> int:
    """Steps after which as many pixels went by as the slices hold, as the recipe bounds them.

    Parameters
    ----------
    shapes : iterable of (int, int)
        Rows and columns of every slice to train on.
    recipe : Recipe
        Patch and batch size; least and most steps.
    """
    config = recipe.train
    patches = sum(max(1, round(y * x / config.patch_size**2)) for y, x in shapes)
    steps = max(config.least_steps, round(patches / config.batch_size))
    return min(steps, config.most_steps or steps)
