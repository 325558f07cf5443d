"""How many steps an epoch has."""

from __future__ import annotations

from napari_emseg.core.config.recipe import Recipe


def steps_per_epoch(shape: tuple[int, int], slices: int, recipe: Recipe) -> int:
    """Steps after which as many pixels went by as ``slices`` slices of ``shape`` (Y, X) hold."""
    config = recipe.train
    patches = slices * max(1, round(shape[0] * shape[1] / config.patch_size**2))
    return max(config.least_steps, round(patches / config.batch_size))
